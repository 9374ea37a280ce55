"""What people did besides by mail: the journal alone does not know of it."""

from alembic import op

revision = "0007"
down_revision = "0006"

STATEMENTS = (
    """
    CREATE TABLE act (
        id INTEGER NOT NULL,
        at BIGINT NOT NULL,
        name VARCHAR NOT NULL,
        agent VARCHAR,
        conversation INTEGER,
        words TEXT NOT NULL,
        cause VARCHAR NOT NULL,
        PRIMARY KEY (id)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
