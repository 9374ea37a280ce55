"""Mail that rules send: canned replies to the customer, and the customer's mail to outsiders."""

from __future__ import annotations

from inboxd.desk import automail, canned_replies, side_threads
from inboxd.desk.people import is_ours
from inboxd.desk.trouble import alert
from inboxd.desk.unit import Unit
from inboxd.errors import ConfigError
from inboxd.rules import effects as do
from inboxd.store.messages import MessageRecord


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
    key = f"rule:{effect.rule}:{effect.index}"
    side_threads.forward_for_rule(unit, effect.rule, outside, last_inbound, key)
    return None


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
