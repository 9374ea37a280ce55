"""Dictionaries for compression, learned from a database's own rows."""

from alembic import op

revision = "0013"
down_revision = "0012"

STATEMENTS = (
    """
    CREATE TABLE dictionary (
        id INTEGER NOT NULL,
        kind VARCHAR NOT NULL,
        learned_at INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (id)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
