"""What belongs together, by an agent's word: conversations merged and linked, a mail split off."""

from __future__ import annotations

from inboxd.config import Agent
from inboxd.conversations.states import ConversationState
from inboxd.conversations.subjects import subject_key
from inboxd.desk.case import tell_audience
from inboxd.desk.merging import absorb
from inboxd.desk.shown import shown_subject
from inboxd.desk.unit import Unit
from inboxd.mail.model import Address
from inboxd.store import contacts, conversations, merges, messages, splits
from inboxd.store.conversations import ConversationRecord, PartyRecord
from inboxd.store.messages import MessageRecord, NewEvent

_WITH = ("contact", "cc")


def link_obstacle(unit: Unit, number: int) -> str | None:
    """Return why the conversation cannot be linked with conversation `number`, or None."""
    other = _find(unit, number)
    if other is None:
        return f"there is no conversation #{number}"
    return f"#{number} is this conversation" if other.number == unit.number else None


def link(unit: Unit, number: int) -> str:
    """Link the conversation with conversation `number`; returns what was done."""
    other = _there(unit, number)
    if other.number in conversations.links(unit.connection, unit.number):
        return f"It was linked with #{other.number} already."
    conversations.add_link(unit.connection, unit.number, other.number)
    unit.touch()
    unit.record("linked", f"#{other.number}")
    _record_there(unit, other.number, "linked", f"#{unit.number}")
    return f"Linked with #{other.number} ({other.subject})."


def merge_obstacle(unit: Unit, number: int) -> str | None:
    """Return why the conversation cannot become part of conversation `number`, or None."""
    other = _find(unit, number)
    if other is None or other.number == unit.number:
        return link_obstacle(unit, number)
    if other.mailbox != unit.conversation.mailbox:
        return (
            f"#{number} is in the mailbox {other.mailbox}: conversations of two mailboxes"
            f" cannot be merged, only linked"
        )
    for each in (unit.conversation, other):
        if each.state == ConversationState.SPAM.value:
            return f"#{each.number} is spam: it has to be opened first"
    return None


def merge(unit: Unit, number: int, by: str) -> str:
    """Make the conversation part of conversation `number`, on which the unit goes on working.

    Returns what was done. Where the two have different customers, the contact there goes on being
    answered alone.
    """
    other = _there(unit, number)
    before, outside = unit.number, _left_out(unit, other)
    same_people = not outside
    gone = unit.go_on_with(other)
    absorb(unit, gone, f"#merge by {by}", by=by, same_people=same_people)
    if other.assignee is not None and other.assignee != by:
        unit.tell(other.assignee, f"{by.capitalize()} merged #{before} into this one.")
    said = f"#{before} is part of #{other.number} ({other.subject}) now."
    if same_people:
        return said
    names = ", ".join(outside)
    return (
        f"{said} It is answered to {other.contact_address or 'nobody'} as before."
        f" {names} gets no answers from there, unless you let them in with #cc {outside[0]}."
    )


def split_obstacle(unit: Unit) -> str | None:
    """Return why no mail can be made a conversation of its own, or None."""
    last = messages.last_inbound(unit.connection, unit.number)
    if last is None:
        return "no mail from outside is in this conversation"
    earlier = [
        each
        for each in messages.of(unit.connection, unit.number)
        if each.direction != "note" and each.id < last.id
    ]
    return None if earlier else "the conversation begins with this mail: there is nothing to split"


def split(unit: Unit, agent: Agent | None, by: str) -> str:
    """Make the newest mail from outside a conversation of its own; returns what was done.

    The unit goes on working on the new one: what else the agent says is about that mail.
    """
    message = messages.last_inbound(unit.connection, unit.number)
    assert message is not None  # split_obstacle has looked
    old, who = unit.conversation, _who(message)
    parties = conversations.parties(unit.connection, [old.number])[old.number]
    new, is_new = _open(unit, message, {each.address: each.role for each in parties})
    splits.move_message(unit.connection, message, old.mailbox, new.number)
    _share_parties(unit, new, message, parties)
    conversations.add_link(unit.connection, old.number, new.number)
    unit.touch()
    unit.record("split", f"the mail of {who} is #{new.number} now")
    unit.record("linked", f"#{new.number}")
    unit.go_on_with(new)
    unit.begin()
    unit.promises.wait(message.created_at)
    unit.change(team=old.team)
    unit.record("conversation.opened", f"split off #{old.number} by {by}: a mail of {who}")
    _happened(unit, is_new=is_new)
    unit.record("linked", f"#{old.number}")
    reason = f"{by.capitalize()} split it off #{old.number}."
    tell_audience(unit, reason)
    if agent is not None:
        unit.tell(agent.name, reason)
    return f"The mail of {who} was taken out of #{old.number} and is #{new.number} now."


def _happened(unit: Unit, *, is_new: bool) -> None:
    """Let rules look at the new conversation; its customer has heard from them before."""
    unit.no_auto_reply = "an agent has split it off, and nobody wrote"
    unit.happened("conversation.opened", "open")
    unit.happened("unassigned")
    if is_new:
        unit.happened("contact.created")


def _open(
    unit: Unit, message: MessageRecord, roles: dict[str, str]
) -> tuple[ConversationRecord, bool]:
    """Open the conversation for a mail that is split off: with its author, or the same contact.

    Returns it, and whether the contact is new.
    """
    old, person = unit.conversation, message.author
    if roles.get(person.key) == "contact":
        person = Address(person.name, old.contact_address)
    contact, new = contacts.find_or_add(unit.connection, person.address, person.name, unit.now)
    record = conversations.add(
        unit.connection,
        mailbox=old.mailbox,
        subject=shown_subject(message.subject),
        subject_key=subject_key(message.subject),
        contact_id=contact.id,
        contact_address=person.address,
        at=unit.now,
    )
    return record, new and "@" in person.address


def _share_parties(
    unit: Unit,
    new: ConversationRecord,
    message: MessageRecord,
    parties: tuple[PartyRecord, ...],
) -> None:
    """Let those take part in the new conversation who did in the mail that it begins with."""
    author = message.author
    rows = [
        PartyRecord(address, author.name, "contact")
        for address in dict.fromkeys((new.contact_address.casefold(), author.key))
        if "@" in address
    ]
    if author.key in _waiting(parties):
        splits.remove_party(unit.connection, unit.number, author.key)
    else:
        named = {each.key for each in (*message.to, *message.cc)}
        rows += [each for each in parties if each.role == "cc" and each.address in named]
    conversations.add_parties(unit.connection, new.number, rows)


def _waiting(parties: tuple[PartyRecord, ...]) -> set[str]:
    return {each.address for each in parties if each.role == "pending"}


def _left_out(unit: Unit, other: ConversationRecord) -> list[str]:
    """Return who must not get the answers in `other`: people of another customer's conversation.

    Those who take part there already may.
    """
    mine = unit.conversation
    people = conversations.people(unit.connection, [mine.number, other.number])
    parties = conversations.parties(unit.connection, [mine.number])[mine.number]
    same_contact = "@" in mine.contact_address and mine.contact_id == other.contact_id
    mutual = (
        mine.contact_address.casefold() in people[other.number]
        and other.contact_address.casefold() in people[mine.number]
    )
    if same_contact or mutual:
        return []
    return [
        each.address
        for each in sorted(
            parties, key=lambda each: _WITH.index(each.role) if each.role in _WITH else 2
        )
        if each.role in _WITH and each.address not in people[other.number]
    ]


def _find(unit: Unit, number: int) -> ConversationRecord | None:
    """Return conversation `number`, or the one that it was merged into."""
    if number >= 2**63:  # more than the database can count
        return None
    return conversations.get(unit.connection, merges.survivor(unit.connection, number))


def _there(unit: Unit, number: int) -> ConversationRecord:
    found = _find(unit, number)
    assert found is not None  # the obstacles have been looked at
    return found


def _record_there(unit: Unit, number: int, kind: str, text: str) -> None:
    event = NewEvent(unit.now, number, unit.actor, kind, text, unit.journal_id)
    messages.add_events(unit.connection, [event])


def _who(message: MessageRecord) -> str:
    return message.author.address or message.author.name or "somebody without an address"
