"""The first release's schema."""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = (
    """
    CREATE TABLE alert (
        "key" VARCHAR NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY ("key")
    )
    """,
    """
    CREATE TABLE blob (
        id INTEGER NOT NULL,
        sha256 BLOB NOT NULL,
        size INTEGER NOT NULL,
        codec INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (id),
        UNIQUE (sha256)
    )
    """,
    """
    CREATE TABLE contact (
        id INTEGER NOT NULL,
        name VARCHAR NOT NULL,
        created_at BIGINT NOT NULL,
        fields TEXT NOT NULL,
        PRIMARY KEY (id)
    )
    """,
    """
    CREATE TABLE folder (
        source VARCHAR NOT NULL,
        uidvalidity INTEGER,
        last_uid INTEGER NOT NULL,
        first_seen_at BIGINT,
        seen_at BIGINT,
        problem VARCHAR,
        problem_since BIGINT,
        PRIMARY KEY (source)
    )
    """,
    """
    CREATE TABLE folder_mark (
        source VARCHAR NOT NULL,
        uidvalidity INTEGER NOT NULL,
        uid INTEGER NOT NULL,
        PRIMARY KEY (source, uidvalidity, uid)
    )
    """,
    """
    CREATE TABLE message_ref (
        mailbox VARCHAR NOT NULL,
        ref VARCHAR NOT NULL,
        conversation INTEGER NOT NULL,
        own BOOLEAN NOT NULL,
        PRIMARY KEY (mailbox, ref, conversation)
    )
     WITHOUT ROWID
    """,
    """
    CREATE TABLE contact_address (
        address VARCHAR NOT NULL,
        contact_id INTEGER NOT NULL,
        bounced_at BIGINT,
        PRIMARY KEY (address),
        FOREIGN KEY(contact_id) REFERENCES contact (id)
    )
    """,
    """
    CREATE INDEX ix_contact_address_contact_id ON contact_address (contact_id)
    """,
    """
    CREATE TABLE conversation (
        number INTEGER NOT NULL,
        mailbox VARCHAR NOT NULL,
        subject VARCHAR NOT NULL,
        subject_key VARCHAR NOT NULL,
        state VARCHAR NOT NULL,
        state_since BIGINT NOT NULL,
        contact_id INTEGER NOT NULL,
        contact_address VARCHAR NOT NULL,
        assignee VARCHAR,
        team VARCHAR,
        priority VARCHAR NOT NULL,
        tags TEXT NOT NULL,
        fields TEXT NOT NULL,
        snoozed_until BIGINT,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        PRIMARY KEY (number),
        CONSTRAINT conversation_state CHECK (state IN ('open', 'pending', 'snoozed', 'closed', 'spam')),
        CONSTRAINT conversation_priority CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
        FOREIGN KEY(contact_id) REFERENCES contact (id)
    )
    """,
    """
    CREATE INDEX conversation_contact ON conversation (contact_id)
    """,
    """
    CREATE INDEX conversation_list ON conversation (state, updated_at)
    """,
    """
    CREATE INDEX conversation_subject ON conversation (mailbox, subject_key)
    """,
    """
    CREATE TABLE journal (
        id INTEGER NOT NULL,
        received_at BIGINT NOT NULL,
        mailbox VARCHAR NOT NULL,
        source VARCHAR NOT NULL,
        envelope_from VARCHAR,
        envelope_to TEXT NOT NULL,
        blob_id INTEGER NOT NULL,
        content_sha256 VARCHAR,
        history BOOLEAN NOT NULL,
        oversize INTEGER,
        state VARCHAR NOT NULL,
        attempts INTEGER NOT NULL,
        next_attempt_at BIGINT NOT NULL,
        finished_at BIGINT,
        error VARCHAR,
        PRIMARY KEY (id),
        CONSTRAINT journal_state CHECK (state IN ('received', 'applied', 'duplicate', 'quarantined')),
        FOREIGN KEY(blob_id) REFERENCES blob (id)
    )
    """,
    """
    CREATE UNIQUE INDEX journal_content ON journal (mailbox, content_sha256) WHERE state = 'applied'
    """,
    """
    CREATE INDEX journal_due ON journal (next_attempt_at, id) WHERE state = 'received'
    """,
    """
    CREATE INDEX journal_source ON journal (source, received_at)
    """,
    """
    CREATE INDEX journal_state_id ON journal (state, id)
    """,
    """
    CREATE TABLE auto_sent (
        id INTEGER NOT NULL,
        at BIGINT NOT NULL,
        address VARCHAR NOT NULL,
        conversation INTEGER NOT NULL,
        rule VARCHAR NOT NULL,
        PRIMARY KEY (id),
        FOREIGN KEY(conversation) REFERENCES conversation (number)
    )
    """,
    """
    CREATE INDEX auto_sent_address ON auto_sent (address, at)
    """,
    """
    CREATE INDEX ix_auto_sent_conversation ON auto_sent (conversation)
    """,
    """
    CREATE TABLE event (
        id INTEGER NOT NULL,
        at BIGINT NOT NULL,
        conversation INTEGER,
        actor VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        text VARCHAR NOT NULL,
        journal_id INTEGER,
        PRIMARY KEY (id),
        FOREIGN KEY(conversation) REFERENCES conversation (number)
    )
    """,
    """
    CREATE INDEX event_conversation ON event (conversation, id)
    """,
    """
    CREATE TABLE link (
        low INTEGER NOT NULL,
        high INTEGER NOT NULL,
        PRIMARY KEY (low, high),
        CONSTRAINT link_order CHECK (low < high),
        FOREIGN KEY(low) REFERENCES conversation (number),
        FOREIGN KEY(high) REFERENCES conversation (number)
    )
    """,
    """
    CREATE INDEX ix_link_high ON link (high)
    """,
    """
    CREATE TABLE message (
        id INTEGER NOT NULL,
        conversation INTEGER NOT NULL,
        journal_id INTEGER,
        direction VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        author_name VARCHAR NOT NULL,
        author_address VARCHAR NOT NULL,
        agent VARCHAR,
        recipients TEXT NOT NULL,
        subject VARCHAR NOT NULL,
        message_id VARCHAR,
        date BIGINT,
        created_at BIGINT NOT NULL,
        text VARCHAR NOT NULL,
        answerable BOOLEAN NOT NULL,
        attachments TEXT NOT NULL,
        PRIMARY KEY (id),
        CONSTRAINT message_direction CHECK (direction IN ('inbound', 'outbound', 'note')),
        FOREIGN KEY(conversation) REFERENCES conversation (number),
        FOREIGN KEY(journal_id) REFERENCES journal (id)
    )
    """,
    """
    CREATE INDEX message_conversation ON message (conversation, id)
    """,
    """
    CREATE INDEX message_journal ON message (journal_id)
    """,
    """
    CREATE TABLE outbox (
        id INTEGER NOT NULL,
        effect_key VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        mailbox VARCHAR,
        conversation INTEGER,
        message_id VARCHAR NOT NULL,
        envelope_from VARCHAR NOT NULL,
        draft BLOB NOT NULL,
        sha256 BLOB,
        state VARCHAR NOT NULL,
        attempts INTEGER NOT NULL,
        created_at BIGINT NOT NULL,
        next_attempt_at BIGINT NOT NULL,
        lease VARCHAR,
        finished_at BIGINT,
        error VARCHAR,
        PRIMARY KEY (id),
        CONSTRAINT outbox_state CHECK (state IN ('queued', 'sending', 'sent', 'deferred', 'dead')),
        UNIQUE (effect_key),
        FOREIGN KEY(conversation) REFERENCES conversation (number)
    )
    """,
    """
    CREATE INDEX outbox_conversation ON outbox (conversation, id)
    """,
    """
    CREATE INDEX outbox_due ON outbox (next_attempt_at, id) WHERE state IN ('queued', 'deferred', 'sending')
    """,
    """
    CREATE INDEX outbox_message_id ON outbox (message_id)
    """,
    """
    CREATE INDEX outbox_state_id ON outbox (state, id)
    """,
    """
    CREATE TABLE party (
        conversation INTEGER NOT NULL,
        address VARCHAR NOT NULL,
        name VARCHAR NOT NULL,
        role VARCHAR NOT NULL,
        PRIMARY KEY (conversation, address),
        CONSTRAINT party_role CHECK (role IN ('contact', 'cc', 'agent', 'pending')),
        FOREIGN KEY(conversation) REFERENCES conversation (number)
    )
    """,
    """
    CREATE TABLE timer (
        id INTEGER NOT NULL,
        conversation INTEGER NOT NULL,
        kind VARCHAR NOT NULL,
        rule VARCHAR NOT NULL,
        due_at BIGINT NOT NULL,
        armed_at BIGINT NOT NULL,
        state VARCHAR NOT NULL,
        attempts INTEGER NOT NULL,
        finished_at BIGINT,
        error VARCHAR,
        PRIMARY KEY (id),
        CONSTRAINT timer_state CHECK (state IN ('waiting', 'fired', 'cancelled', 'failed')),
        FOREIGN KEY(conversation) REFERENCES conversation (number)
    )
    """,
    """
    CREATE UNIQUE INDEX timer_armed ON timer (conversation, kind, rule) WHERE state = 'waiting'
    """,
    """
    CREATE INDEX timer_due ON timer (due_at) WHERE state = 'waiting'
    """,
    """
    CREATE TABLE trace (
        id INTEGER NOT NULL,
        at BIGINT NOT NULL,
        conversation INTEGER,
        cause VARCHAR NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (id),
        FOREIGN KEY(conversation) REFERENCES conversation (number)
    )
    """,
    """
    CREATE INDEX trace_conversation ON trace (conversation, id)
    """,
    """
    CREATE TABLE outbox_recipient (
        outbox_id INTEGER NOT NULL,
        address VARCHAR NOT NULL,
        state VARCHAR NOT NULL,
        reply VARCHAR NOT NULL,
        PRIMARY KEY (outbox_id, address),
        CONSTRAINT outbox_recipient_state CHECK (state IN ('queued', 'sent', 'deferred', 'dead')),
        FOREIGN KEY(outbox_id) REFERENCES outbox (id)
    )
    """,
    """
    CREATE VIRTUAL TABLE message_text USING fts5(subject, people, body, content='', tokenize='unicode61 remove_diacritics 2')
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
