"""People, addresses and recipients are found by their own keys: one tree each instead of two."""

from alembic import op

revision = "0015"
down_revision = "0014"

TABLES = {
    "party": """
        conversation INTEGER NOT NULL,
        address VARCHAR NOT NULL,
        name VARCHAR NOT NULL,
        role VARCHAR NOT NULL,
        PRIMARY KEY (conversation, address),
        CONSTRAINT party_role CHECK (role IN ('contact', 'cc', 'agent', 'pending')),
        FOREIGN KEY(conversation) REFERENCES conversation (number)
    """,
    "outbox_recipient": """
        outbox_id INTEGER NOT NULL,
        address VARCHAR NOT NULL,
        state VARCHAR NOT NULL,
        reply VARCHAR NOT NULL,
        PRIMARY KEY (outbox_id, address),
        CONSTRAINT outbox_recipient_state CHECK (state IN ('queued', 'sent', 'deferred', 'dead')),
        FOREIGN KEY(outbox_id) REFERENCES outbox (id)
    """,
    "contact_address": """
        address VARCHAR NOT NULL,
        contact_id INTEGER NOT NULL,
        bounced_at BIGINT,
        PRIMARY KEY (address),
        FOREIGN KEY(contact_id) REFERENCES contact (id)
    """,
}


def upgrade() -> None:
    for name, columns in TABLES.items():
        op.execute(f"CREATE TABLE new_{name} ({columns}) WITHOUT ROWID")
        op.execute(f"INSERT INTO new_{name} SELECT * FROM {name}")
        op.execute(f"DROP TABLE {name}")
        op.execute(f"ALTER TABLE new_{name} RENAME TO {name}")
    op.execute("CREATE INDEX ix_contact_address_contact_id ON contact_address (contact_id)")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
