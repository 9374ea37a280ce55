"""Who may read what: the data folder, what lies in it, and files that hold secrets."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from inboxd.config import Config
from inboxd.config.secret_places import literal_secrets, secret_files
from inboxd.doctor.finding import Finding, Group, Health

_MOST = 5


def look(config: Config) -> Iterator[Finding]:
    """Yield files that others could read, each with the command that closes it."""
    loose = [each for each in _private(config) if _is_open(each)]
    for path in loose[:_MOST]:
        mode = "700" if path.is_dir() else "600"
        words = f"{path} can be read by other users of this machine"
        yield Finding(
            Group.SECRETS, "file modes", Health.WARN, words, f"chmod {mode} {quote(str(path))}"
        )
    if len(loose) > _MOST:
        words = f"and {len(loose) - _MOST} more files"
        advice = f"chmod -R go= {quote(str(config.data_dir))}"
        yield Finding(Group.SECRETS, "file modes", Health.WARN, words, advice)
    if _is_open(config.path) and literal_secrets(config.path):
        words = f"{config.path} holds passwords and can be read by other users"
        advice = f"chmod go= {quote(str(config.path))}, or file:PATH in place of the passwords"
        yield Finding(Group.SECRETS, "configuration", Health.WARN, words, advice)
    elif not loose:
        yield Finding(Group.SECRETS, "file modes", Health.OK, "secrets are for their owner alone")


def _private(config: Config) -> Iterator[Path]:
    """Yield what is nobody else's business."""
    yield from secret_files(config.path)
    for listener in config.listen.all():
        if listener.tls is not None:
            yield listener.tls.key_file
    folder = config.data_dir
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
        return
    if not _is_open(folder):  # then nobody gets to what is in it
        return
    yield from sorted(path for path in folder.iterdir() if path.is_file())
    if config.send.maildir is not None and config.send.maildir.is_dir():
        yield config.send.maildir


def _is_open(path: Path) -> bool:
    try:
        return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
    except OSError:
        return False
