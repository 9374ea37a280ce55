"""Automatic mail is counted by domain with an index, not by looking through the latest thousand."""

from alembic import op

revision = "0009"
down_revision = "0008"

STATEMENTS = (
    "ALTER TABLE auto_sent ADD COLUMN domain VARCHAR DEFAULT '' NOT NULL",
    "UPDATE auto_sent SET domain = substr(address, instr(address, '@') + 1)",
    "CREATE INDEX auto_sent_domain ON auto_sent (domain, at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
