"""Contexts to try templates with: one in which everything is said, one in which little is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from inboxd.templates.contexts import (
    ActionLink,
    AlertContext,
    AnsweredContext,
    AttachmentLine,
    AutoReplyContext,
    BaseContext,
    DigestContext,
    DigestGroup,
    DigestLine,
    DigestReceiptContext,
    ForwardContext,
    HeldContext,
    HistoryEntry,
    NotificationContext,
    Person,
    ReceiptContext,
    ReplyContext,
    SideContext,
    TagError,
    TemplateName,
    WaitingContext,
)

_EVA: Final = Person("Eva Kunde", "eva@customer.example")
_FILES: Final = (
    AttachmentLine("invoice 4711.pdf", "120 kB"),
    AttachmentLine("photo of the box.jpg", "2.1 MB"),
)
_CHEAT_SHEET: Final = """\
#close          close the conversation
#assign anna    give it to somebody
#note           keep this text among ourselves
#snooze 3d      let it rest for a while"""

_CLOSE: Final = "support+aqaqgba5mnmqvvnc2wdrxmhgcu6zyd3e"
_BEN: Final = "support+aqaqgbbyd2vv4txdtyx2tnc5pqhlw7ma"
_NEW: Final = "support+ouaqdfkfm62lyq7ccxfnhhg2kx2a5bsm"
_ACTIONS: Final = (
    ActionLink(
        "Close",
        f"{_CLOSE}@shop.example",
        f"mailto:{_CLOSE.replace('+', '%2B')}@shop.example?subject=Close%3A%20%231042",
    ),
    ActionLink(
        "Assign to Ben",
        f"{_BEN}@shop.example",
        f"mailto:{_BEN.replace('+', '%2B')}@shop.example?subject=Assign%20to%20Ben%3A%20%231042",
    ),
)

_NOTIFICATION_FULL: Final = NotificationContext(
    shop_name="Example Shop",
    agent_name="Anna",
    number=1042,
    subject="Where is my order 4711?",
    state="open",
    assignee="Anna",
    team="support-team",
    priority="high",
    tags=("refund", "vip"),
    mailbox_name="support",
    customer=_EVA,
    opened="3 h ago",
    reason="You get this because the conversation is assigned to you.",
    cheat_sheet=_CHEAT_SHEET,
    due="Answer due today 16:00 (in 2 h)",
    new_text=(
        "Hello,\n\nI ordered on Monday and was told it would be here by Thursday:\n"
        "https://shop.example/orders/4711?lang=en\n\n"
        "> Your parcel is on its way.\n\nIt is not. Can I have my money back?\n\nEva"
    ),
    elided_text="-- \nEva Kunde\nBergstraße 1",
    attachments=_FILES,
    history=(
        HistoryEntry("Eva Kunde", "2 days ago", "When will it arrive?", "inbound"),
        HistoryEntry("Anna", "2 days ago", "On Thursday.\n\nAnna", "outbound"),
        HistoryEntry("Ben", "yesterday", "The carrier has lost three parcels.", "note"),
    ),
    actions=_ACTIONS,
    begin=ActionLink(
        "New", f"{_NEW}@shop.example", f"mailto:{_NEW.replace('+', '%2B')}@shop.example"
    ),
)

SAMPLES: Final[Mapping[TemplateName, tuple[BaseContext, ...]]] = {
    "notification": (
        _NOTIFICATION_FULL,
        NotificationContext(
            agent_name="Anna",
            number=1,
            subject="",
            mailbox_name="support",
            customer=Person("", "eva@customer.example"),
            opened="just now",
            reason="No answer was sent within 4 hours.",
            cheat_sheet="",
        ),
    ),
    "reply": (
        ReplyContext(
            shop_name="Example Shop",
            subject="Where is my order 4711?",
            text="Hello Eva,\n\nit arrives tomorrow:\nhttps://carrier.example/1\n\n> Where is it?",
            html="<p>Hello Eva,</p><p>it arrives <em>tomorrow</em>.</p>",
            signature="Anna\nExample Shop",
            agent_name="Anna",
            subject_tag="[#1042]",
        ),
        ReplyContext(subject="", text="Yes."),
    ),
    "auto_reply": (
        AutoReplyContext(
            shop_name="Example Shop",
            subject="Where is my order 4711?",
            text="Thank you for your mail.\n\n- We read everything.",
            html="<p>Thank you for your mail.</p><ul><li>We read everything.</li></ul>",
            canned_subject="We have your mail",
            signature="Example Shop",
            subject_tag="[#1042]",
        ),
        AutoReplyContext(subject="", text="Thank you."),
    ),
    "receipt": (
        ReceiptContext(
            agent_name="Anna",
            number=1042,
            subject="Where is my order 4711?",
            errors=(
                TagError("#colse", "There is no such tag.", "#close"),
                TagError("#snooze", "Say until when."),
            ),
            original_text="#colse\n#snooze\n\nHello Eva,\n\nit arrives tomorrow.",
        ),
        ReceiptContext(
            agent_name="Anna",
            number=1042,
            subject="Where is my order 4711?",
            state="closed",
            done=("answer sent to eva@customer.example", "closed"),
            told="#1042 open\n  Where is my order 4711?",
            undo=ActionLink("Undo", "s+x@shop.example", "mailto:s+x@shop.example?subject=Undo"),
        ),
    ),
    "answered": (
        AnsweredContext(
            agent_name="Ben",
            number=1042,
            subject="Where is my order 4711?",
            state="pending",
            assignee="Anna",
            who="Anna",
            when="just now",
            customer=_EVA,
            text="Hello Eva,\n\nit arrives tomorrow.",
            attachments=_FILES,
        ),
        AnsweredContext(
            agent_name="Ben",
            number=1,
            subject="",
            who="Anna",
            when="just now",
            customer=Person("", "eva@customer.example"),
            text="Yes.",
        ),
    ),
    "alert": (
        AlertContext(
            shop_name="Example Shop",
            title="A mail could not be delivered",
            summary="The server of customer.example refuses it for good.",
            details=(("Conversation", "#1042"), ("Recipient", "eva@customer.example")),
            advice="Ask the customer for another address, then: inboxd outbox retry 17",
        ),
        AlertContext(title="A mailbox is silent", summary="No connection for 15 minutes."),
    ),
    "held": (
        HeldContext(
            agent_name="Anna",
            number=1042,
            subject="Where is my order 4711?",
            reason="it did not come through the address that is yours alone.",
            instruction="To carry it out, answer this mail with the line\n\n#confirm",
            text="#close\n\nYou get your money back.",
        ),
        HeldContext(
            agent_name="Anna",
            number=1042,
            subject="Where is my order 4711?",
            reason="It forwards 2 mails, and it is not clear whose it is.",
            instruction="Who is the customer? Answer this mail with #to and the address.",
            text="Hello,\n\nwhere is it?",
            proven=True,
        ),
    ),
    "forward": (
        ForwardContext(
            shop_name="Example Shop",
            subject="Fwd: Where is my order 4711?",
            text="Hello,\n\nwhere is this parcel?",
            signature="Anna\nExample Shop",
            sender="Eva Kunde <eva@customer.example>",
            date="Mon 2030-05-06 10:00",
            forwarded="Where is my order 4711?",
        ),
        ForwardContext(subject="", text="Yes."),
    ),
    "side": (
        SideContext(
            agent_name="Anna",
            number=1042,
            subject="Where is my order 4711?",
            writer=Person("Carrier", "desk@carrier.example"),
            answers_to="desk@carrier.example",
            text="It is in the depot.",
            attachments=_FILES,
        ),
        SideContext(
            agent_name="Anna",
            number=1,
            subject="",
            writer=Person("", "desk@carrier.example"),
            answers_to="desk@carrier.example",
            text="",
        ),
    ),
    "waiting": (
        WaitingContext(
            agent_name="Anna",
            number=1042,
            subject="Where is my order 4711?",
            state="pending",
            who="Ben",
            when="40 s ago",
            customer=_EVA,
            text="Hello Eva,\n\nit arrives tomorrow.",
            original_text="Hello Eva,\n\nit left yesterday.\n\n#close",
            actions=(
                ActionLink(
                    "Send anyway", "support+a1@shop.example", "mailto:support+a1@shop.example"
                ),
                ActionLink("Discard", "support+a2@shop.example", "mailto:support+a2@shop.example"),
            ),
        ),
        WaitingContext(
            agent_name="Anna",
            number=1,
            subject="",
            who="Ben",
            when="just now",
            customer=Person("", "eva@customer.example"),
            text="Yes.",
            original_text="No.",
        ),
    ),
    "digest": (
        DigestContext(
            shop_name="Example Shop",
            title="3 conversations wait for you, Mon 06 May",
            groups=(
                DigestGroup(
                    "Yours",
                    (
                        DigestLine(
                            1,
                            1042,
                            "Where is my order 4711?",
                            "Eva Kunde  ·  open, 2 days ago  ·  anna  ·  high",
                        ),
                        DigestLine(2, 1040, "Invoice", "Tom  ·  open, 3 h ago  ·  anna"),
                    ),
                ),
                DigestGroup(
                    "Nobody's yet",
                    (
                        DigestLine(
                            3, 1051, "(no subject)", "eva@customer.example  ·  open, just now"
                        ),
                    ),
                ),
            ),
            left_out=12,
        ),
        DigestContext(title="0 conversations in overdue", answerable=False),
    ),
    "digest_receipt": (
        DigestReceiptContext(
            shop_name="Example Shop",
            done=("1: #1042 Closed.", "2: #1040 Assigned to ben."),
        ),
        DigestReceiptContext(
            errors=(
                TagError("1 colse", "there is no tag #colse", "1 close"),
                TagError("9 close", "the list has 3 lines"),
            ),
            original_text="1 colse\n9 close",
        ),
        DigestReceiptContext(
            reason="Its From is not the agent's address.", original_text="1 close"
        ),
    ),
}
