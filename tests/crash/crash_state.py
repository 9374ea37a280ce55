"""What a run has left behind, in a form in which two runs can be compared."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smtp_sink import SmtpSink

# What may differ: how often something was tried, by whom, and when it will be tried again.
VOLATILE = {
    ("outbox", "attempts"),
    ("outbox", "lease"),
    ("outbox", "next_attempt_at"),
    ("folder", "uidvalidity"),
    ("folder", "problem"),
    ("folder", "problem_since"),
    ("mirror_folder", "last_uid"),  # up to which it was looked through: every daemon looks again
}
Rows = dict[str, Counter[tuple[Any, ...]]]
Mail = tuple[str, tuple[str, ...], bytes]


@dataclass
class Left:
    """The database's rows by table, the mails that the relay took, and the server's folders."""

    rows: Rows
    wire: Counter[Mail]
    folders: Counter[tuple[str, str, bytes]]
    duplicates_in: int = 0

    def differences(self, golden: Left) -> list[str]:
        """Return in which way this differs from the undisturbed run, but for mails sent twice."""
        found = []
        for table in sorted(self.rows.keys() | golden.rows.keys()):
            here, there = self.rows.get(table, Counter()), golden.rows.get(table, Counter())
            found += [f"{table}: too much: {row}" for row in here - there]
            found += [f"{table}: missing: {row}" for row in there - here]
        found += [f"never sent: {_shown(mail)}" for mail in golden.wire.keys() - self.wire.keys()]
        found += [f"sent besides: {_shown(mail)}" for mail in self.wire.keys() - golden.wire.keys()]
        found += [f"in the folder: {each[:2]}" for each in self.folders - golden.folders]
        found += [f"not in the folder: {each[:2]}" for each in golden.folders - self.folders]
        return found

    @property
    def duplicates(self) -> int:
        """How many mails the relay took a second time, with the same bytes."""
        return sum(count - 1 for count in self.wire.values())


def _shown(mail: Mail) -> str:
    return f"{mail[1]} {mail[2][:200]!r}"


def rows_of(database: Path) -> tuple[Rows, int]:
    """Return every row of a database without what may differ, and how many mails came twice."""
    found: Rows = {}
    with closing(sqlite3.connect(database)) as db:
        tables = [
            name
            for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if "_fts" not in name and not name.startswith("sqlite_")
        ]
        for table in tables:
            cursor = db.execute(f'SELECT * FROM "{table}"')
            names = [each[0] for each in cursor.description]
            kept = [i for i, name in enumerate(names) if (table, name) not in VOLATILE]
            found[table] = Counter(tuple(row[i] for i in kept) for row in cursor)
        twice = Counter(
            row
            for row in found["journal"].elements()
            if "duplicate" in row  # a mail handed in again, because its 250 was cut off
        )
    found["journal"] -= twice
    return found, twice.total()


def sent_by(sink: SmtpSink) -> Counter[Mail]:
    """Return the mails that a relay took."""
    return Counter((each.sender, each.recipients, each.raw) for each in sink.accepted)


def kept_in(maildir: Path) -> Counter[Mail]:
    """Return the mails in a Maildir, as if a relay had taken them."""
    files = [path for name in ("new", "cur") for path in (maildir / name).glob("*")]
    return Counter((path.name, (), path.read_bytes()) for path in files)


def on_server(maildir: Path) -> Counter[tuple[str, str, bytes]]:
    """Return folder, flags and bytes of the mails that lie in a Maildir++ with subfolders."""
    found: Counter[tuple[str, str, bytes]] = Counter()
    for path in _mails(maildir):
        folder = path.parent.parent.relative_to(maildir).name or "INBOX"
        found[folder, path.name.partition(":2,")[2], path.read_bytes()] += 1
    return found


def _mails(maildir: Path) -> Iterable[Path]:
    return (path for path in maildir.rglob("*") if path.is_file() and path.parent.name in _BOXES)


_BOXES = ("cur", "new")
