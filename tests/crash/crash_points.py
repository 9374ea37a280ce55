"""Which points each scene passes, by the part of the flow that they stand in.

A point that is passed nowhere, or not where it stands here, fails the test: so do new ones that
are not named here.
"""

from __future__ import annotations

_NAMES = {
    "daemon": "upgraded released started stopped",
    "smtp": "recipient received submitted stored answered",
    "journal": "gathered packed appended committed answered",
    "pipeline": "due read mail filed finished worked committed",
    "filing": "threaded handed_over",
    "customer": "conversation parties message notified",
    "rules": "evaluated",
    "unit": "saved timers recorded",
    "outbox": "row queued",
    "courier": "leasing leased assembled results recorded committed",
    "relay": "connected negotiated sender envelope content dot answered",
    "imap": "connected selected searched listed fetched appended moved_on marks_noted committed "
    "settled marking marked mark_forgotten idle",
    "agent": "proven read answered obeyed undo_kept receipt",
    "answer": "queued copied",
    "timers": "due cancelled marked acted fired committed",
    "digest": "due recorded made committed",
    "migration": "due step run",
    "schedule": "acted ran committed",
    "mirror": "announced shown put followed observed",
    "maildir": "written renamed synced",
}


def _of(*parts: str) -> frozenset[str]:
    return frozenset(f"{part}.{name}" for part in parts for name in _NAMES[part].split())


_ALWAYS = _of("daemon") | {"smtp.connected"}  # a test looks whether somebody listens
_SENT = _of("outbox", "courier", "relay")
_FILED = _of("pipeline", "filing", "unit") | {"journal.blob", "courier.frozen"}
_BY_SMTP = _of("smtp", "journal")
_BY_CUSTOMER = _of("customer", "rules")

WHOLE: dict[str, frozenset[str]] = {
    "smtp": _ALWAYS | _BY_SMTP | _FILED | _BY_CUSTOMER | _SENT | {"courier.dead"},
    "imap-seen": _ALWAYS | _of("imap") | _FILED | _BY_CUSTOMER | _SENT | {"courier.dead"},
    "timer": _ALWAYS | _of("timers", "unit") | _SENT | {"courier.dead", "courier.frozen"},
    "answer": _ALWAYS | _BY_SMTP | _FILED | _of("agent", "answer") | _SENT | {"courier.dead"},
    "digest": _ALWAYS | _of("digest") | _SENT | {"courier.dead"},
    "upgrade": _ALWAYS | _of("migration"),
}
"""Scenes that are crashed at every point that they pass, which are exactly these."""

BESIDES: dict[str, frozenset[str]] = {
    "smtp-maildir": _of("maildir", "courier"),
    "smtp-dropped": frozenset({"pipeline.dropped", "pipeline.worked", "pipeline.committed"}),
    "schedule": _of("schedule"),
    "smtp-twice": frozenset({"pipeline.duplicate"}),
    "smtp-poison": frozenset({"pipeline.set_aside", "pipeline.worked"}),
    "timer-sla": frozenset({"sla.marked", "timers.marked", "timers.fired", "timers.committed"}),
    "timer-queue": frozenset({"queues.given", "queues.worked", "outbox.queued"}),
    "answer-unproven": frozenset({"agent.held", "outbox.queued"}),
    "answer-mistaken": frozenset({"agent.refused", "agent.read", "outbox.queued"}),
    "imap-move": frozenset({"imap.marking", "imap.marked", "imap.mark_forgotten"}),
    "imap-copy": frozenset({"imap.marking", "imap.copied", "imap.deleted", "imap.marked"}),
    "imap-mirror": _of("mirror") | {"imap.appended", "imap.committed"},
}
"""Scenes that are crashed only where they do something in another way."""

POINTS = frozenset().union(*WHOLE.values(), *BESIDES.values())
CASES = sum(map(len, (*WHOLE.values(), *BESIDES.values())))

# Between the final dot and the record of its answer, a crash sends the same bytes once more.
TWICE = frozenset({"relay.dot", "relay.answered", "courier.results", "courier.recorded"})
# These threads go their way while the courier sends: a crash there may meet it between the two.
ALONGSIDE = frozenset(
    {"smtp.answered", "imap.idle", *_of("mirror"), "imap.marking", "imap.marked",
     "imap.mark_forgotten", "imap.copied", "imap.deleted", "imap.settled", "imap.committed",
     "pipeline.committed", "timers.committed", "digest.committed", "daemon.started"}
)  # fmt: skip
