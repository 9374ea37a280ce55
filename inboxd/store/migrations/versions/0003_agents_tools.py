"""What agents ask for by mail: absences, blocked senders, reminders, digests, side threads, undo."""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    """
    CREATE TABLE absence (
        agent VARCHAR NOT NULL,
        since BIGINT NOT NULL,
        until BIGINT,
        PRIMARY KEY (agent)
    )
    """,
    """
    CREATE TABLE blocked_sender (
        address VARCHAR NOT NULL,
        agent VARCHAR NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (address)
    )
    """,
    """
    CREATE TABLE reminder (
        id INTEGER NOT NULL,
        conversation INTEGER NOT NULL,
        agent VARCHAR NOT NULL,
        text VARCHAR NOT NULL,
        PRIMARY KEY (id),
        FOREIGN KEY(conversation) REFERENCES conversation (number)
    )
    """,
    """
    CREATE INDEX ix_reminder_conversation ON reminder (conversation)
    """,
    """
    CREATE TABLE digest (
        id INTEGER NOT NULL,
        agent VARCHAR NOT NULL,
        day VARCHAR,
        at BIGINT NOT NULL,
        lines TEXT NOT NULL,
        PRIMARY KEY (id)
    )
    """,
    """
    CREATE UNIQUE INDEX digest_day ON digest (day, agent)
    """,
    """
    CREATE TABLE side_thread (
        id INTEGER NOT NULL,
        conversation INTEGER NOT NULL,
        address VARCHAR NOT NULL,
        agent VARCHAR NOT NULL,
        at BIGINT NOT NULL,
        refs TEXT NOT NULL,
        PRIMARY KEY (id),
        FOREIGN KEY(conversation) REFERENCES conversation (number)
    )
    """,
    """
    CREATE INDEX ix_side_thread_conversation ON side_thread (conversation)
    """,
    """
    CREATE TABLE held_answer (
        id INTEGER NOT NULL,
        conversation INTEGER NOT NULL,
        agent VARCHAR NOT NULL,
        at BIGINT NOT NULL,
        journal_id INTEGER,
        answer TEXT NOT NULL,
        state VARCHAR NOT NULL,
        PRIMARY KEY (id),
        FOREIGN KEY(conversation) REFERENCES conversation (number),
        FOREIGN KEY(journal_id) REFERENCES journal (id)
    )
    """,
    """
    CREATE INDEX ix_held_answer_conversation ON held_answer (conversation)
    """,
    """
    CREATE TABLE undo_step (
        id INTEGER NOT NULL,
        conversation INTEGER NOT NULL,
        agent VARCHAR NOT NULL,
        cause VARCHAR NOT NULL,
        at BIGINT NOT NULL,
        until BIGINT NOT NULL,
        "before" TEXT NOT NULL,
        PRIMARY KEY (id),
        FOREIGN KEY(conversation) REFERENCES conversation (number)
    )
    """,
    """
    CREATE INDEX ix_undo_step_conversation ON undo_step (conversation)
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
