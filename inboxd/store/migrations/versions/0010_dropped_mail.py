"""Mail that a rule drops: a further state of the journal's entries."""

from alembic import op

revision = "0010"
down_revision = "0009"

BEFORE = "state IN ('received', 'applied', 'duplicate', 'quarantined')"
AFTER = "state IN ('received', 'applied', 'duplicate', 'dropped', 'quarantined')"


def upgrade() -> None:
    # SQLite can change a CHECK in place alone: a new table would copy the whole journal, and the
    # rows that refer to it. See "Making Other Kinds Of Table Schema Changes" in SQLite's manual.
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?)"
        " WHERE type = 'table' AND name = 'journal' AND instr(sql, ?)",
        (BEFORE, AFTER, BEFORE),
    ).rowcount
    connection.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema=OFF")
    if changed != 1:
        raise RuntimeError("the journal's states are not the ones that this release knows")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
