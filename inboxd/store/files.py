"""Files that canned replies send along, kept so that a mail that waits has the same bytes for ever.

A file is kept once for each content that was ever sent; who changes it beside the canned reply
changes only what is sent from then on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from inboxd.store.compression import compress, decompress
from inboxd.store.desk_tables import KeptFile
from inboxd.store.statements import Statement
from inboxd.store.tables import table_of

_FILE = table_of(KeptFile)
_FIND = Statement(
    sa.select(_FILE.c.id, _FILE.c.size).where(_FILE.c.sha256 == sa.bindparam("digest"))
)
_ADD = Statement(sa.insert(_FILE), ["sha256", "size", "data"])
_READ = Statement(sa.select(_FILE.c.data, _FILE.c.size).where(_FILE.c.id == sa.bindparam("which")))


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A file that is kept; what it holds is known by `sha256`."""

    id: int
    sha256: bytes
    size: int


def keep(connection: sa.Connection, sha256: bytes, read: Callable[[], bytes]) -> KeptRecord:
    """Return the file with this content, which is kept if it was not yet.

    `read` is called where it was not, and may return other content by then: that is kept. What it
    raises is passed on.
    """
    known = _FIND.first(connection, {"digest": sha256})
    if known is not None:
        return KeptRecord(known.id, sha256, known.size)
    data = read()
    digest = hashlib.sha256(data).digest()
    if digest != sha256:
        return keep(connection, digest, lambda: data)
    row = {"sha256": digest, "size": len(data), "data": compress(data)}
    return KeptRecord(_ADD.run(connection, row).lastrowid or 0, digest, len(data))


def data(connection: sa.Connection, number: int) -> bytes | None:
    """Return what the file of this number holds, or None where it is gone."""
    row = _READ.first(connection, {"which": number})
    return None if row is None else decompress(row.data, row.size)


def with_digest(connection: sa.Connection, sha256: bytes) -> bytes | None:
    """Return what the file with this hash holds, or None where none is kept."""
    known = _FIND.first(connection, {"digest": sha256})
    return None if known is None else data(connection, known.id)
