"""What rules have done in a conversation, and when they are due by a schedule."""

from alembic import op

revision = "0014"
down_revision = "0013"

STATEMENTS = (
    """
    CREATE TABLE rule_once (
        conversation INTEGER NOT NULL,
        rule VARCHAR NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (conversation, rule),
        FOREIGN KEY(conversation) REFERENCES conversation (number)
    )
    """,
    """
    CREATE TABLE rule_actions (
        conversation INTEGER NOT NULL,
        since BIGINT NOT NULL,
        counts TEXT NOT NULL,
        PRIMARY KEY (conversation),
        FOREIGN KEY(conversation) REFERENCES conversation (number)
    )
    """,
    """
    CREATE TABLE rule_schedule (
        rule VARCHAR NOT NULL,
        mailbox VARCHAR NOT NULL,
        expression VARCHAR NOT NULL,
        due_at BIGINT NOT NULL,
        reached INTEGER NOT NULL,
        PRIMARY KEY (rule, mailbox)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
