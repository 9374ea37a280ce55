"""Puts a mail about a list of conversations, rather than about one, into the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from inboxd.config import Agent
from inboxd.conversations.tokens import NO_CONVERSATION, Purpose
from inboxd.desk.rendering import render
from inboxd.desk.shop import Desk, Shop
from inboxd.desk.view_lists import hears_of
from inboxd.mail.compose import compose
from inboxd.mail.drafts import encode_draft
from inboxd.mail.model import Address
from inboxd.mail.outgoing import OutgoingMail
from inboxd.store import outbox
from inboxd.templates.contexts import BaseContext, TemplateName

TOKEN_LIFE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Post:
    """What a mail to an agent is sent with: the agent's list `digest`, from `desk`."""

    connection: sa.Connection
    shop: Shop
    desk: Desk
    agent: Agent
    digest: int
    now: datetime

    @property
    def root(self) -> str:
        """The Message-ID of the list itself."""
        return self._message_id(f"digest:{self.digest}")

    def send(
        self, template: TemplateName, context: BaseContext, effect: str, answers: str | None = None
    ) -> bool:
        """Queue a mail; returns False where its effect has been queued before.

        `answers` is the id of the agent's mail that it answers, None for the list itself.
        """
        desk, agent = self.desk, self.agent
        rendered = render(self.connection, self.shop, self.now, template, context)
        mail = OutgoingMail(
            from_=Address(f"inboxd via {desk.shown}", desk.mailbox.address),
            to=(Address(agent.shown, agent.address),),
            reply_to=Address(f"{desk.shown} list", self._reply_address()),
            subject=rendered.subject,
            message_id=self._message_id(effect),
            in_reply_to=answers,
            references=() if answers is None else tuple(dict.fromkeys((self.root, answers))),
            date=self.now,
            text=rendered.text,
            html=rendered.html,
            automatic="auto-generated",
            headers=(("X-Loop", desk.mailbox.address),),
        )
        return outbox.add(
            self.connection,
            outbox.NewMail(
                effect_key=effect,
                kind=template,
                mailbox=desk.name,
                conversation=None,
                message_id=mail.message_id,
                envelope_from="",  # it tells what is so anyway: a bounce would be of no use
                recipients=(agent.address,),
                draft=encode_draft(compose(mail)),
                created_at=self.now,
                not_before=self.now,
            ),
        )

    def _reply_address(self) -> str:
        expires = (self.now + TOKEN_LIFE).date()
        party = f"agent:{self.agent.name}"
        key = self.shop.key
        token = key.token(Purpose.DIGEST, self.desk.name, self.digest, party, expires)
        return self.desk.pattern.format(self.desk.mailbox.address, token)

    def _message_id(self, effect: str) -> str:
        desk = self.desk
        return self.shop.key.message_id(desk.name, desk.domain, NO_CONVERSATION, effect)


def desk_of(shop: Shop, agent: Agent) -> Desk:
    """Return the mailbox from which an agent gets lists.

    One whose answers find their way back goes before one without reply addresses, and one of whose
    mail the agent hears before others.
    """
    heard = hears_of(shop.config, agent)
    desks = list(shop.desks.values())
    return min(desks, key=lambda desk: (not desk.pattern.local, desk.name not in heard))
