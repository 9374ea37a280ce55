"""Files that canned replies send along, kept so that a mail that waits has the same bytes for ever.

A file is kept once for each content that was ever sent; who changes it beside the canned reply
changes only what is sent from then on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import sqlalchemy as sa

from inboxd.store.compression import compress, decompress
from inboxd.store.desk_tables import KeptFile
from inboxd.store.statements import Statement
from inboxd.store.tables import table_of

_FILE = table_of(KeptFile)
_FIND = Statement(sa.select(_FILE.c.id).where(_FILE.c.sha256 == sa.bindparam("digest")))
_ADD = Statement(sa.insert(_FILE), ["sha256", "size", "data"])
_READ = Statement(sa.select(_FILE.c.data, _FILE.c.size).where(_FILE.c.id == sa.bindparam("which")))


def keep(connection: sa.Connection, sha256: bytes, read: Callable[[], bytes]) -> int:
    """Return the number of the file with this content, which is kept if it was not yet.

    `read` is called where it was not, and may return other content by then: that is kept. What it
    raises is passed on.
    """
    known = _FIND.scalar(connection, {"digest": sha256})
    if known is not None:
        return int(known)
    data = read()
    digest = hashlib.sha256(data).digest()
    if digest != sha256:
        return keep(connection, digest, lambda: data)
    row = {"sha256": digest, "size": len(data), "data": compress(data)}
    return _ADD.run(connection, row).lastrowid or 0


def data(connection: sa.Connection, number: int) -> bytes | None:
    """Return what the file of this number holds, or None where it is gone."""
    row = _READ.first(connection, {"which": number})
    return None if row is None else decompress(row.data, row.size)
