"""Mail to an agent's address for new conversations: the agent writes first, or files a mail.

The address is the agent's own and signed; only from there, and only with the proof that answers
need, does a `#to` or a forwarded header say who the customer is. Anything else is put aside, and
the agent is asked.
"""

from __future__ import annotations

from inboxd.config import Agent
from inboxd.conversations import commands as ask
from inboxd.conversations.states import ConversationState
from inboxd.conversations.tags import Parsed, parse_tags
from inboxd.conversations.tokens import Purpose
from inboxd.desk import action_links, actions, agent_mail, filed_forward, mailings, proof, ruling
from inboxd.desk.action_mail import WRITTEN_BY_PEOPLE
from inboxd.desk.case import Case, add_agents, send_notifications
from inboxd.desk.filed_forward import begin, named_customer, obeyed, refusals, tag_context
from inboxd.desk.unit import Unit
from inboxd.mail.forwarded import original_sender
from inboxd.mail.model import Address, ParsedMail
from inboxd.mail.outgoing import MARKER
from inboxd.mail.quotes import cut_at_marker, split_reply
from inboxd.store import attribution, conversations, messages
from inboxd.store.conversations import ConversationRecord
from inboxd.templates.contexts import TagError

_PLAIN = "new"
_OURS = "it forwards a mail of ours; write to its conversation by answering that mail"
_WHOM = "say who gets it: a line such as #to jane@customer.example"


def is_addressed(case: Case) -> bool:
    """Return whether a mail came to `support+new@…`, which has the form and bears no proof."""
    mail, mailbox = case.reading.mail, case.desk.mailbox
    plain = set()
    for address in mailbox.addresses:
        local, _, domain = address.casefold().rpartition("@")
        plain.add(f"{local}+{_PLAIN}@{domain}")
        plain.add(case.desk.pattern.format(address, _PLAIN).casefold())
    came_to = (*case.entry.envelope_to, *mail.delivered_to, *(each.address for each in mail.to))
    return any(each.casefold() in plain - {mailbox.address.casefold()} for each in came_to)


def take(case: Case) -> int:
    """Begin the conversation that an agent's mail wants; returns its number."""
    name = case.decision.agent or case.reading.keys.agent
    agent = case.shop.config.agent(name or "")
    kind = case.reading.verdict.kind
    if agent is None or kind not in WRITTEN_BY_PEOPLE:
        return _put_aside(case, f"{kind.value}: begins no conversation")
    reason = _what_is_missing(case) or proof.doubt(case, agent)
    if reason is not None:
        return _hold(case, agent, reason)
    forwarded = original_sender(case.reading.mail, case.entry.raw)
    if forwarded is None:
        return _write_first(case, agent)
    if cut_at_marker(forwarded.text, MARKER)[1]:  # notes and all: nothing that a customer wrote
        return _refuse(case, agent, [TagError("", _OURS)])
    return filed_forward.take(case, agent, forwarded)


def is_named(case: Case, conversation: ConversationRecord) -> bool:
    """Return whether an agent's answer says who the customer of a conversation is that has none."""
    token = case.decision.token
    if token is None or token.token.purpose is not Purpose.AGENT or case.decision.agent is None:
        return False
    if "@" in conversation.contact_address:
        return False
    agent = case.shop.config.agent(case.decision.agent)
    if agent is None or proof.doubt(case, agent) is not None:
        return False
    parsed = _parsed(case, agent)
    return not parsed.errors and any(isinstance(each, ask.To) for each in parsed.commands)


def name_customer(case: Case, conversation: ConversationRecord) -> int:
    """Make the one whom `#to` names the customer, and send what the agent has written, if anything.

    The caller has asked `is_named`.
    """
    agent = case.shop.config.agent(case.decision.agent or "")
    assert agent is not None  # is_named has looked
    parsed = _parsed(case, agent)
    unit = case.unit(conversation, agent.name)
    customer, errors = named_customer(case, parsed)
    if errors or customer is None:
        mailings.receipt(unit, agent, errors=errors, original=_words(case.reading.mail))
        unit.finish()
        return unit.number
    _become_customer(unit, customer, agent)
    mail = case.reading.mail
    sends = parsed.answers and (
        parsed.body or any(isinstance(each, ask.Canned) for each in parsed.commands)
    )
    if sends or any(not each.inline for each in mail.attachments):
        _let_rules_act(unit)
        return _hand_on(case, unit)
    done, told = obeyed(unit, agent, parsed)
    _let_rules_act(unit)
    first = f"{customer.address} is the customer now; nothing was sent."
    mailings.receipt(unit, agent, done=[first, *done], told=told)
    case.remember_ids(unit.number)
    unit.finish()
    return unit.number


def _let_rules_act(unit: Unit) -> None:
    filed = messages.last_inbound(unit.connection, unit.number)
    ruling.follow(unit, filed)
    send_notifications(unit, filed)


def _become_customer(unit: Unit, customer: Address, agent: Agent) -> None:
    """Make somebody the contact, and the author of what was filed without one."""
    actions.set_contact(unit, customer, f"#to by {agent.name}", opening=True)
    filed = messages.last_inbound(unit.connection, unit.number)
    if filed is not None and not filed.author.address:
        attribution.attribute(unit.connection, filed, customer, answerable=False)
    actions.assign(unit, agent.name, unit.conversation.team, by=agent.name)
    if unit.conversation.state == ConversationState.CLOSED.value:
        actions.set_state(unit, ConversationState.OPEN, f"#to by {agent.name}")


def _write_first(case: Case, agent: Agent) -> int:
    """Open a conversation with whom `#to` names, and send the agent's words as its first mail.

    Tags, files, canned replies and times are the business of `agent_mail`, as in every answer.
    """
    parsed = _parsed(case, agent)
    customer, errors = named_customer(case, parsed)
    if not errors and customer is None:
        errors = [TagError("", _WHOM)]
    errors = [*refusals(parsed), *errors]
    if errors or customer is None:
        return _refuse(case, agent, errors)
    unit = begin(case, agent.name, customer, case.reading.mail.subject)
    actions.assign(unit, agent.name, None, by=agent.name)
    unit.no_auto_reply = "an agent writes first"
    unit.told.clear()
    ruling.run_event(unit, "conversation.opened", None, None)
    send_notifications(unit, None)
    return _hand_on(case, unit)


def _refuse(case: Case, agent: Agent, errors: list[TagError]) -> int:
    """Give the agent the text back with what is wrong; a corrected one may answer that."""
    unit = begin(case, agent.name, None, case.reading.mail.subject)
    actions.set_state(unit, ConversationState.CLOSED, "nothing was sent")
    unit.record("refused", "; ".join(f"{each.line}: {each.reason}" for each in errors)[:500])
    add_agents(unit, [agent])
    mailings.receipt(unit, agent, errors=errors, original=_words(case.reading.mail))
    return _finished(case, unit)


def _hand_on(case: Case, unit: Unit) -> int:
    """Let the mail be dealt with as an answer in the conversation as it is now."""
    # `agent_mail` tells how the mail was read.
    unit.traces = [trace for trace in unit.traces if "rules" in trace]
    unit.told.clear()
    unit.finish()
    record = conversations.get(unit.connection, unit.number)
    assert record is not None  # it was written above
    return agent_mail.take(case, record)


def _hold(case: Case, agent: Agent, reason: str) -> int:
    """Keep a mail that lacks the proof as a note in a closed conversation, and ask the agent."""
    unit = begin(case, "somebody", None, case.reading.mail.subject)
    actions.set_state(unit, ConversationState.CLOSED, "nothing was sent")
    mail = case.reading.mail
    sender = mail.author.address if mail.author else "an unclear sender"
    text = mail.reply_text or mail.text
    # Not under the agent's name: colleagues read the note, and it may be anybody's.
    actions.add_note(unit, f"{sender} (held, not proven)", text, kind="held")
    unit.record("held", f"mail from {sender}: {reason}")
    address = action_links.new_address(case.shop, case.desk, agent, case.now.date())
    if address and not unit.quiet:
        instruction = (
            "Nothing was sent. If it was you, send it again, from your configured address, to the"
            f" address that is yours alone:\n\n{address}\n\nYour address book can keep it."
        )
        mailings.held(unit, agent, reason, instruction, text)
    return _finished(case, unit)


def _put_aside(case: Case, why: str) -> int:
    unit = begin(case, "somebody", None, case.reading.mail.subject)
    actions.set_state(unit, ConversationState.CLOSED, "nobody waits for an answer")
    unit.record("ignored", why)
    return _finished(case, unit)


def _finished(case: Case, unit: Unit) -> int:
    case.remember_ids(unit.number)
    unit.told.clear()
    unit.finish()
    return unit.number


def _what_is_missing(case: Case) -> str | None:
    if case.decision.agent is not None:
        return None
    if case.decision.token is None:
        return "Anybody can write to that address: it proves nothing."
    if case.decision.expired_token:
        return "The address that it was sent to has expired."
    return "The address that it was sent to is a colleague's."


def _words(mail: ParsedMail) -> str:
    """Return what the agent newly wrote, with nothing of a mail of ours in it."""
    above, found = cut_at_marker(mail.text, MARKER)
    html = None if found else mail.html
    return split_reply(above, html, keep_sign_off=True).reply_text.strip()


def _parsed(case: Case, agent: Agent) -> Parsed:
    return parse_tags(_words(case.reading.mail), tag_context(case, agent))
