"""To whom, when and with what an answer goes: #to, #cc, #canned, #send; and answers that cross."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from desk_kit import CONFIG, START, Desk, File, Sent, make

from inboxd.store import outbox

JANE, TOM = "jane@customer.example", "tom@customer.example"
BANK = "bank@elsewhere.example"
DELAYED = CONFIG.replace("    display_name", "    send_delay: 5 min\n    display_name")


def asked(tmp_path: Path, config: str = CONFIG, **options: object) -> tuple[Desk, Sent]:
    desk = make(tmp_path, config=config, **options)  # type: ignore[arg-type]
    desk.customer(message_id="first@customer.example", cc=f"Tom <{TOM}>")
    desk.fresh()
    return desk, desk.to("anna@shop.example", "notification")


def flat(desk: Desk, agent: str = "anna", kind: str = "receipt") -> str:
    return " ".join(desk.to(f"{agent}@shop.example", kind).mail.text.split())


def replies(desk: Desk) -> list[str]:
    return [each.mail.text.splitlines()[0] for each in desk.outbox() if each.kind == "reply"]


# -- whom


def test_to_takes_the_contacts_place_for_this_answer(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, f"Please pay her.\n\n#to {BANK}")
    sent = desk.to(BANK, "reply")
    assert [each.address for each in sent.mail.to] == [BANK]
    assert JANE not in sent.recipients
    assert b"jane@" not in sent.raw
    assert f"on its way to {BANK}" in flat(desk)
    desk.answer_as("anna", told, "For you.")
    assert set(desk.outbox()[-2].recipients) == {JANE, TOM}


def test_who_was_written_to_may_answer_and_is_shown_by_their_own_name(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, f"Please pay her.\n\n#to {BANK}")
    desk.reply(desk.to(BANK, "reply"), "It is paid.", sender=f"The Bank <{BANK}>")
    assert desk.count() == 1
    assert desk.parties()[BANK] == "contact"
    assert f"The Bank <{BANK}> wrote:" in desk.to("anna@shop.example", "notification").mail.text
    assert desk.conversation().contact_address == JANE


def test_cc_gets_this_answer_and_the_later_ones(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, f"Here it is.\n\n#cc {BANK}")
    assert set(desk.to(BANK, "reply").recipients) == {JANE, TOM, BANK}
    assert desk.parties()[BANK] == "cc"
    desk.answer_as("anna", told, "And more.")
    assert BANK in desk.to(JANE, "reply").recipients


@pytest.mark.parametrize("tag", ["to", "cc", "forward"])
@pytest.mark.parametrize("address", ["support@shop.example", "ben@shop.example"])
def test_an_address_of_ours_is_refused(tmp_path: Path, tag: str, address: str) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, f"Hello.\n\n#{tag} {address} #close")
    assert replies(desk) == []
    assert desk.kinds() == ["receipt anna@shop.example"]
    assert desk.state() == "open"
    assert "Nothing was sent" in flat(desk)


def test_undo_lets_nobody_stay_whom_the_mail_has_added(tmp_path: Path) -> None:
    desk, told = asked(tmp_path, DELAYED)
    desk.answer_as("anna", told, f"Here it is.\n\n#cc {BANK} {TOM}")
    desk.answer_as("anna", told, "#undo")
    assert BANK not in desk.parties()
    assert desk.parties()[TOM] == "cc"


def test_an_answer_goes_to_a_score_of_people_at_most(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    people = " ".join(f"p{number}@elsewhere.example" for number in range(20))
    desk.answer_as("anna", told, f"Hello all.\n\n#cc {people}")
    assert "at most 20 people" in flat(desk)
    assert replies(desk) == []


# -- with what


def test_canned_replies_in_the_text_and_below_it_filled_with_values(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    words = "Dear Jane,\n\n#canned with-order order=4711\n\nBye, Anna\n\n#canned still-there"
    desk.answer_as("anna", told, words)
    text = desk.to(JANE, "reply").mail.text
    expected = "Dear Jane,\n\nAbout order 4711.\n\nBye, Anna\n\nAre you still there?"
    assert text.startswith(expected)


# -- when


def test_send_keeps_an_answer_back_until_its_moment(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, "Good morning.\n\n#send tomorrow 9:00")
    leaves = datetime.fromisoformat("2030-05-07T09:00:00+00:00")
    sent = desk.to(JANE, "reply")
    assert sent.not_before == leaves
    assert sent.mail.date == leaves
    assert desk.to("ben@shop.example", "answered").not_before == leaves
    assert desk.state() == "pending"
    assert "leaves on Tue 2030-05-07 at 09:00; #undo takes it back until then" in flat(desk)
    desk.later(hours=20)
    desk.answer_as("anna", told, "#undo")
    assert replies(desk) == []
    assert desk.state() == "open"


def test_a_scheduled_answer_has_its_five_days_from_when_it_may_leave(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, "Good morning.\n\n#send 2030-06-01 9:00")
    leaves = datetime.fromisoformat("2030-06-01T09:00:00+00:00")
    with desk.database.write() as connection:
        assert not [m for m in outbox.lease(connection, START, "c", 20) if m.kind == "reply"]
        (mail,) = [m for m in outbox.lease(connection, leaves, "c", 20) if m.kind == "reply"]
    assert mail.created_at == leaves


# -- who was faster


def crossed(tmp_path: Path, config: str = CONFIG, seconds: int = 40) -> tuple[Desk, Sent]:
    """Let Ben answer, and Anna a while later, who has not seen it."""
    desk, told = asked(tmp_path, config)
    desk.answer_as("ben", desk.to("ben@shop.example", "notification"), "It left on Monday.")
    desk.later(seconds=seconds)
    file = File("way-bill.pdf", "application/pdf", b"%PDF" * 5000)
    desk.answer_as("anna", told, "It will leave soon.\n\n#tag late #close", files=[file])
    return desk, told


@pytest.mark.parametrize(("config", "seconds"), [(CONFIG, 40), (DELAYED, 40), (DELAYED, 299)])
def test_the_second_answer_is_held_and_its_writer_shown_the_first(
    tmp_path: Path, config: str, seconds: int
) -> None:
    desk, _ = crossed(tmp_path, config, seconds)
    assert replies(desk) == ["It left on Monday."]
    assert (desk.state(), desk.conversation().tags) == ("pending", ())
    text = flat(desk, kind="waiting")
    when = "40 s ago" if seconds == 40 else "4 min ago"
    for words in (f"Ben answered Jane Doe <{JANE}> {when}", "It left on Monday.", "#send now"):
        assert words in text
    assert "It will leave soon. #tag late #close" in text
    assert desk.kinds().count("receipt anna@shop.example") == 0


def test_send_now_sends_the_held_answer_with_its_tags_and_files(tmp_path: Path) -> None:
    desk, _ = crossed(tmp_path)
    desk.answer_as("anna", desk.to("anna@shop.example", "waiting"), "#send now")
    assert replies(desk) == ["It left on Monday.", "It will leave soon."]
    assert (desk.state(), desk.conversation().tags) == ("closed", ("late",))
    assert [a.filename for a in desk.to(JANE, "reply").mail.attachments] == ["way-bill.pdf"]
    desk.answer_as("anna", desk.to("anna@shop.example", "waiting"), "#send now")
    assert len(replies(desk)) == 2


def test_a_new_text_is_sent_in_the_held_ones_place(tmp_path: Path) -> None:
    desk, _ = crossed(tmp_path)
    waiting = desk.to("anna@shop.example", "waiting")
    desk.answer_as("anna", waiting, "As Ben wrote; one thing more.")
    assert replies(desk)[1:] == ["As Ben wrote; one thing more."]
    desk.answer_as("anna", waiting, "#send now")
    assert len(replies(desk)) == 2


def test_undo_discards_the_held_answer_and_nothing_else(tmp_path: Path) -> None:
    desk, _ = crossed(tmp_path)
    waiting = desk.to("anna@shop.example", "waiting")
    desk.answer_as("anna", waiting, "#undo")
    assert "held is discarded" in flat(desk)
    desk.answer_as("anna", waiting, "#send now")
    assert replies(desk) == ["It left on Monday."]


def test_send_now_with_other_words_is_given_back(tmp_path: Path) -> None:
    """A signature that is not recognised must not go to the customer in the answer's place."""
    desk, _ = crossed(tmp_path)
    desk.answer_as("anna", desk.to("anna@shop.example", "waiting"), "#send now\n\nAnna, Tea Shop")
    assert replies(desk) == ["It left on Monday."]
    assert "stands alone" in flat(desk)


def test_who_has_seen_the_first_answer_may_answer_at_once(tmp_path: Path) -> None:
    desk, _ = asked(tmp_path)
    desk.answer_as("ben", desk.to("ben@shop.example", "notification"), "It left on Monday.")
    desk.later(seconds=20)
    desk.answer_as("anna", desk.to("anna@shop.example", "answered"), "And here is the number.")
    assert replies(desk) == ["It left on Monday.", "And here is the number."]


def test_notes_tags_and_late_answers_are_never_held(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("ben", desk.to("ben@shop.example", "notification"), "It left on Monday.")
    desk.later(seconds=30)
    desk.answer_as("anna", told, "#note Ben was faster. #tag late")
    assert desk.conversation().tags == ("late",)
    desk.later(minutes=2)
    desk.answer_as("anna", told, "Two minutes later.")
    assert replies(desk)[-1] == "Two minutes later."


def test_ones_own_second_answer_is_not_held(tmp_path: Path) -> None:
    desk, told = asked(tmp_path, DELAYED)
    desk.answer_as("anna", told, "It left.")
    desk.answer_as("anna", told, "On Monday, that is.")
    assert len(replies(desk)) == 2


def test_a_scheduled_answer_of_a_colleague_holds_the_next_one(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    ben = desk.to("ben@shop.example", "notification")
    desk.answer_as("ben", ben, "Good morning.\n\n#send tomorrow 9:00")
    desk.later(hours=5)
    desk.answer_as("anna", told, "Good evening.")
    assert replies(desk) == ["Good morning."]
    assert "that answer leaves on Tue 2030-05-07 at 09:00" in flat(desk, kind="waiting")


def test_who_answers_without_naming_the_mail_has_seen_nothing(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("ben", desk.to("ben@shop.example", "notification"), "It left on Monday.")
    desk.later(seconds=20 + timedelta(seconds=10).seconds)
    desk.answer_as("anna", told, "Soon.", in_reply_to="", references=())
    assert replies(desk) == ["It left on Monday."]
