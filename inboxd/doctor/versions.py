"""What runs here: the release, Python, SQLite, TLS, and the libraries that touch mail."""

from __future__ import annotations

import platform
import sqlite3
import ssl
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from inboxd import __version__
from inboxd.doctor.finding import Finding, Group, Health

_LIBRARIES = ("aiosmtpd", "imapclient", "mail-parser", "SQLAlchemy", "pydantic", "jinja2", "nh3")
_OLDEST_SQLITE = (3, 35, 0)  # UPSERT, window functions, and what the JSON functions need


def look() -> Iterator[Finding]:
    """Yield the versions of everything that a report of a fault should name."""
    words = (
        f"inboxd {__version__}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {' '.join(ssl.OPENSSL_VERSION.split()[:2])}"
    )
    yield Finding(Group.VERSIONS, "programs", Health.OK, words)
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        words = f"SQLite {sqlite3.sqlite_version} is older than 3.35"
        yield Finding(Group.VERSIONS, "sqlite", Health.FAIL, words, "use a newer Python or system")
    found = ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES)
    yield Finding(Group.VERSIONS, "libraries", Health.OK, found)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "?"
