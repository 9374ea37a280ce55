"""What can be done to a conversation. Tags, rules, timers and commands all come through here.

Each change is told to the unit as what has happened, so that rules are asked about it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from inboxd.conversations.sla import NONE
from inboxd.conversations.states import ConversationState
from inboxd.desk.unit import Unit, is_unassigned
from inboxd.mail.model import Address
from inboxd.rules.facts import Change
from inboxd.store import attribution, contacts, conversations, hand_outs, messages
from inboxd.store.conversations import PartyRecord
from inboxd.store.messages import NewMessage


def set_state(unit: Unit, state: ConversationState, why: str = "") -> bool:
    """Bring the conversation into `state`; returns whether it was in another one."""
    before = unit.conversation.state
    if before == state.value:
        return False
    was_unassigned = is_unassigned(unit.conversation)
    unit.change(state=state.value, state_since=unit.now, snoozed_until=None)
    unit.record("state.changed", f"{before} → {state.value}{f': {why}' if why else ''}")
    change = Change("state", "state", before, state.value)
    unit.happened(state.value, "state.changed", change=change)
    if is_unassigned(unit.conversation) and not was_unassigned:
        unit.happened("unassigned")
    return True


def snooze(unit: Unit, until: datetime, why: str = "") -> None:
    """Put the conversation aside until `until` (aware)."""
    if not set_state(unit, ConversationState.SNOOZED, why):
        unit.renew()
    unit.change(snoozed_until=until)
    zone = unit.shop.config.zone(unit.desk.mailbox)
    unit.record("snoozed", f"until {until.astimezone(zone):%Y-%m-%d %H:%M}")


def add_tags(unit: Unit, tags: Iterable[str]) -> tuple[str, ...]:
    """Add tags; returns those that are new."""
    new = tuple(tag for tag in dict.fromkeys(tags) if tag not in unit.conversation.tags)
    if new:
        unit.change(tags=tuple(sorted({*unit.conversation.tags, *new})))
        unit.record("tag.added", ", ".join(new))
    for tag in new:
        unit.happened("tag.added", change=Change("tag", tag, None, tag))
    return new


def remove_tags(unit: Unit, tags: Iterable[str]) -> tuple[str, ...]:
    """Remove tags; returns those that were there."""
    gone = tuple(tag for tag in dict.fromkeys(tags) if tag in unit.conversation.tags)
    if gone:
        unit.change(tags=tuple(tag for tag in unit.conversation.tags if tag not in gone))
        unit.record("tag.removed", ", ".join(gone))
    return gone


def assign(
    unit: Unit,
    agent: str | None,
    team: str | None,
    by: str | None = None,
    *,
    why: str = "",
    tell: bool = True,
) -> bool:
    """Give the conversation to an agent, a team or nobody; returns whether that is a change.

    An agent who gets it from somebody else (`by` names the agent who acts, if one does) is told,
    and so are the members of a team. What a team or nobody gets is handed out to no one: who hands
    it out (`tell` is False) says so afterwards.
    """
    conversation = unit.conversation
    if agent is not None and team is None and agent in _members(unit, conversation.team):
        team = conversation.team
    if agent is None:
        hand_outs.leave_to_people(unit.connection, unit.number)
    if (conversation.assignee, conversation.team) == (agent, team):
        return False
    unit.change(assignee=agent, team=team)
    whom = agent or (f"team {team}" if team else "nobody")
    unit.record("assignee.changed", f"to {whom}{f': {why}' if why else ''}")
    before, after = conversation.assignee or conversation.team, agent or team
    change = Change("assignee", "assignee", before, after)
    newly = is_unassigned(unit.conversation) and not is_unassigned(conversation)
    unit.happened("assignee.changed", *(("unassigned",) if newly else ()), change=change)
    if agent is not None and agent != by:
        unit.tell(agent, "It was assigned to you.")
    if agent is None and team is not None and tell:
        for member in _members(unit, team):
            if member != by:
                unit.tell(member, f"It was assigned to team {team}.")
    return True


def set_priority(unit: Unit, priority: str) -> bool:
    """Set the priority; returns whether that is a change."""
    before = unit.conversation.priority
    if before == priority:
        return False
    unit.change(priority=priority)
    unit.record("priority.changed", f"{before} → {priority}")
    unit.happened("priority.changed", change=Change("priority", "priority", before, priority))
    return True


def set_sla(unit: Unit, policy: str | None) -> bool:
    """Choose the policy by which promises are made, None for none; returns whether that changes."""
    before, chosen = unit.promises.policy, policy or NONE
    unit.change(sla=chosen)
    if before == policy:
        return False
    unit.record("sla.chosen", f"{before or NONE} → {chosen}")
    return True


def set_field(unit: Unit, name: str, value: str) -> bool:
    """Set a custom field; returns whether that is a change."""
    before = unit.conversation.fields.get(name)
    if before == value:
        return False
    unit.change(fields={**unit.conversation.fields, name: value})
    unit.record("field.changed", f"{name} = {value[:200]}")
    unit.happened("field.changed", change=Change("field", name, before, value))
    return True


def clear_field(unit: Unit, name: str) -> bool:
    """Take a custom field away; returns whether it was there."""
    fields = dict(unit.conversation.fields)
    before = fields.pop(name, None)
    if before is None:
        return False
    unit.change(fields=fields)
    unit.record("field.changed", f"{name} was taken away")
    unit.happened("field.changed", change=Change("field", name, before, None))
    return True


def set_contact(unit: Unit, person: Address, why: str = "", *, opening: bool = False) -> bool:
    """Make `person` the one whom answers go to; returns whether that is a change.

    With `opening`, whoever was taken for the contact is none: a form or a platform, which takes
    part in nothing. Later on, the contact that was goes on taking part.
    """
    before = unit.conversation.contact_address
    contact, new = contacts.find_or_add(unit.connection, person.address, person.name, unit.now)
    if new:
        unit.happened("contact.created")
    unit.contact_name = contact.name
    party = PartyRecord(person.key, person.name, "contact")
    conversations.add_parties(unit.connection, unit.number, [party])
    if person.key == before.casefold():
        return False
    if opening:
        attribution.let_other_contacts_go(unit.connection, unit.number, person.address)
    unit.change(contact_id=contact.id, contact_address=person.address)
    unit.record("contact.changed", f"{before or 'nobody'} → {person}{f': {why}' if why else ''}")
    return True


def add_note(unit: Unit, agent: str, text: str, kind: str = "note") -> int:
    """Keep a private note in the conversation; returns its message id."""
    known = unit.shop.config.agent(agent)
    author = Address(known.shown, known.address) if known else Address(agent, "")
    number = messages.add(
        unit.connection,
        NewMessage(
            conversation=unit.number,
            direction="note",
            kind=kind,
            author=author,
            agent=known.name if known else None,
            created_at=unit.now,
            text=text,
            journal_id=unit.journal_id,
        ),
    )
    unit.touch()
    unit.record("note.added", f"by {author.name}")
    if kind == "note":
        unit.happened("note.added")
    return number


def _members(unit: Unit, team: str | None) -> tuple[str, ...]:
    members = unit.shop.config.teams.get(team, ()) if team else ()
    return tuple(member.name for member in members)
