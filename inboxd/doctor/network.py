"""Servers that inboxd talks to, and certificates, its own among them.

Only what is configured is asked: no resolver is asked about anything but these servers' names.
"""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from inboxd.certificates import certificate_end, certificate_in
from inboxd.clock import Clock
from inboxd.config import Config, Listener
from inboxd.config import ImapSource as ImapSettings
from inboxd.daemon import imap_options
from inboxd.delivery.courier import smtp_options
from inboxd.delivery.smtp_client import SmtpTransport
from inboxd.doctor.finding import Finding, Group, Health
from inboxd.errors import InboxdError
from inboxd.ingest.imap_line import Line
from inboxd.ingest.imap_login import connect
from inboxd.ingest.imap_problems import describe

_SOON = timedelta(days=14)
_IN_CONFIGURATION = "check it in the configuration"


def look(config: Config, clock: Clock) -> Iterator[Finding]:
    """Yield whether the relay and every source take the login, by which certificate."""
    yield _relay(config, clock)
    for mailbox in config.mailboxes:
        for source in mailbox.sources:
            if source.imap is not None:
                yield _imap(source.imap, clock)


def own_certificates(config: Config, clock: Clock) -> Iterator[Finding]:
    """Yield until when the listeners' certificates are valid; nothing is connected to."""
    for listener in config.listen.all():
        if listener.tls is not None:
            yield _own(listener, listener.tls.cert_file, listener.tls.key_file, clock.now())


def _relay(config: Config, clock: Clock) -> Finding:
    if config.send.smtp is None:
        assert config.send.maildir is not None
        return _maildir(config.send.maildir)
    try:
        transport = SmtpTransport(smtp_options(config))
        words = transport.check()
    except InboxdError as error:
        advice = "check send.smtp in the configuration"
        return Finding(Group.NETWORK, "relay", Health.FAIL, str(error), advice)
    return _dated("relay", words, transport.certificate_ends, clock.now())


def _maildir(folder: Path) -> Finding:
    place = next(each for each in (folder, *folder.parents) if each.exists())
    words = f"mail goes to the Maildir {folder}; nothing leaves this machine"
    if not os.access(place, os.W_OK):
        words = f"{place} cannot be written"
        return Finding(Group.NETWORK, "relay", Health.FAIL, words, f"ls -ld {place}")
    return Finding(Group.NETWORK, "relay", Health.OK, words)


def _imap(settings: ImapSettings, clock: Clock) -> Finding:
    options = imap_options(settings)
    what = f"login {settings.user}@{settings.host}"
    try:
        with Line(threading.Event()) as line:
            client = connect(options, line, clock.monotonic)
            try:
                sock = client.socket()
                ends = certificate_end(sock) if isinstance(sock, ssl.SSLSocket) else None
                idle = client.has_capability("IDLE")
                client.select_folder(options.folder, readonly=True)
            finally:
                client.logout()
    except Exception as error:  # whatever a server answers is a finding
        words = describe(error, options)
        return Finding(Group.NETWORK, what, Health.FAIL, words, _IN_CONFIGURATION)
    words = f"logged in to {options.host}:{options.port}, {options.folder} can be read"
    if not idle:
        words += f"; it is asked every {options.poll_interval:.0f} s, for it has no IDLE"
    return _dated(what, words, ends, clock.now())


def _own(listener: Listener, cert_file: Path, key_file: Path, now: datetime) -> Finding:
    what = f"certificate {listener.protocol}"
    try:
        ends = certificate_in(cert_file, key_file)
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "verify_message", "") or getattr(error, "reason", "")
        words = f"{cert_file}: {reason or error.strerror or type(error).__name__}"
        advice = "renew it, and restart the daemon"
        return Finding(Group.NETWORK, what, Health.FAIL, words, advice)
    return _dated(what, str(cert_file), ends, now, "renew it, and restart the daemon")


def _dated(
    what: str,
    words: str,
    ends: datetime | None,
    now: datetime,
    advice: str = "tell whoever runs that server",
) -> Finding:
    """Say until when a certificate is valid; soon is a warning."""
    if ends is None:
        return Finding(Group.NETWORK, what, Health.OK, words)
    days = (ends - now).days
    words += f"; its certificate is valid for {days} more days"
    if ends - now < _SOON:
        return Finding(Group.NETWORK, what, Health.WARN, words, advice)
    return Finding(Group.NETWORK, what, Health.OK, words)
