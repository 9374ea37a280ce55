"""Where mails lie that show their conversation's state in an IMAP folder."""

from alembic import op

revision = "0004"
down_revision = "0003"

STATEMENTS = (
    """
    CREATE TABLE mirror_place (
        id INTEGER NOT NULL,
        source VARCHAR NOT NULL,
        folder VARCHAR NOT NULL,
        uidvalidity INTEGER NOT NULL,
        uid INTEGER NOT NULL,
        journal_id INTEGER NOT NULL,
        size INTEGER NOT NULL,
        sha256 BLOB NOT NULL,
        state VARCHAR NOT NULL,
        moving VARCHAR NOT NULL,
        PRIMARY KEY (id),
        FOREIGN KEY(journal_id) REFERENCES journal (id)
    )
    """,
    """
    CREATE UNIQUE INDEX mirror_place_uid ON mirror_place (source, folder, uidvalidity, uid)
    """,
    """
    CREATE INDEX mirror_place_size ON mirror_place (source, size)
    """,
    """
    CREATE INDEX ix_mirror_place_journal_id ON mirror_place (journal_id)
    """,
    """
    CREATE TABLE mirror_folder (
        source VARCHAR NOT NULL,
        folder VARCHAR NOT NULL,
        uidvalidity INTEGER NOT NULL,
        last_uid INTEGER NOT NULL,
        PRIMARY KEY (source, folder)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
