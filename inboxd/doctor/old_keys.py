"""Old secret keys: how long they are still of use, and when they can go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from inboxd.clock import Clock
from inboxd.config import Config
from inboxd.conversations.tokens import ReplyAddressPattern, TokenKey, fingerprint
from inboxd.desk.words import ago
from inboxd.doctor.finding import Finding, Group, Health
from inboxd.errors import InboxdError
from inboxd.store import signatures
from inboxd.store.db import Database

_MAILS, _ANSWERS = 20_000, 20_000  # the newest ones that are looked at
_NO_LONGER_SIGNS = timedelta(days=365)  # as long as agents' addresses are valid, and then some
_NO_LONGER_NEEDED = timedelta(days=90)


@dataclass
class _Use:
    signed_at: datetime | None = None
    needed_at: datetime | None = None


def look(config: Config, clock: Clock) -> Iterator[Finding]:
    """Yield for each old key when it last signed a mail, and when an answer last needed it."""
    if not config.old_secret_keys:
        return
    database = Database(config.database_url)
    if not database.path.exists():
        return
    try:
        with database.read() as connection:
            for number, secret in enumerate(config.old_secret_keys, 1):
                word = secret.get_secret_value().encode()
                if len(word) >= 16:
                    use = _use(connection, config, TokenKey(word), clock.now())
                    yield _judge(f"old key {number} ({fingerprint(word)[:6]})", use, clock.now())
    except InboxdError:  # told of elsewhere
        return
    finally:
        database.close()


def _judge(what: str, use: _Use, now: datetime) -> Finding:
    signed = f"last signed a mail {ago(use.signed_at, now)}" if use.signed_at else "signed none"
    needed = f"last needed {ago(use.needed_at, now)}" if use.needed_at else "needed by no answer"
    words = f"{signed}, {needed} (of the newest {_MAILS} mails each)"
    is_old = use.signed_at is None or now - use.signed_at > _NO_LONGER_SIGNS
    is_idle = use.needed_at is None or now - use.needed_at > _NO_LONGER_NEEDED
    if is_old and is_idle:
        return Finding(
            Group.SECRETS, what, Health.OK, f"{words}: it can go", "take it out of old_secret_keys"
        )
    return Finding(Group.SECRETS, what, Health.OK, f"{words}: keep it")


def _use(connection: sa.Connection, config: Config, key: TokenKey, now: datetime) -> _Use:
    use = _Use()
    for mailbox, message_id, at in signatures.newest_mails(connection, _MAILS):
        names = (mailbox,) if mailbox else tuple(each.name for each in config.mailboxes)
        if any(key.read_message_id(message_id, name) is not None for name in names):
            use.signed_at = at
            break
    readers = [
        (each.name, address, ReplyAddressPattern.parse(each.reply_address))
        for each in config.mailboxes
        for address in each.addresses
    ]
    for mailbox, recipients, at in signatures.newest_recipients(connection, _ANSWERS):
        if any(
            (text := pattern.extract(recipient, address)) is not None
            and key.read(text, name, now.date()) is not None
            for name, address, pattern in readers
            if name == mailbox
            for recipient in recipients
        ):
            use.needed_at = at
            break
    return use
