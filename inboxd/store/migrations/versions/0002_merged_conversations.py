"""Conversations that were merged into others."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    """
    CREATE TABLE merge (
        gone INTEGER NOT NULL,
        survivor INTEGER NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (gone),
        CONSTRAINT merge_other CHECK (gone <> survivor),
        FOREIGN KEY(gone) REFERENCES conversation (number),
        FOREIGN KEY(survivor) REFERENCES conversation (number)
    )
    """,
    """
    CREATE INDEX ix_merge_survivor ON merge (survivor)
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
