"""Relative paths of a configuration, taken from its file's folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from inboxd.config.listen import Listen, Listener
from inboxd.config.models import Config, Mailbox

_Place = Callable[[Path], Path]


def with_paths(config: Config, path: Path) -> Config:
    """Take relative paths from the configuration file's folder."""
    folder = path.parent

    def place(each: Path) -> Path:
        return Path(os.path.normpath(folder / each.expanduser()))

    send = config.send
    if send.maildir is not None:
        send = send.model_copy(update={"maildir": place(send.maildir)})
    if send.smtp is not None and send.smtp.ca_file is not None:
        relay = send.smtp.model_copy(update={"ca_file": place(send.smtp.ca_file)})
        send = send.model_copy(update={"smtp": relay})
    return config.model_copy(
        update={
            "path": path,
            "send": send,
            "data_dir": place(config.data_dir),
            "rules": place(config.rules),
            "canned": place(config.canned),
            "templates": place(config.templates),
            "mailboxes": [_mailbox_paths(each, place) for each in config.mailboxes],
            "listen": _listen_paths(config.listen, place),
        }
    )


def _mailbox_paths(mailbox: Mailbox, place: _Place) -> Mailbox:
    sources = []
    for source in mailbox.sources:
        if source.imap is not None and source.imap.ca_file is not None:
            imap = source.imap.model_copy(update={"ca_file": place(source.imap.ca_file)})
            source = source.model_copy(update={"imap": imap})
        sources.append(source)
    return mailbox.model_copy(update={"sources": sources})


def _listen_paths(listen: Listen, place: _Place) -> Listen:
    updates = {}
    for name in ("smtp", "lmtp"):
        listener: Listener | None = getattr(listen, name)
        if listener is not None and listener.tls is not None:
            tls = listener.tls.model_copy(
                update={
                    "cert_file": place(listener.tls.cert_file),
                    "key_file": place(listener.tls.key_file),
                }
            )
            updates[name] = listener.model_copy(update={"tls": tls})
    return listen.model_copy(update=updates)
