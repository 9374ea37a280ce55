"""Taking back what an agent's last mail did: its answer, while it is here, and what it changed.

Only what the mail itself changed goes back, and only where nobody has changed it since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from inboxd.config import Agent
from inboxd.conversations import commands as ask
from inboxd.desk.obey import QUESTIONS
from inboxd.desk.unit import Unit
from inboxd.store import held_answers, outbox, reminders, undo
from inboxd.store.conversations import ConversationRecord
from inboxd.store.held_answers import HeldState
from inboxd.store.outbox import QueuedMail
from inboxd.store.undo import StepRecord

UNDO_WITHIN = timedelta(minutes=10)  # for a mail that sends the customer nothing
_ANSWERS = ("reply", "forward")
_WITHDRAWN = (*_ANSWERS, "answered", "notification")
_PLAIN = ("assignee", "team", "priority")
_NOTHING = "There is nothing to undo: no mail of yours to this conversation was carried out lately."
_TOO_LATE = "Your answer has left, so it cannot be taken back. Nothing was changed."
_TOO_OLD = "Your last mail was carried out more than 10 minutes ago. Nothing was changed."
# What is done for good, each under its tag's name.
_LASTING: Mapping[type[Any], str] = {
    ask.Note: "#note",
    ask.Merge: "#merge",
    ask.Split: "#split",
    ask.Link: "#link",
    ask.Allow: "#allow",
    ask.Block: "#block",
    ask.Away: "#away",
    ask.Back: "#back",
}


def keep(
    unit: Unit,
    agent: Agent,
    before: ConversationRecord,
    commands: Iterable[ask.Command],
    *,
    leaves: datetime | None = None,
    added: Iterable[str] = (),
) -> bool:
    """Remember how to undo what the agent's mail has just done; returns whether that can be done.

    `before` is the conversation as it was; `leaves` is when the mail's answer leaves, None where
    it has none; `added` are the addresses whom the mail let take part.
    """
    commands = list(commands)
    if leaves is None and all(isinstance(command, QUESTIONS) for command in commands):
        return False
    moved = unit.number != before.number  # merged or split off: what was there is elsewhere
    lasting = [name for kind, name in _LASTING.items() for c in commands if isinstance(c, kind)]
    undo.add(
        unit.connection,
        conversation=unit.number,
        agent=agent.name,
        cause=unit.cause,
        at=unit.now,
        until=unit.now + UNDO_WITHIN if leaves is None else leaves,
        before={
            "answers": leaves is not None,
            "before": {} if moved else _values(before),
            "after": {} if moved else _values(unit.conversation),
            "added": list(added),
            "lasting": lasting,
        },
    )
    return leaves > unit.now if leaves is not None else len(lasting) < len(commands)


def undo_last(unit: Unit, agent: Agent) -> list[str]:
    """Take back the agent's last mail to the conversation; returns what was done, or why not."""
    step = undo.newest(unit.connection, unit.number, agent.name)
    held = held_answers.waiting(unit.connection, unit.number, agent.name)
    if held is not None and (step is None or held.at >= step.at):
        held_answers.settle(unit.connection, unit.number, agent.name, HeldState.DISCARDED)
        unit.record("held.discarded", f"by {agent.name}")
        return ["Your answer that was held is discarded; the customer never gets it."]
    if step is None:
        return [_NOTHING]
    answers = bool(step.before["answers"])
    caused = outbox.caused_by(unit.connection, step.cause)
    mails = [mail for mail in caused if mail.conversation == unit.number]
    if answers and not _can_be_withdrawn(mails):
        return [_TOO_LATE]
    if not answers and unit.now > step.until:
        return [_TOO_OLD]
    done = [*_withdraw(unit, mails, answers=answers), *_restore(unit, step)]
    if reminders.withdraw(unit.connection, unit.number, agent.name, step.at, unit.now):
        done.append("You will not be reminded.")
    undo.remove(unit.connection, step.id)
    unit.touch()
    unit.record("undone", " ".join(done)[:500])
    lasting = [*step.before["lasting"], *_told(mails)]
    if lasting:
        done.append(f"This cannot be taken back: {', '.join(lasting)}.")
    return done


def _can_be_withdrawn(mails: Iterable[QueuedMail]) -> bool:
    """Whether no courier has ever taken one of the answers in hand."""
    answers = [mail for mail in mails if mail.kind in _ANSWERS]
    return bool(answers) and all(m.state == "queued" and m.attempts == 0 for m in answers)


def _withdraw(unit: Unit, mails: list[QueuedMail], *, answers: bool) -> list[str]:
    outbox.withdraw(unit.connection, [mail.id for mail in mails if mail.kind in _WITHDRAWN])
    for mail in mails:
        if mail.kind in _ANSWERS:
            undo.withdraw_message(unit.connection, unit.number, mail.message_id)
    if not answers:
        return []
    unit.record("answer.withdrawn", "it never left; its text is kept as a note")
    return ["Your answer was taken back and is not sent; its text is kept as a private note."]


def _told(mails: Iterable[QueuedMail]) -> list[str]:
    """Return what the mail has caused that is out of the house."""
    gone = {mail.kind for mail in mails if mail.state != "queued" or mail.attempts}
    automatic = any(mail.kind == "auto_reply" for mail in mails)
    return [
        *(["that colleagues were told"] if "notification" in gone else []),
        *(["the automatic mail that a rule has sent"] if automatic else []),
    ]


def _restore(unit: Unit, step: StepRecord) -> list[str]:
    """Give the conversation back what the mail changed; returns what went back, in words."""
    before, after = step.before["before"], step.before["after"]
    undo.remove_parties(unit.connection, unit.number, step.before["added"])
    done = [f"{address} gets no copies any more." for address in step.before["added"]]
    if not before:
        return done
    now = _values(unit.conversation)
    plain = {
        name: before[name]
        for name in _PLAIN
        if before[name] != after[name] and now[name] == after[name]
    }
    unit.change(**plain)
    done += [f"Back to {name}: {value or 'none'}." for name, value in plain.items()]
    done += _restore_tags(unit, before["tags"], after["tags"])
    done += _restore_fields(unit, before["fields"], after["fields"])
    return done + _restore_state(unit, step, now)


def _restore_tags(unit: Unit, before: list[str], after: list[str]) -> list[str]:
    added, gone = set(after) - set(before), set(before) - set(after)
    tags = tuple(sorted((set(unit.conversation.tags) - added) | gone))
    if tags == unit.conversation.tags:
        return []
    unit.change(tags=tags)
    return [f"Back to tags: {', '.join(tags) or 'none'}."]


def _restore_fields(unit: Unit, before: dict[str, str], after: dict[str, str]) -> list[str]:
    fields = dict(unit.conversation.fields)
    changed = [
        name
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name) and fields.get(name) == after.get(name)
    ]
    for name in changed:
        fields.pop(name, None)
        if name in before:
            fields[name] = before[name]
    if changed:
        unit.change(fields=fields)
    return [f"Back to {name}: {before.get(name) or 'none'}." for name in changed]


def _restore_state(unit: Unit, step: StepRecord, now: Mapping[str, Any]) -> list[str]:
    """Bring the old state back, with the time since which it stood.

    Its rules' timers are armed again; those that had fired by then do not fire twice.
    """
    before, after = step.before["before"], step.before["after"]
    names = ("state", "state_since", "snoozed_until")
    was, became, is_now = ([each[name] for name in names] for each in (before, after, now))
    if was == became or is_now != became:
        return []
    state, since, until = was
    snoozed_until = datetime.fromisoformat(until) if until else None
    unit.renew()
    unit.change(state=state, state_since=datetime.fromisoformat(since), snoozed_until=snoozed_until)
    unit.record("state.changed", f"{became[0]} → {state}: undone")
    unit.promises.take_back(step.at)
    unit.finish()
    undo.drop_fired_timers(unit.connection, unit.number, step.at, unit.now)
    return [f"Back to state: {state}."]


def _values(conversation: ConversationRecord) -> dict[str, Any]:
    """Return what a mail can change, as plain values."""
    until = conversation.snoozed_until
    return {
        "state": conversation.state,
        "state_since": conversation.state_since.isoformat(),
        "snoozed_until": until.isoformat() if until else None,
        "assignee": conversation.assignee,
        "team": conversation.team,
        "priority": conversation.priority,
        "tags": list(conversation.tags),
        "fields": dict(conversation.fields),
    }
