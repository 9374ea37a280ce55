"""Conversations that a rule links.

A number that stood in a mail is its writer's choice, so it counts little. Agents alone see a link,
but it also leads later mail from one conversation to the other.
"""

from __future__ import annotations

from inboxd.desk import acts_threads
from inboxd.desk.unit import Unit
from inboxd.rules import effects as do
from inboxd.store import conversations, merges


def link(unit: Unit, effect: do.Link) -> str | None:
    """Link the conversation with another one of its mailbox; returns why not, where it is not.

    Where the number stood in a mail, both must be with the same contact.
    """
    number = merges.survivor(unit.connection, effect.number)
    if number == unit.number:
        return f"not linked: #{effect.number} is this conversation"
    other = conversations.get(unit.connection, number)
    if other is None or other.mailbox != unit.conversation.mailbox:
        return f"not linked: there is no conversation #{effect.number} in this mailbox"
    if effect.of_mail and other.contact_id != unit.conversation.contact_id:
        return f"not linked: #{effect.number} is another customer's, and its number stood in a mail"
    acts_threads.link(unit, number)
    return None
