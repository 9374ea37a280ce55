"""Promises to customers, and which policy a rule has chosen for a conversation."""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = (
    """
    ALTER TABLE conversation ADD COLUMN sla VARCHAR
    """,
    """
    CREATE TABLE sla_target (
        id INTEGER NOT NULL,
        conversation INTEGER NOT NULL,
        kind VARCHAR NOT NULL,
        policy VARCHAR NOT NULL,
        state VARCHAR NOT NULL,
        started_at BIGINT NOT NULL,
        due_at BIGINT,
        warn_at BIGINT,
        pauses TEXT NOT NULL,
        warned_at BIGINT,
        breached_at BIGINT,
        ended_at BIGINT,
        PRIMARY KEY (id),
        CONSTRAINT sla_target_kind CHECK (kind IN ('first_response', 'next_response', 'resolution')),
        CONSTRAINT sla_target_state CHECK (state IN ('running', 'paused', 'met', 'dropped')),
        CONSTRAINT sla_target_due CHECK (state <> 'running' OR due_at IS NOT NULL),
        FOREIGN KEY(conversation) REFERENCES conversation (number)
    )
    """,
    """
    CREATE UNIQUE INDEX sla_target_active ON sla_target (conversation, kind)
        WHERE state IN ('running', 'paused')
    """,
    """
    CREATE INDEX sla_target_conversation ON sla_target (conversation, id)
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
