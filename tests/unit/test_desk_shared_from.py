"""Forms and platforms write for many people under one From."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk_kit import JANE, SHOP, Desk, make

FORM = "Web form <form@website.example>"


def asked(tmp_path: Path) -> tuple[Desk, str]:
    desk = make(tmp_path)
    first = desk.customer("I am Jane.\n", sender=FORM, headers=f"Reply-To: {JANE}\n")
    return desk, first


@pytest.mark.parametrize("how", ["ids", "subject", "token"])
def test_pitfall_14_the_forms_next_sender_is_a_stranger(tmp_path: Path, how: str) -> None:
    desk, first = asked(tmp_path)
    fields = {
        "ids": {"in_reply_to": first},
        "subject": {"subject": "Re: Tea [#1]"},
        "token": {"to": desk.reply_address()},
    }[how]
    tom = "Reply-To: Tom <tom@other.example>\n"
    desk.customer("I am Tom.\n", sender=FORM, headers=tom, cc="pal@other.example", **fields)
    assert desk.parties(1).get("form@website.example") == "contact"
    assert "pal@other.example" not in desk.parties(1)
    if how == "token":
        assert desk.has_event("party.pending")
    else:
        assert desk.conversation(2).contact_address == "tom@other.example"


def test_whoever_wrote_first_goes_on_under_either_address(tmp_path: Path) -> None:
    desk, first = asked(tmp_path)
    desk.customer("More.\n", sender=FORM, headers=f"Reply-To: {JANE}\n", in_reply_to=first)
    desk.customer("More.\n", sender=FORM, in_reply_to=first)
    desk.customer("More.\n", sender=FORM, headers=f"Reply-To: {SHOP}\n", in_reply_to=first)
    desk.customer("More.\n", sender=JANE, in_reply_to=first)
    assert desk.count() == 1


def test_the_contact_may_ask_for_answers_anywhere(tmp_path: Path) -> None:
    desk = make(tmp_path)
    first = desk.customer()
    desk.customer("More.\n", headers="Reply-To: jane@new.example\n", in_reply_to=first)
    assert desk.count() == 1
