"""Renders the shop's mails; a fault in one of its own templates holds no mail up."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from inboxd.desk.shop import Shop
from inboxd.desk.trouble import alert
from inboxd.errors import ConfigError
from inboxd.templates.contexts import BaseContext, TemplateName
from inboxd.templates.render import Rendered


def render(
    connection: sa.Connection,
    shop: Shop,
    now: datetime,
    template: TemplateName,
    context: BaseContext,
) -> Rendered:
    """Render a mail; where the shop's own template fails on it, the shipped one has to do.

    The admin is told. A customer's mail must not wait for a template to be mended.
    """
    try:
        return shop.renderer.render(template, context)
    except ConfigError as error:
        alert(
            connection,
            shop,
            now,
            key=f"template:{template}",
            title=f"The template {template} failed",
            summary="A mail was written with the shipped template in its place.",
            details=tuple(("fault", str(fault)) for fault in error.faults[:5]),
            advice="Mend the file in the templates folder; inboxd check",
        )
        return shop.shipped_templates.render(template, context)
