"""What waits, for how long, and what was put aside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from inboxd.config import Config
from inboxd.desk import outlook
from inboxd.desk.words import ago, counted
from inboxd.doctor.finding import Finding, Group, Health
from inboxd.store import hand_outs, journal, outbox, rule_schedules, timers
from inboxd.store.standing import Standing, standing

_LATE = timedelta(minutes=15)
_LONG_IN_QUEUE = timedelta(days=3)  # longer than a weekend
_IS_IT_RUNNING = "is the daemon running? inboxd serve, or once: inboxd work"


def look(connection: sa.Connection, config: Config, now: datetime) -> Iterator[Finding]:
    """Yield how much waits and whether it is late, what was put aside, and what is promised."""
    found = standing(connection, now)
    yield _queue("journal", _received(found, now), journal.next_due_at(connection), now)
    yield _queue("outbox", _outgoing(found, now), outbox.next_due_at(connection), now)
    yield _queue("timers", f"{found.timers} armed", timers.next_due_at(connection), now)
    scheduled = rule_schedules.next_due_at(connection)
    if scheduled is not None:
        yield _queue("schedules", "armed", scheduled, now)
    yield from _put_aside(found)
    yield from _team_queues(connection, now)
    if config.sla:
        words, late = outlook.promise_words(connection, now)
        advice = "inboxd list --view overdue" if late else ""
        health = Health.WARN if late else Health.OK
        yield Finding(Group.QUEUES, "promises", health, words, advice)


def _queue(what: str, words: str, due: datetime | None, now: datetime) -> Finding:
    """Say how a queue is: late is what has been due for a quarter of an hour."""
    if due is None:
        return Finding(Group.QUEUES, what, Health.OK, "none waits")
    if now - due > _LATE:
        words = f"{words}; the oldest was due {ago(due, now)}"
        return Finding(Group.QUEUES, what, Health.FAIL, words, _IS_IT_RUNNING)
    return Finding(Group.QUEUES, what, Health.OK, f"{words}, the next is due {ago(due, now)}")


def _received(found: Standing, now: datetime) -> str:
    words = f"{found.journal['received']} wait"
    return words + (
        f", the oldest came {ago(found.oldest_received, now)}" if found.oldest_received else ""
    )


def _outgoing(found: Standing, now: datetime) -> str:
    waiting = sum(found.outbox[state] for state in ("queued", "sending", "deferred"))
    words = f"{waiting} wait"
    if found.oldest_waiting:
        words += f", the oldest was written {ago(found.oldest_waiting, now)}"
    if found.oldest_deferred:
        words += f"; {found.outbox['deferred']} were refused for now (inboxd outbox list)"
    return words


def _put_aside(found: Standing) -> Iterator[Finding]:
    quarantined, dead = found.journal["quarantined"], found.outbox["dead"]
    if quarantined:
        words = f"{counted(quarantined, 'mail')} could not be worked on"
        advice = "inboxd journal list --state quarantined; inboxd journal replay"
        yield Finding(Group.QUEUES, "quarantine", Health.WARN, words, advice)
    if dead:
        words = f"{counted(dead, 'mail')} could not be delivered"
        advice = "inboxd outbox list --state dead; inboxd outbox retry"
        yield Finding(Group.QUEUES, "dead mail", Health.WARN, words, advice)
    if not quarantined and not dead:
        words = "no mail is quarantined or dead"
        yield Finding(Group.QUEUES, "put aside", Health.OK, words)


def _team_queues(connection: sa.Connection, now: datetime) -> Iterator[Finding]:
    """Yield what waits to be handed out in a team: nobody hears of it until somebody is free."""
    counts = hand_outs.counts(connection)
    for team, count in sorted(counts.items()):
        since = min(way.since for way in hand_outs.waiting(connection, [team]))
        late = now - since > _LONG_IN_QUEUE
        health = Health.WARN if late else Health.OK
        words = f"{count} wait to be handed out, the first was put there {ago(since, now)}"
        yield Finding(
            Group.QUEUES,
            f"team {team}",
            health,
            words,
            "inboxd agents says who is free" if late else "",
        )
