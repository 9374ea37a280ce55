"""The courier: takes what is due from the outbox, hands it to the transport, records the results.

A mail's bytes are frozen when it is queued. Between the lease and the recorded result a crash can
at worst send the same bytes under the same Message-ID once more.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa
import structlog

from inboxd.clock import Clock
from inboxd.config import Config
from inboxd.conversations.states import OutboxState
from inboxd.counters import ATTEMPTS, DELIVERY
from inboxd.delivery.backoff import GIVE_UP_AFTER, next_attempt
from inboxd.delivery.maildir import MaildirTransport
from inboxd.delivery.smtp_client import SmtpTransport
from inboxd.delivery.smtp_options import SmtpOptions
from inboxd.delivery.transport import Outcome, RecipientResult, Transport, results_for
from inboxd.desk.shop import Shop
from inboxd.desk.trouble import alert
from inboxd.errors import Permanent
from inboxd.failpoints import reach
from inboxd.mail.drafts import Draft, assemble, decode_draft
from inboxd.mail.outgoing import KEPT_FILE
from inboxd.mail.parts import read_part
from inboxd.store import contacts, files, journal, messages, outbox
from inboxd.store.db import Database
from inboxd.store.messages import NewEvent
from inboxd.store.outbox import QueuedMail

_log = structlog.get_logger(__name__)
BATCH = 20
_FRESH = outbox.LEASE / 10
# Once they are sent nobody asks for their drafts: a conversation holds what was said in them, and
# the words of notifications, by which they are known in agents' answers, lie apart.
_FORGOTTEN = frozenset({"notification", "answered", "auto_reply"})


def make_transport(config: Config) -> Transport:
    """Return the way out that the configuration names."""
    relay = config.send.smtp
    if relay is None:
        assert config.send.maildir is not None
        return MaildirTransport(config.send.maildir)
    return SmtpTransport(smtp_options(config))


def smtp_options(config: Config) -> SmtpOptions:
    """Return how to reach the configured relay."""
    relay = config.send.smtp
    assert relay is not None
    return SmtpOptions(
        host=relay.host,
        port=relay.port,
        tls=relay.tls,
        user=relay.user,
        password=relay.password.get_secret_value() if relay.password else None,
        ca_file=relay.ca_file,
        timeout=relay.timeout.seconds,
        allow_plaintext=relay.allow_plaintext,
    )


def deliver_due(
    database: Database,
    shop: Shop,
    transport: Transport,
    clock: Clock,
    *,
    owner: str,
    jitter: Callable[[], float],
    limit: int = BATCH,
    is_stopping: Callable[[], bool] = bool,
) -> int:
    """Send the mails that are due, at most `limit`, and return how many were attempted.

    `owner` names this courier in the leases; `jitter` gives numbers in [0, 1). Once `is_stopping`
    says so, no further mail is begun. Raises `Transient` where the database cannot be used now.
    """
    with database.read() as connection:
        if not outbox.any_due(connection, clock.now()):
            return 0
    with database.write() as connection:
        leased_at = clock.now()
        mails = outbox.lease(connection, leased_at, owner, limit)
        reach("courier.leasing")
    reach("courier.leased")
    waiting = list(mails)
    try:
        while waiting and not is_stopping():
            mail = waiting.pop(0)
            if clock.now() - leased_at > _FRESH and not _renew(database, clock, mail, owner):
                continue  # a slow relay has used up the lease, and another courier has the mail
            _deliver(database, shop, transport, clock, mail, jitter)
    finally:
        if waiting:
            _give_back(database, clock, waiting, owner)
    return len(mails) - len(waiting)


def _give_back(database: Database, clock: Clock, waiting: Sequence[QueuedMail], owner: str) -> None:
    """Let the mails that were not begun be taken again at once."""
    with database.write() as connection:
        outbox.release_mails(connection, [mail.id for mail in waiting], owner, clock.now())


def _renew(database: Database, clock: Clock, mail: QueuedMail, owner: str) -> bool:
    with database.write() as connection:
        return outbox.renew(connection, mail.id, owner, clock.now())


def _deliver(
    database: Database,
    shop: Shop,
    transport: Transport,
    clock: Clock,
    mail: QueuedMail,
    jitter: Callable[[], float],
) -> None:
    try:
        content = _content(database, mail)
    except (Permanent, LookupError) as error:
        reason = str(error) if isinstance(error, Permanent) else "its attachment is gone"
        results = results_for(mail.recipients, Outcome.DEAD, reason)
    else:
        reach("courier.assembled")
        results = _send(transport, mail, content)
    reach("courier.results")
    now = clock.now()
    with database.write() as connection:
        record(connection, shop, mail, results, now, jitter())
        reach("courier.recorded")
    reach("courier.committed")


def _send(transport: Transport, mail: QueuedMail, content: bytes) -> list[RecipientResult]:
    try:
        return transport.send(mail.envelope_from, mail.recipients, content)
    except Exception as error:  # a transport's bug must not hold up every mail behind this one
        _log.error("outbox.transport_failed", outbox=mail.id, error=type(error).__name__)
        reason = f"a fault of inboxd ({type(error).__name__})"
        return results_for(mail.recipients, Outcome.DEFERRED, reason)


def _content(database: Database, mail: QueuedMail) -> bytes:
    """Return the bytes on the wire, and remember their hash before they leave the first time."""
    draft = decode_draft(mail.draft, mail.texts)
    content = assemble(draft, _Parts(database, draft).read)
    if draft.parts or mail.sha256 is not None:
        digest = hashlib.sha256(content).digest()
        if mail.sha256 is None:
            with database.write() as connection:
                outbox.freeze(connection, mail.id, digest)
            reach("courier.frozen")
        elif mail.sha256 != digest:
            _log.error("outbox.bytes_changed", outbox=mail.id)
    return content


class _Parts:
    """Reads a draft's attachments out of the journal, holding no mail longer than it is needed."""

    def __init__(self, database: Database, draft: Draft) -> None:
        self._database = database
        journaled = (part for part in draft.parts if part.part != KEPT_FILE)
        self._wanted = Counter(part.journal_id for part in journaled)
        self._held: tuple[int, bytes] | None = None

    def read(self, journal_id: int, part: int) -> bytes:
        """Return an attachment's bytes; raises `Permanent` where its mail or file is gone."""
        if part == KEPT_FILE:
            return self._file(journal_id)
        raw = self._raw(journal_id)
        self._wanted[journal_id] -= 1
        self._held = (journal_id, raw) if self._wanted[journal_id] > 0 else None
        return read_part(raw, part)

    def _file(self, number: int) -> bytes:
        with self._database.read() as connection:
            data = files.data(connection, number)
        if data is None:
            raise Permanent(f"the kept file {number} that it sends along is gone")
        return data

    def _raw(self, journal_id: int) -> bytes:
        if self._held is not None and self._held[0] == journal_id:
            return self._held[1]
        self._held = None
        with self._database.read() as connection:
            raw = journal.raw(connection, journal_id)
        if raw is None:
            raise Permanent(f"its attachment's journal entry {journal_id} is gone")
        return raw


def record(
    connection: sa.Connection,
    shop: Shop,
    mail: QueuedMail,
    results: Sequence[RecipientResult],
    now: datetime,
    jitter: float,
) -> None:
    """Write down what became of a mail for each recipient, and tell people of one that is dead.

    `jitter` is a number in [0, 1) that spreads the next attempt.
    """
    too_old = now - mail.created_at >= GIVE_UP_AFTER
    rows = [
        (
            r.address,
            "dead" if too_old and r.outcome is Outcome.DEFERRED else r.outcome.value,
            r.reply,
        )
        for r in results
    ]
    outbox.record_results(connection, mail.id, rows)
    states = {state for _, state, _ in rows}
    dead = [(address, reply) for address, state, reply in rows if state == "dead"]
    error = next((reply for _, state, reply in rows if state != "sent"), None)
    if "deferred" in states:
        later = next_attempt(mail.attempts, now, jitter)
        outbox.settle(
            connection, mail.id, OutboxState.DEFERRED, now, next_attempt_at=later, error=error
        )
    else:
        state = OutboxState.SENT if "sent" in states or not rows else OutboxState.DEAD
        outbox.settle(connection, mail.id, state, now, error=error, forget=mail.kind in _FORGOTTEN)
    ATTEMPTS.add(min(states, default="sent"))
    if states == {"sent"}:
        DELIVERY.observe((now - mail.created_at).total_seconds())
    _log.info(
        "mail.attempted",
        outbox=mail.id,
        kind=mail.kind,
        conversation=mail.conversation,
        outcomes=sorted(states),
        attempt=mail.attempts,
    )
    if dead:
        _report_dead(connection, shop, mail, dead, now)


def _report_dead(
    connection: sa.Connection,
    shop: Shop,
    mail: QueuedMail,
    dead: Sequence[tuple[str, str]],
    now: datetime,
) -> None:
    """Say in the conversation and to the admin that somebody will not get a mail."""
    text = "; ".join(f"{address}: {reply}" for address, reply in dead)
    event = NewEvent(now, mail.conversation, "inboxd", "delivery.failed", f"{mail.kind} to {text}")
    messages.add_events(connection, [event])
    reach("courier.dead")
    for address, reply in dead:
        if reply.startswith("5"):
            contacts.mark_bounced(connection, address, now)
    if mail.kind == "alert":
        return  # telling the admin that the admin cannot be told would go on for ever
    where = f"#{mail.conversation}" if mail.conversation else "no conversation"
    alert(
        connection,
        shop,
        now,
        key=f"dead:{mail.id}",
        title="A mail could not be delivered",
        summary="It will not be tried again unless you say so.",
        details=(
            ("conversation", where),
            ("kind of mail", mail.kind),
            ("recipient and reason", text[:500]),
        ),
        advice=f"inboxd outbox list --state dead; inboxd outbox retry {mail.id}",
    )
