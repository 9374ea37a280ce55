"""Whatever a mail says, it has a kind, the same one each time, and no bad kind is answered."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inboxd.mail.auth_results import authenticated
from inboxd.mail.classify import ANSWERABLE, TrustPolicy, classify
from inboxd.mail.delivery_status import read_delivery_status
from inboxd.mail.mime import parse

TRUST = TrustPolicy(
    own_addresses=frozenset({"support@shop.example"}),
    agent_addresses=frozenset({"anna@shop.example"}),
)
NAMES = [
    "From",
    "To",
    "Cc",
    "Reply-To",
    "Subject",
    "Return-Path",
    "Received",
    "Auto-Submitted",
    "Precedence",
    "X-Loop",
    "List-Id",
    "List-Post",
    "List-Unsubscribe",
    "X-Spam-Flag",
    "X-Autoreply",
    "X-Auto-Response-Suppress",
    "X-Mailer",
    "X-Failed-Recipients",
    "Content-Type",
    "In-Reply-To",
    "Message-ID",
    "Authentication-Results",
]
VALUES = [
    "",
    "<>",
    "yes",
    "no",
    "auto-replied",
    "bulk",
    "MAILER-DAEMON@relay.example",
    "support@shop.example",
    "anna@shop.example",
    "Out of office: x",
    "Undelivered Mail Returned to Sender",
    "mx.shop.example; dkim=pass header.d=shop.example",
    'multipart/report; report-type=delivery-status; boundary="b"',
    'multipart/report; report-type=disposition-notification; boundary="b"',
]
fields = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES) | st.text()), max_size=9
)
bodies = st.sampled_from(
    [
        "Your message could not be delivered to <carol@firm.example>: 550 5.1.1 no",
        "--b\r\n\r\nx\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\n--b--",
    ]
) | st.text(max_size=300)


@given(fields, bodies, st.sampled_from([None, "", "carol@firm.example"]))
def test_every_mail_has_one_kind(
    head: list[tuple[str, str]], body: str, envelope: str | None
) -> None:
    lines = [f"{name}: {value}" for name, value in head]
    raw = "\r\n".join([*lines, "", body]).encode("utf-8", "surrogatepass")
    mail = parse(raw)
    found = classify(mail, TRUST, envelope, raw)
    assert found == classify(mail, TRUST, envelope, raw)
    assert found.kind in ANSWERABLE or not found.may_answer
    assert not (envelope == "" and found.may_answer)
    for reason in found.reasons:
        reason.encode()
    for recipient in found.bounce.recipients if found.bounce else ():
        assert "@" in recipient.address
        recipient.address.encode()
    authenticated(mail, "shop.example", ("mx.shop.example",))


@given(st.text())
def test_every_text_can_be_read_as_a_delivery_status(text: str) -> None:
    assert all("@" in r.address for r in read_delivery_status(text))
