"""What a promise's timer does: rules hear that it is in danger, or that it was not kept."""

from __future__ import annotations

from inboxd.conversations.sla import KIND_NAMES
from inboxd.desk import ruling
from inboxd.desk.case import send_notifications
from inboxd.desk.facts import of_message
from inboxd.desk.sla import BREACHED, WARNING
from inboxd.desk.unit import Unit
from inboxd.failpoints import reach
from inboxd.store import messages


def fire(unit: Unit, timer: str) -> None:
    """Let the rules act for `sla.warning` or `sla.breached`, once for each promise.

    `timer` is the promise's kind and which of the two has come. A promise that has been kept, that
    stands still or is due later by now has nothing to tell.
    """
    kind, _, what = timer.partition(".")
    target = unit.promises.mark(kind, what)
    if target is None or target.due_at is None:
        return
    reach("sla.marked")
    zone = unit.shop.config.zone(unit.desk.mailbox)
    due = f"{target.due_at.astimezone(zone):%Y-%m-%d %H:%M}"
    said = {WARNING: "is due", BREACHED: "was due"}[what]
    unit.record(f"sla.{what}", f"{KIND_NAMES[target.kind]} {said} {due} ({target.policy})")
    unit.touch()
    last = messages.last_inbound(unit.connection, unit.number)
    ruling.run_event(unit, f"sla.{what}", of_message(unit.connection, last), last)
    send_notifications(unit, last)
