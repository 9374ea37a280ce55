"""Tags of contacts."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("ALTER TABLE contact ADD COLUMN tags TEXT DEFAULT '[]' NOT NULL")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
