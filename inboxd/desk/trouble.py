"""Words to the admin when something needs a hand."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from inboxd.conversations.tokens import NO_CONVERSATION
from inboxd.desk.shop import Desk, Shop
from inboxd.mail.compose import compose
from inboxd.mail.drafts import encode_draft
from inboxd.mail.model import Address
from inboxd.mail.outgoing import OutgoingMail
from inboxd.store import folders, outbox
from inboxd.store.db import is_database_fault
from inboxd.store.statements import Savepoint
from inboxd.templates.contexts import AlertContext

_log = structlog.get_logger(__name__)
_EVERY = timedelta(hours=12)


def alert(
    connection: sa.Connection,
    shop: Shop,
    now: datetime,
    *,
    key: str,
    title: str,
    summary: str,
    details: tuple[tuple[str, str], ...] = (),
    advice: str = "",
    every: timedelta = _EVERY,
) -> bool:
    """Write to the admins, unless they were told of `key` a short while ago.

    What cannot be written is logged: a broken template must not add to the trouble.
    """
    desk = next(iter(shop.desks.values()))
    context = AlertContext(
        shop_name=desk.shown, title=title, summary=summary, details=details, advice=advice
    )
    try:
        with Savepoint(connection):
            may = folders.may_alert(connection, key, now, every)
            return may and _queue(connection, shop, desk, context, now, key)
    except Exception as error:
        if is_database_fault(error):
            raise
        _log.error("alert.failed", key=key, error=type(error).__name__)
        return False


def _queue(
    connection: sa.Connection,
    shop: Shop,
    desk: Desk,
    context: AlertContext,
    now: datetime,
    key: str,
) -> bool:
    addresses = shop.config.admin_addresses
    if not addresses:
        return False
    subject, text, html = _words(shop, context)
    effect = f"alert:{key}:{now.isoformat()}"
    message_id = shop.key.message_id(desk.name, desk.domain, NO_CONVERSATION, effect)
    mail = OutgoingMail(
        from_=Address("inboxd", desk.mailbox.address),
        to=tuple(Address("", address) for address in addresses),
        subject=subject,
        message_id=message_id,
        date=now,
        text=text,
        html=html,
        automatic="auto-generated",
    )
    return outbox.add(
        connection,
        outbox.NewMail(
            effect_key=effect,
            kind="alert",
            mailbox=None,
            conversation=None,
            message_id=message_id,
            envelope_from="",
            recipients=addresses,
            draft=encode_draft(compose(mail)),
            created_at=now,
            not_before=now,
        ),
    )


def _words(shop: Shop, context: AlertContext) -> tuple[str, str, str | None]:
    """Return the mail's subject, text and HTML.

    The words about a trouble must not undo the transaction that records it, so where the shop's
    own template fails, the bare facts have to do.
    """
    try:
        rendered = shop.renderer.render("alert", context)
    except Exception as error:  # a template may raise anything
        _log.error("alert.template_failed", error=type(error).__name__)
        facts = [f"{name}: {value}" for name, value in context.details]
        paragraphs = [context.summary, "\n".join(facts), context.advice]
        text = "\n\n".join(each for each in paragraphs if each)
        return f"[{context.shop_name}] {context.title}", text, None
    return rendered.subject, rendered.text, rendered.html
