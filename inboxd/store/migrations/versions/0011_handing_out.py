"""How conversations are handed out in their teams, whose turn it is, and who was at work."""

from alembic import op

revision = "0011"
down_revision = "0010"

STATEMENTS = (
    """
    CREATE TABLE hand_out (
        conversation INTEGER NOT NULL,
        team VARCHAR NOT NULL,
        strategy VARCHAR NOT NULL,
        skill VARCHAR,
        actor VARCHAR NOT NULL,
        since BIGINT NOT NULL,
        times INTEGER NOT NULL,
        PRIMARY KEY (conversation),
        CONSTRAINT hand_out_strategy
            CHECK (strategy IN ('', 'round_robin', 'least_loaded', 'skill')),
        FOREIGN KEY(conversation) REFERENCES conversation (number)
    )
    """,
    """
    CREATE TABLE turn (
        team VARCHAR NOT NULL,
        agent VARCHAR NOT NULL,
        turn INTEGER NOT NULL,
        PRIMARY KEY (team, agent)
    )
    """,
    """
    CREATE TABLE presence (
        agent VARCHAR NOT NULL,
        on_shift BOOLEAN NOT NULL,
        away BOOLEAN NOT NULL,
        since BIGINT NOT NULL,
        PRIMARY KEY (agent)
    )
    """,
    """
    CREATE INDEX conversation_queue ON conversation (team)
    WHERE state = 'open' AND assignee IS NULL AND team IS NOT NULL
    """,
    """
    CREATE INDEX conversation_load ON conversation (assignee)
    WHERE state = 'open' AND assignee IS NOT NULL
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
