"""Mail from agents: proof of identity, reply tags, and the answer on its way to the customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from inboxd.config import Agent
from inboxd.conversations import commands as ask
from inboxd.conversations.tags import Parsed, parse_tags
from inboxd.conversations.tokens import Purpose
from inboxd.desk import actions, leaks, mailings, ruling
from inboxd.desk.case import Case, add_agents, send_notifications
from inboxd.desk.mailings import Answer
from inboxd.desk.obey import obey, send_answer
from inboxd.desk.unit import Unit
from inboxd.errors import ConfigError
from inboxd.mail.auth_results import authenticated
from inboxd.mail.model import Attachment, Kind
from inboxd.mail.outgoing import MARKER
from inboxd.mail.quotes import cut_at_marker, split_reply
from inboxd.store import messages, outbox
from inboxd.store.conversations import ConversationRecord
from inboxd.templates.contexts import TagError

_LOGO_BYTES = 10_000
_CRYPTO = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-")
_MOST_ASKED, _ASKED_WITHIN = 5, timedelta(hours=1)
_BELOW = "it stands below the marked line, where nothing is read; write it above"
_CONFIRM = (
    "Nothing was sent and nothing has changed. If it was you, answer this mail from your "
    "configured address and write the text again; if not, tell your admin."
)


@dataclass(frozen=True, slots=True)
class _Mail:
    """An agent's mail, reduced to what the agent newly wrote."""

    agent: Agent
    words: str
    attachments: tuple[Attachment, ...]


def take(case: Case, conversation: ConversationRecord) -> int:
    """Act on an agent's mail to a conversation; returns the conversation's number."""
    proven = case.decision.agent
    claimed = proven or case.reading.keys.agent or _holder(case)
    agent = case.shop.config.agent(claimed or "")
    unit = case.unit(conversation, claimed or "somebody")
    kind = case.reading.verdict.kind
    if kind not in (Kind.AGENT, Kind.CUSTOMER, Kind.EMPTY, Kind.LIST):
        unit.record("ignored", f"{kind.value} from {claimed}: never reaches a customer")
    elif kind is Kind.LIST:
        _hold(case, unit, agent, "It came through a mailing list.")
    elif agent is None or proven is None:
        _hold(case, unit, agent, _what_is_missing(case))
    elif (doubt := _doubt(case, agent)) is not None:
        _hold(case, unit, agent, doubt)
    else:
        _obey(case, unit, _own_words(case, agent))
    case.remember_ids(unit.number)
    unit.told.clear()
    unit.finish()
    return unit.number


def _holder(case: Case) -> str | None:
    """Return the agent for whom the mail's reply address was made, whoever writes to it."""
    key = case.shop.key
    tokens = [found.token for found in case.reading.keys.tokens]
    return next(
        (
            agent.name
            for token in tokens
            for agent in case.shop.config.agents
            if token.purpose is Purpose.AGENT and key.is_for(token, f"agent:{agent.name}")
        ),
        None,
    )


def _what_is_missing(case: Case) -> str:
    if case.decision.expired_token:
        return "The reply address that it was sent to has expired."
    if case.reading.keys.agent is None:
        return "It came to an agent's reply address, from an address that is no agent's."
    return "It bears an agent's address but was not sent to that agent's own reply address."


def _doubt(case: Case, agent: Agent) -> str | None:
    """Return why the sender may not be the agent: an unclear From, or one without a pass."""
    if any(defect.startswith("from:") for defect in case.reading.mail.defects):
        return "Its From line is not clear."
    ids = tuple(case.shop.config.trust.authserv_ids)
    author = case.reading.mail.author
    if not ids:
        return None
    if author is None or not agent.writes_from(author.address):
        return "Its From is not the agent's address."
    verdict = authenticated(case.reading.mail, author.domain, ids)
    return None if verdict.passed else f"The sender is not authenticated: {verdict.reason}."


def _hold(case: Case, unit: Unit, agent: Agent | None, reason: str) -> None:
    """Keep the mail as a private note that does nothing, and ask the agent whose name it bears."""
    text = case.reading.mail.reply_text or case.reading.mail.text
    author = case.reading.mail.author
    sender = author.address if author else "an unclear sender"
    # Not under the agent's name: colleagues read the note, and it may be anybody's.
    actions.add_note(unit, f"{sender} (held, not proven)", text, kind="held")
    unit.record("held", f"mail from {sender}: {reason}")
    if agent is None or unit.quiet:
        return
    asked = outbox.count(unit.connection, unit.number, "held", unit.now - _ASKED_WITHIN)
    if asked < _MOST_ASKED:  # an agent's answering machine must not go on for ever
        mailings.held(unit, agent, reason, _CONFIRM, text)


def _own_words(case: Case, agent: Agent) -> _Mail:
    """Return what the agent newly wrote, with nothing of the notification in it."""
    mail = case.reading.mail
    above, found = cut_at_marker(mail.text, MARKER)
    html = None if found else mail.html
    words = split_reply(above, html, keep_sign_off=True).reply_text
    return _Mail(agent, words.strip(), tuple(a for a in mail.attachments if _is_meant(a)))


def _is_meant(attachment: Attachment) -> bool:
    """Whether an attachment is for the customer: no mail signature, no logo of a signature."""
    if attachment.content_type.startswith(_CRYPTO):
        return False
    logo = attachment.inline and attachment.content_id and attachment.size < _LOGO_BYTES
    return not logo


def _obey(case: Case, unit: Unit, mail: _Mail) -> None:
    """Do what the mail asks for: all of it, or (with a mistake in it) none of it."""
    config = case.shop.config
    context = ask.TagContext(
        agents=[agent.name for agent in config.agents],
        teams=list(config.teams),
        canned=list(case.shop.canned.names),
        me=mail.agent.name,
        now=case.now,
        zone=config.zone(case.desk.mailbox, mail.agent),
        has_files=any(not each.inline for each in mail.attachments),
    )
    parsed = parse_tags(mail.words, context)
    add_agents(unit, [mail.agent])
    errors = [TagError(e.line, e.reason, e.suggestion or "") for e in parsed.errors]
    below = leaks.words_below(unit, case.reading.mail)
    errors = errors or [TagError(line[:100], _BELOW) for line in below[:3]]
    errors = errors or _obstacles(case, unit, mail, parsed)
    if errors:
        unit.record("refused", "; ".join(f"{error.line}: {error.reason}" for error in errors)[:500])
        original = "\n\n".join(filter(None, (mail.words, "\n".join(below))))
        mailings.receipt(unit, mail.agent, errors=errors, original=original)
        return
    before = unit.conversation.state
    answered = _answer(case, unit, mail, parsed)
    done = [
        *answered,
        *(obey(unit, command, mail.agent, parsed.body) for command in parsed.commands),
    ]
    last = messages.last_inbound(unit.connection, unit.number)
    ruling.follow_state(unit, before, ruling.message_facts(last), last)
    asks = any(isinstance(command, ask.Help) for command in parsed.commands)
    if asks or (parsed.commands and case.desk.mailbox.receipts == "all"):
        lines = [line for each in done for line in each.splitlines() if line]
        mailings.receipt(unit, mail.agent, done=lines)
    send_notifications(unit, last)


def _obstacles(case: Case, unit: Unit, mail: _Mail, parsed: Parsed) -> list[TagError]:
    """Return what stands in the way of sending an answer that is well written."""
    sends = parsed.answers or _files_alone(mail, parsed)
    if not sends and not parsed.commands and not mail.attachments:
        return [TagError("", "the mail has no text and no tags of yours")]
    if not sends:
        return []
    if "@" not in unit.conversation.contact_address:
        return [TagError("", "the customer's mail has no address to answer to")]
    try:
        _canned_texts(unit, mail.agent, parsed)
    except ConfigError as error:
        return [TagError("#canned", f"it cannot be filled in: {error.faults[0].message}")]
    leak = leaks.find(unit, case.reading.mail, parsed.body)
    if leak is not None:
        return [TagError(leak[:100], "this line of our notification stands in your answer; cut it")]
    return []


def _answer(case: Case, unit: Unit, mail: _Mail, parsed: Parsed) -> list[str]:
    """Send the answer, if there is one; returns what was done."""
    if not parsed.answers and not _files_alone(mail, parsed):
        return []
    text = "\n\n".join([parsed.body, *_canned_texts(unit, mail.agent, parsed)]).strip()
    answer = Answer(mail.agent, text, mail.attachments, alone=parsed.to_contact_alone)
    return [send_answer(unit, answer)]


def _files_alone(mail: _Mail, parsed: Parsed) -> bool:
    """Whether the mail's files are its answer. Pictures beside tags belong to a signature."""
    if parsed.is_note:
        return False
    return any(not (parsed.commands and each.inline) for each in mail.attachments)


def _canned_texts(unit: Unit, agent: Agent, parsed: Parsed) -> list[str]:
    context = mailings.canned_context(unit, agent, {})
    return [
        unit.shop.canned.render(command.name, None, context).text.strip()
        for command in parsed.commands
        if isinstance(command, ask.Canned)
    ]
