"""Rules that are due by a schedule: each looks at its conversations once for a due moment.

What is due is a row. After a time in which nothing ran, a rule is due once, however many moments
were missed, and then by its schedule again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from inboxd.clock import Clock
from inboxd.desk import ruling
from inboxd.desk.case import send_notifications
from inboxd.desk.shop import Shop
from inboxd.desk.trouble import alert
from inboxd.desk.unit import Unit
from inboxd.failpoints import reach
from inboxd.rules.ruleset import CompiledRule
from inboxd.rules.schedules import next_due
from inboxd.store import conversations, merges, messages, rule_schedules
from inboxd.store.db import Database, is_database_fault
from inboxd.store.rule_schedules import ScheduleRecord
from inboxd.store.statements import Savepoint

_log = structlog.get_logger(__name__)
BATCH = 50
_TOO_FAR = timedelta(days=1)  # a due moment set by a clock that went wrong is made anew


def run_due(database: Database, shop: Shop, clock: Clock) -> int:
    """Let the rules act whose schedules are due, for some conversations; returns how many.

    Raises `Transient` where the database cannot be used now.
    """
    with database.read() as connection:
        known = rule_schedules.listing(connection)
    now = clock.now()
    wanted = {(rule.name, mailbox): rule for rule, mailbox in _wanted(shop)}
    if not wanted and not known:
        return 0
    if {(each.rule, each.mailbox) for each in known} == wanted.keys() and not any(
        each.due_at <= now or _is_stale(shop, wanted[each.rule, each.mailbox], each, now)
        for each in known
    ):
        return 0
    done = 0
    with database.write() as connection:
        rows = {(each.rule, each.mailbox): each for each in rule_schedules.listing(connection)}
        for key in rows.keys() - wanted.keys():
            rule_schedules.remove(connection, rows[key])
        for (name, mailbox), rule in wanted.items():
            row = rows.get((name, mailbox))
            if row is None or _is_stale(shop, rule, row, now):
                rule_schedules.save(connection, _set(shop, rule, mailbox, now))
            elif row.due_at <= now:
                done += _run(connection, shop, rule, row, now)
        reach("schedule.ran")
    reach("schedule.committed")
    return done


def _wanted(shop: Shop) -> Iterator[tuple[CompiledRule, str]]:
    for rule in shop.rules.scheduled:
        for mailbox in shop.desks:
            if rule.applies_to(mailbox):
                yield rule, mailbox


def _expression(shop: Shop, rule: CompiledRule, mailbox: str) -> str:
    """Return what a due moment follows from: a change of it makes the moment anew."""
    assert rule.schedule is not None  # it is one of the scheduled ones
    return f"{rule.schedule.cron} {shop.config.zone(shop.desks[mailbox].mailbox)}"


def _set(shop: Shop, rule: CompiledRule, mailbox: str, after: datetime) -> ScheduleRecord:
    assert rule.schedule is not None
    zone = shop.config.zone(shop.desks[mailbox].mailbox)
    due = next_due(rule.schedule.cron, after, zone)
    return ScheduleRecord(rule.name, mailbox, _expression(shop, rule, mailbox), due)


def _is_stale(shop: Shop, rule: CompiledRule, row: ScheduleRecord, now: datetime) -> bool:
    if row.expression != _expression(shop, rule, row.mailbox):
        return True
    if row.due_at <= now + _TOO_FAR:
        return False
    return row.due_at > _set(shop, rule, row.mailbox, now + _TOO_FAR).due_at


def _run(
    connection: sa.Connection, shop: Shop, rule: CompiledRule, row: ScheduleRecord, now: datetime
) -> int:
    """Look at the next conversations, and remember how far that went; returns how many it were."""
    assert rule.schedule is not None
    states = rule.schedule.states
    numbers = rule_schedules.conversations(connection, row.mailbox, states, row.reached, BATCH)
    gone = merges.survivors(connection, numbers)
    for number in numbers:
        if number not in gone:
            _guarded(connection, shop, row, number, now)
    if len(numbers) < BATCH:
        rule_schedules.save(connection, _set(shop, rule, row.mailbox, max(now, row.due_at)))
    else:
        rule_schedules.save(connection, replace(row, reached=numbers[-1]))
    return len(numbers)


def _guarded(
    connection: sa.Connection, shop: Shop, row: ScheduleRecord, number: int, now: datetime
) -> None:
    """Let the rule act on one conversation; one that fails is left out and holds up no other."""
    try:
        with Savepoint(connection):
            _act(connection, shop, row, number, now)
    except Exception as error:
        if is_database_fault(error):
            raise  # not the conversation: all of it is tried again
        _log.error(
            "schedule.failed", rule=row.rule, conversation=number, error=type(error).__name__
        )
        alert(
            connection,
            shop,
            now,
            key=f"schedule:{row.rule}",
            title="A rule with a schedule could not do its work",
            summary="It failed on a conversation, which it leaves alone until it is due again.",
            details=(
                ("rule", row.rule),
                ("conversation", f"#{number}"),
                ("error", type(error).__name__),
            ),
            advice=f"inboxd explain {number}",
        )


def _act(
    connection: sa.Connection, shop: Shop, row: ScheduleRecord, number: int, now: datetime
) -> None:
    conversation = conversations.get(connection, number)
    assert conversation is not None  # its number was read in this transaction
    cause = f"schedule:{row.rule}:{row.due_at:%Y-%m-%dT%H:%MZ}:#{number}"
    unit = Unit(connection, shop, conversation, now=now, cause=cause, actor=f"rule {row.rule}")
    last = messages.last_inbound(connection, number)
    ruling.run_schedule(unit, row.rule, last)
    send_notifications(unit, last)
    reach("schedule.acted")
    unit.finish()
