"""Two conversations become one."""

from __future__ import annotations

from dataclasses import replace

from inboxd.conversations.commands import Priority
from inboxd.conversations.states import ConversationState
from inboxd.desk import actions
from inboxd.desk.unit import Unit
from inboxd.store import conversations, hand_outs, merges, reminders, rule_log, timers
from inboxd.store.conversations import ConversationRecord

# The first of the two that is found here is the state of both: nobody may wait in vain.
_MOST_AWAKE = (
    ConversationState.OPEN,
    ConversationState.PENDING,
    ConversationState.SNOOZED,
    ConversationState.CLOSED,
    ConversationState.SPAM,
)
_URGENCY = tuple(each.value for each in Priority)


def absorb(
    unit: Unit,
    gone: ConversationRecord,
    why: str,
    *,
    by: str | None = None,
    same_people: bool = True,
) -> None:
    """Merge conversation `gone` into the unit's, which keeps its number, contact and subject.

    Whoever dealt with `gone` is told, but for the agent called `by`, who asks for it. Its number
    goes on leading here, and its reminders go on. Without `same_people`, those whom `gone` was
    with do not take part here.
    """
    for kind in (timers.RULE, timers.UNASSIGNED, timers.WAKE):
        timers.cancel(unit.connection, gone.number, kind, unit.now)
    unit.promises.take_over(gone.number)
    rule_log.move(unit.connection, gone.number, unit.number)
    timers.move(unit.connection, timers.NAMED, gone.number, unit.number, unit.now)
    reminders.move(unit.connection, gone.number, unit.number)
    merges.merge(unit.connection, gone.number, unit.number, unit.now, same_people=same_people)
    _take_over(unit, gone)
    left = replace(gone, state="closed", state_since=unit.now, snoozed_until=None)
    conversations.save(unit.connection, left)
    unit.touch()
    unit.record("merged", f"#{gone.number} into #{unit.number}: {why}")
    if gone.assignee is not None and gone.assignee not in (unit.conversation.assignee, by):
        unit.tell(gone.assignee, f"#{gone.number}, which was yours, was merged into this one.")


def _take_over(unit: Unit, gone: ConversationRecord) -> None:
    mine = unit.conversation
    if (mine.assignee, mine.team) == (None, None) and (gone.assignee or gone.team):
        actions.assign(unit, gone.assignee, gone.team, by=gone.assignee)
        hand_outs.move(unit.connection, gone.number, unit.number)
    actions.add_tags(unit, gone.tags)
    for name, value in gone.fields.items():
        if name not in mine.fields:
            actions.set_field(unit, name, value)
    actions.set_priority(unit, max(mine.priority, gone.priority, key=_URGENCY.index))
    state = min(ConversationState(mine.state), ConversationState(gone.state), key=_awake)
    if state is ConversationState.SNOOZED and gone.snoozed_until is not None:
        ends = [each for each in (mine.snoozed_until, gone.snoozed_until) if each is not None]
        actions.snooze(unit, min(ends), "merged")
    else:
        actions.set_state(unit, state, "merged")


def _awake(state: ConversationState) -> int:
    return _MOST_AWAKE.index(state)
