"""Mail that rules send: canned replies to the customer, and the customer's mail to outsiders."""

from __future__ import annotations

from datetime import timedelta

from inboxd.desk import automail, canned_replies, side_threads
from inboxd.desk.facts import of_message
from inboxd.desk.people import is_ours
from inboxd.desk.trouble import alert
from inboxd.desk.unit import Unit
from inboxd.errors import ConfigError
from inboxd.mail.people import is_deliverable, one_address
from inboxd.rules import effects as do
from inboxd.store import side_threads as store
from inboxd.store.messages import MessageRecord

_MOST_MARKS = 20


def send_canned(
    unit: Unit, effect: do.SendCanned, last_inbound: MessageRecord | None
) -> str | None:
    """Answer the customer with a canned reply; returns why not, where automatic mail may not go."""
    why_not = automail.refusal(unit, effect.rule, last_inbound, repeat=effect.repeat)
    if "@" not in unit.conversation.contact_address:
        why_not = why_not or "nobody is known whom it could go to"
    if why_not is None:
        try:
            key = f"rule:{effect.rule}:{effect.index}"
            canned_replies.send(unit, effect.name, effect.rule, key, dict(effect.match))
            return None
        except ConfigError as error:  # a fault of the shop's words must not cost the mail
            why_not = f"it cannot be filled in: {error.faults[0].message}"
            _tell_admin(unit, effect, error)
    unit.record("auto_reply.withheld", f"{effect.name}: {why_not}")
    return f"{effect.name} was not sent: {why_not}"


def forward(unit: Unit, effect: do.Forward, last_inbound: MessageRecord | None) -> str | None:
    """Send the customer's last mail on to people outside; returns why not, where it was not."""
    if unit.quiet:
        return "it was not forwarded: history is never sent"
    if last_inbound is None:
        return "it was not forwarded: there is no mail of the customer's"
    outside = [each for each in effect.addresses if not is_ours(unit.shop, each)]
    if not outside:
        return "it was not forwarded: the address is one of our own"
    held = [each for each in outside if _goes_round(unit, each, last_inbound)]
    outside = [each for each in outside if each not in held]
    key = f"rule:{effect.rule}:{effect.index}"
    loops = _loop_marks(unit, last_inbound)
    side_threads.forward_for_rule(unit, effect.rule, outside, last_inbound, key, loops)
    if not held:
        return None
    unit.record("forward.withheld", f"to {', '.join(held)}: it may be going round in circles")
    return f"it was not forwarded to {', '.join(held)}: it may be going round in circles"


def _goes_round(unit: Unit, address: str, news: MessageRecord) -> bool:
    """Whether a mail came from where it would go, or too much has gone there of late."""
    if news.author.key == address.casefold():
        return True
    most = unit.shop.config.auto_mail.forwards_hour
    since = unit.now - timedelta(hours=1)
    if store.begun_by_rules(unit.connection, address, since) < most:
        return False
    alert(
        unit.connection,
        unit.shop,
        unit.now,
        key=f"forward:{address}",
        title=f"Mail is not forwarded to {address} for a while",
        summary=f"Rules have forwarded mail of {most} conversations there within an hour.",
        details=(("address", address), ("conversation", f"#{unit.number}")),
        advice="If that is right, let auto_mail.forwards_hour be more.",
    )
    return True


def _loop_marks(unit: Unit, news: MessageRecord) -> tuple[str, ...]:
    """Return the addresses that a mail has come by, which know it again by their marks."""
    message = of_message(unit.connection, news)
    marks = message.whole().headers.get_all("X-Loop") if message is not None else []
    found = [address.address for each in marks[:_MOST_MARKS] if (address := one_address(each))]
    return tuple(each for each in dict.fromkeys(found) if is_deliverable(each))


def _tell_admin(unit: Unit, effect: do.SendCanned, error: ConfigError) -> None:
    alert(
        unit.connection,
        unit.shop,
        unit.now,
        key=f"canned:{effect.name}",
        title="A canned reply cannot be filled in",
        summary="A rule wanted to send it, and nothing was sent.",
        details=(
            ("rule", effect.rule),
            ("conversation", f"#{unit.number}"),
            *(("fault", str(fault)) for fault in error.faults[:5]),
        ),
        advice="Let the canned reply do without the value, or let the rule set it.",
    )
