"""Texts that several mails of the outbox share are kept once."""

from alembic import op

revision = "0006"
down_revision = "0005"

STATEMENTS = (
    """
    CREATE TABLE outbox_text (
        id INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (id)
    )
    """,
    "ALTER TABLE outbox ADD COLUMN text_id INTEGER",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
