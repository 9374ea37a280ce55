"""Contexts to try templates with: one in which everything is said, one in which little is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from inboxd.templates.contexts import (
    AlertContext,
    AnsweredContext,
    AttachmentLine,
    AutoReplyContext,
    BaseContext,
    HeldContext,
    HistoryEntry,
    NotificationContext,
    Person,
    ReceiptContext,
    ReplyContext,
    TagError,
    TemplateName,
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
    ),
}
