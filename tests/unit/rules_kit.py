"""What the tests of rules share: rules from text, and facts with little ado."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inboxd.mail.model import Address
from inboxd.rules.evaluate import evaluate
from inboxd.rules.facts import ConversationFacts, Facts, MessageFacts, WholeMail
from inboxd.rules.loader import Known, RuleSet, read_rules
from inboxd.yaml_positions import parse_yaml

KNOWN = Known(
    agents=frozenset({"anna", "ben"}),
    teams=frozenset({"support-team", "billing"}),
    mailboxes=frozenset({"support", "sales"}),
    canned=frozenset({"received", "refund-received", "still-there"}),
    skills={"billing": frozenset({"returns", "german"})},
)


def rules(text: str) -> RuleSet:
    raw = textwrap.dedent(text).encode()
    return read_rules([parse_yaml(raw, Path("rules.yaml"))], KNOWN)


def address(text: str) -> Address:
    """`jo@x.example` or `Jo Doe <jo@x.example>`."""
    name, bracket, rest = text.rpartition("<")
    return Address(name.strip(), rest.rstrip(">")) if bracket else Address("", text)


def message(
    subject: str = "Hello",
    body: str = "Some words.",
    *,
    text: str | None = None,
    sender: str | list[str] = "jo@mail.example",
    to: list[str] | None = None,
    cc: list[str] | None = None,
) -> MessageFacts:
    senders = [sender] if isinstance(sender, str) else sender
    return MessageFacts(
        from_=tuple(map(address, senders)),
        to=tuple(map(address, ["support@shop.example"] if to is None else to)),
        cc=tuple(map(address, cc or [])),
        subject=subject,
        reply_text=body,
        whole=lambda: WholeMail(text=body if text is None else text),
    )


def facts(
    mail: MessageFacts | None = None,
    *,
    event: str = "message.received",
    mailbox: str = "support",
    also: tuple[str, ...] = (),
    **conversation: Any,
) -> Facts:
    return Facts(event, mailbox, ConversationFacts(1042, **conversation), mail, also)


def holds(condition: str, seen: Facts) -> bool:
    """Whether one rule with this `if` (flow style) matches."""
    (step,) = _asked(condition, seen).trace
    return step.matched


def why(condition: str, seen: Facts) -> str:
    (step,) = _asked(condition, seen).trace
    return step.why


def caught(condition: str, seen: Facts) -> Mapping[str, str]:
    """What the named groups of the patterns in this `if` caught."""
    (step,) = _asked(condition, seen).trace
    return step.verdict.match


def _asked(condition: str, seen: Facts) -> Any:
    text = f"- name: r\n  when: {seen.event}\n  if: {condition}\n  then: {{tag: x}}\n"
    return evaluate(rules(text), seen)
