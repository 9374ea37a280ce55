"""A canned reply as its reader would get it: shown, and nothing sent or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from inboxd.config import Agent
from inboxd.desk import canned_replies, mailings, shown
from inboxd.desk.shop import Shop
from inboxd.desk.unit import Unit
from inboxd.errors import Permanent
from inboxd.store import conversations, merges
from inboxd.templates.canned_attachments import CannedAttachment
from inboxd.templates.contexts import BaseContext, TemplateName


@dataclass(frozen=True, slots=True)
class Preview:
    """The mail that a canned reply would make. `language` may be empty: nobody has said it."""

    name: str
    title: str
    language: str
    to: str
    subject: str
    text: str
    html: str
    attachments: tuple[CannedAttachment, ...]

    def view(self) -> dict[str, Any]:
        """Return it for scripts."""
        return {
            "name": self.name,
            "title": self.title,
            "language": self.language or None,
            "to": self.to,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "attachments": [
                {
                    "filename": each.filename,
                    "content_type": each.content_type,
                    "size": each.size,
                    "sha256": each.sha256.hex(),
                }
                for each in self.attachments
            ],
        }


def preview(
    connection: sa.Connection,
    shop: Shop,
    now: datetime,
    name: str,
    number: int,
    *,
    language: str | None = None,
    agent: Agent | None = None,
    values: Mapping[str, str] | None = None,
) -> Preview:
    """Return the canned reply `name` as the customer of conversation `number` would get it.

    With an `agent` it is the agent's answer that consists of it; else the automatic mail that a
    rule would send. `values` stand for what a rule's patterns would catch and an agent would give.
    Raises `Permanent` where there is no such conversation, ConfigError where it cannot be filled.
    """
    number = merges.survivor(connection, number)
    conversation = conversations.get(connection, number)
    if conversation is None or conversation.mailbox not in shop.desks:
        raise Permanent(f"there is no conversation #{number}")
    unit = Unit(connection, shop, conversation, now=now, cause="preview", actor="preview")
    given = dict(values or {})
    canned = canned_replies.filled(unit, name, agent, given, given, language)
    template: TemplateName = "auto_reply" if agent is None else "reply"
    context: BaseContext = (
        canned_replies.auto_reply(unit, canned)
        if agent is None
        else mailings.reply_context(unit, agent, canned.text.strip(), canned.html)
    )
    mail = shop.renderer.render(template, context)
    return Preview(
        name,
        shop.canned.title(name),
        canned.language,
        str(shown.customers(unit)[0][0]),
        mail.subject,
        mail.text,
        mail.html,
        canned.attachments,
    )
