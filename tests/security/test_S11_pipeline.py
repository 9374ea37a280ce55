"""S11 and S12 through the whole pipeline: a doubtful sender with an agent's token does nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk_kit import CONFIG, Desk, Sent, letter, make
from test_S11_addresses import DOUBTFUL, EVIL, TRUE
from test_S12_authentication_results import BORDER, FORGED, FORGERIES

AGENT = "anna@shop.example"
TRUSTED = CONFIG + "trust: {authserv_ids: [mx.shop.example]}\n"
WORDS = "We refund you 5000 Euro.\n\n#close #tag forged\n"


def asked(tmp_path: Path, config: str = CONFIG) -> tuple[Desk, Sent]:
    desk = make(tmp_path, config=config)
    desk.customer(message_id="first@customer.example")
    desk.fresh()
    return desk, desk.to(AGENT, "notification")


def answer(desk: Desk, told: Sent, sender: str, head: str = "") -> None:
    """Send words and tags to Anna's own reply address, as somebody who got hold of it."""
    raw = letter("SENDER", text=WORDS, to=told.reply_to).replace(
        b"From: SENDER\n", f"{head}From: {sender}\n".encode()
    )
    desk.send(raw, to=[told.reply_to])


def assert_nothing_was_done(desk: Desk) -> None:
    found = desk.conversation(1)
    assert (found.state, found.tags) == ("open", ())
    for sent in desk.fresh():
        assert "jane@customer.example" not in sent.recipients
        assert "evil.example" not in "".join(sent.recipients)


@pytest.mark.parametrize("field", DOUBTFUL)
def test_S11_a_doubtful_from_is_no_agent_even_with_the_agents_token(
    tmp_path: Path, field: str
) -> None:
    desk, told = asked(tmp_path)
    sender = field.replace("\r\n", "\n").replace(TRUE, AGENT)
    sender = sender.replace("boss=40corp=2Eexample", "anna=40shop=2Eexample")
    sender = sender.replace("boss=40corp.example", "anna=40shop.example")
    answer(desk, told, sender)
    assert_nothing_was_done(desk)


@pytest.mark.parametrize(
    "fields",
    [
        f"From: {AGENT}\nFrom: {EVIL}\n",
        f"From: {EVIL}\nFrom: {AGENT}\n",
        f"From: {AGENT}\nFROM: {AGENT}\n",
        f"Sender: {AGENT}\nFrom: {EVIL}\n",
        f"Reply-To: {AGENT}\nFrom: {EVIL}\n",
        f"From : {AGENT}\nFrom: {EVIL}\n",
        f"Resent-From: {AGENT}\nFrom: {EVIL}\n",
    ],
)
def test_S11_several_senders_are_no_agent(tmp_path: Path, fields: str) -> None:
    desk, told = asked(tmp_path)
    raw = letter("SENDER", text=WORDS, to=told.reply_to)
    desk.send(raw.replace(b"From: SENDER\n", fields.encode()), to=[told.reply_to])
    assert_nothing_was_done(desk)


def test_S11_the_same_with_a_clear_from_is_the_agent(tmp_path: Path) -> None:
    """Otherwise the tests above would prove nothing."""
    desk, told = asked(tmp_path)
    answer(desk, told, f"Anna <{AGENT}>")
    assert (desk.state(), desk.conversation().tags) == ("closed", ("forged",))


def ours(fields: tuple[str, ...]) -> str:
    """Return another test's fields as LF lines about the shop's domain."""
    text = "".join(f"{field}\n" for field in fields).replace("\r\n", "\n")
    return text.replace("corp.example", "shop.example")


@pytest.mark.parametrize("name", FORGERIES)
def test_S12_a_forged_result_and_the_agents_token_do_nothing(tmp_path: Path, name: str) -> None:
    desk, told = asked(tmp_path, TRUSTED)
    answer(desk, told, AGENT, ours(FORGERIES[name]))
    assert_nothing_was_done(desk)
    assert desk.has_event("held", "not authenticated")


def test_S12_the_same_from_our_own_server_is_the_agent(tmp_path: Path) -> None:
    desk, told = asked(tmp_path, TRUSTED)
    answer(desk, told, AGENT, ours((FORGED, BORDER)))
    assert desk.state() == "closed"
