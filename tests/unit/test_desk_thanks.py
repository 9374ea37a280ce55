"""Pitfall 28: a word of thanks does not open a closed conversation again."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk_kit import CONFIG, Desk, File, Sent, make

RULES = "- {name: Mark, when: message.received, then: [{tag: came}]}\n"
PNG = File("broken.png", "image/png", b"\x89PNG")


def closed(tmp_path: Path, config: str = CONFIG) -> tuple[Desk, Sent]:
    """Return a shop that has answered Jane and closed, and the answer."""
    desk = make(tmp_path, config=config, rules=RULES)
    desk.customer()
    desk.answer_as("anna", desk.to("anna@shop.example"), "It comes tomorrow.\n\n#close #untag came")
    desk.fresh()
    return desk, desk.to("jane@customer.example", "reply")


@pytest.mark.parametrize(
    "text", ["Thanks!", "Thank you so much, Anna!\n\nBest wishes\nJane", "Vielen Dank!", "Merci !"]
)
def test_pitfall_28_thanks_are_kept_and_reopen_nothing(tmp_path: Path, text: str) -> None:
    desk, answer = closed(tmp_path)
    desk.reply(answer, text)

    assert (desk.count(), desk.state(), desk.kinds()) == (1, "closed", [])
    assert desk.messages()[-1].direction == "inbound"
    assert desk.has_event("message.received", "nothing but thanks: the conversation stays closed")
    assert desk.conversation().tags == ()


@pytest.mark.parametrize(
    "text",
    [
        "Thanks! But where is the second parcel?",
        "Thanks, it is broken.",
        "Thank you. Please call me: 555 0100",
        "No thanks!",
    ],
)
def test_pitfall_28_anything_more_reopens(tmp_path: Path, text: str) -> None:
    desk, answer = closed(tmp_path)
    desk.reply(answer, text)

    assert desk.state() == "open"
    assert len(desk.kinds()) == 2


def test_pitfall_28_thanks_with_a_picture_are_more_than_thanks(tmp_path: Path) -> None:
    desk, answer = closed(tmp_path)
    desk.reply(answer, "Thanks!", files=[PNG])

    assert desk.state() == "open"


def test_pitfall_28_a_mailbox_may_want_to_see_them(tmp_path: Path) -> None:
    config = CONFIG.replace(
        "    notify: [support-team]", "    notify: [support-team]\n    reopen_on_thanks: true"
    )
    desk, answer = closed(tmp_path, config)
    desk.reply(answer, "Thanks!")

    assert desk.state() == "open"


def test_thanks_in_a_conversation_that_waits_are_an_answer(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    desk.answer_as("anna", desk.to("anna@shop.example"), "Does it work now?")
    desk.fresh()
    desk.reply(desk.to("jane@customer.example", "reply"), "Thanks!")

    assert desk.state() == "open"
    assert len(desk.kinds()) == 2


def test_thanks_that_open_a_conversation_are_read(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer("Thank you very much!\n")

    assert (desk.state(), len(desk.kinds())) == ("open", 2)
