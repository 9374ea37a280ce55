"""#forward: a side thread with somebody outside, of which the customer sees nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from desk_kit import CONFIG, START, Desk, File, Sent, make

JANE, MAKER = "jane@customer.example", "desk@maker.example"
THEM = f"Mia Maker <{MAKER}>"
DELAYED = CONFIG.replace("    display_name", "    send_delay: 5 min\n    display_name")


def asked(tmp_path: Path, config: str = CONFIG, **options: object) -> tuple[Desk, Sent]:
    desk = make(tmp_path, config=config, **options)  # type: ignore[arg-type]
    photo = File("photo.jpg", "image/jpeg", b"\xff\xd8" * 9000)
    desk.customer("My kettle leaks.\n", message_id="first@customer.example", files=[photo])
    desk.fresh()
    return desk, desk.to("anna@shop.example", "notification")


def forwarded(tmp_path: Path, config: str = CONFIG) -> tuple[Desk, Sent]:
    """Let Anna forward Jane's mail; returns what the maker gets."""
    desk, told = asked(tmp_path, config)
    desk.answer_as("anna", told, f"Is this under warranty?\n\n#forward {MAKER}")
    return desk, desk.to(MAKER, "forward")


def answered(tmp_path: Path) -> tuple[Desk, Sent]:
    """Let the maker answer; returns Anna's notification of it."""
    desk, sent = forwarded(tmp_path)
    desk.fresh()
    desk.reply(sent, "Yes, until May.", sender=THEM)
    return desk, desk.to("anna@shop.example", "side")


def got(desk: Desk, address: str) -> list[Sent]:
    return [each for each in desk.outbox() if address in each.recipients]


def flat(desk: Desk, kind: str = "receipt") -> str:
    return " ".join(desk.to("anna@shop.example", kind).mail.text.split())


def test_forward_sends_the_customers_mail_below_the_agents_words(tmp_path: Path) -> None:
    desk, sent = forwarded(tmp_path)
    assert sent.recipients == (MAKER,)
    assert sent.mail.text.startswith("Is this under warranty?")
    assert "My kettle leaks." in sent.mail.text
    assert [each.filename for each in sent.mail.attachments] == ["photo.jpg"]
    assert sent.mail.subject == "Fwd: Where is my tea?"
    assert str(sent.mail.from_[0]) == "Tea Shop <support@shop.example>"
    assert (sent.mail.in_reply_to, sent.mail.references) == ((), ())
    for internal in (b"anna@", b"#forward", b"X-Inboxd", b"Reply above", b"ben@"):
        assert internal not in sent.raw
    assert got(desk, JANE) == []
    assert f"Forwarded to {MAKER}." in flat(desk)
    assert desk.state() == "open"
    assert MAKER not in desk.parties()


def test_the_answer_comes_back_to_the_conversation_and_changes_nothing_else(
    tmp_path: Path,
) -> None:
    desk, sent = forwarded(tmp_path)
    desk.answer_as("anna", desk.to("anna@shop.example", "receipt"), "#close")
    before, parties = desk.conversation(), desk.parties()
    desk.fresh()
    desk.reply(sent, "Yes, until May.", sender=THEM, cc="Max <max@maker.example>")
    assert desk.count() == 1
    after = desk.conversation()
    for name in ("state", "state_since", "contact_address", "assignee", "tags"):
        assert getattr(after, name) == getattr(before, name), name
    assert desk.parties() == parties
    last = desk.messages()[-1]
    assert (last.direction, last.kind, last.author.address) == ("note", "side", MAKER)
    assert desk.kinds() == ["side anna@shop.example", "side ben@shop.example"]


def test_the_notification_says_where_an_answer_to_it_goes(tmp_path: Path) -> None:
    desk, told = answered(tmp_path)
    text = " ".join(told.mail.text.split())
    assert f"Mia Maker <{MAKER}> answers the mail that was forwarded to {MAKER}." in text
    assert f"YOUR ANSWER TO THIS MAIL GOES TO {MAKER}, not to the customer." in text
    assert (told.mail.reply_to or ())[0].name == MAKER
    assert told.mail.references == desk.to("anna@shop.example", "notification").mail.references


def test_an_answer_to_it_goes_to_them_and_an_answer_to_the_customer_to_the_customer(
    tmp_path: Path,
) -> None:
    desk, told = answered(tmp_path)
    desk.answer_as("anna", told, "Then please send a new one.")
    sent = desk.to(MAKER, "forward")
    assert sent.mail.text.startswith("Then please send a new one.")
    assert sent.recipients == (MAKER,)
    assert len(sent.mail.references) == 2
    assert got(desk, JANE) == []
    assert desk.state() == "open"
    desk.answer_as("anna", desk.to("anna@shop.example", "notification"), "You get a new one.")
    reply = desk.to(JANE, "reply")
    assert reply.mail.text.startswith("You get a new one.")
    assert reply.recipients == (JANE,)
    assert reply.mail.references == ("first@customer.example",)
    for internal in (b"maker", b"warranty", b"until May"):
        assert internal not in reply.raw
    assert [each.recipients for each in got(desk, MAKER)] == [(MAKER,), (MAKER,)]


def test_the_thread_goes_on_to_and_fro(tmp_path: Path) -> None:
    desk, _ = answered(tmp_path)
    desk.answer_as("ben", desk.to("ben@shop.example", "side"), "Please send a new one.")
    desk.reply(desk.to(MAKER, "forward"), "It is on its way.", sender=THEM)
    assert "It is on its way." in desk.to("anna@shop.example", "side").mail.text
    assert [each.kind for each in desk.messages()][1:] == ["forward", "side", "forward", "side"]
    assert desk.count() == 1


def test_the_customers_next_mail_is_not_answered_with_theirs(tmp_path: Path) -> None:
    desk, _ = answered(tmp_path)
    desk.customer("Any news?\n", in_reply_to="first@customer.example")
    assert desk.state() == "open"
    told = desk.to("anna@shop.example", "notification")
    desk.answer_as("anna", told, "Soon.")
    raw = desk.to(JANE, "reply").raw
    assert b"maker" not in raw
    assert b"until May" not in raw


@pytest.mark.parametrize("line", ["Yes, until May.", "Is this under warranty?"])
def test_words_of_the_side_thread_are_no_answer_to_the_customer(tmp_path: Path, line: str) -> None:
    desk, _ = answered(tmp_path)
    desk.customer("Any news?\n", in_reply_to="first@customer.example")
    told = desk.to("anna@shop.example", "notification")
    desk.answer_as("anna", told, f"See:\n\n{line}\n\nAnna", quote=False)
    assert not [each for each in got(desk, JANE) if line in each.mail.text]


def test_others_who_hold_their_address_are_heard_but_take_no_part(tmp_path: Path) -> None:
    desk, sent = forwarded(tmp_path)
    desk.reply(sent, "My colleague is away; until May.", sender="Max <max@maker.example>")
    told = desk.to("anna@shop.example", "side").mail.text
    assert "Max <max@maker.example> answers" in told
    assert "max@maker.example" not in desk.parties()


def test_a_rule_for_customers_mail_does_not_see_theirs(tmp_path: Path) -> None:
    rules = """\
    - name: All
      when: message.received
      then: [{tag: seen}]
    """
    desk, told = asked(tmp_path, rules=rules)
    desk.answer_as("anna", told, f"#untag seen #forward {MAKER}")
    desk.reply(desk.to(MAKER, "forward"), "Yes.", sender=THEM)
    assert desk.conversation().tags == ()


def test_S13_an_agents_side_address_serves_nobody_else(tmp_path: Path) -> None:
    desk, told = answered(tmp_path)
    sent = len(got(desk, MAKER))
    desk.answer_as("ben", told, "Send ten of them.")
    desk.reply(told, "Send ten of them.", sender="Eve <eve@evil.example>")
    assert len(got(desk, MAKER)) == sent
    assert got(desk, JANE) == []
    assert desk.texts().count("note: Send ten of them.") == 2


def test_an_agent_who_writes_to_their_address_is_not_them(tmp_path: Path) -> None:
    desk, sent = forwarded(tmp_path)
    desk.answer_as("ben", sent, "As if I were the maker.")
    assert desk.messages()[-1].kind == "held"


def test_a_forwarded_mail_is_kept_back_and_taken_back_like_an_answer(tmp_path: Path) -> None:
    desk, sent = forwarded(tmp_path, DELAYED)
    assert sent.not_before == START + timedelta(minutes=5)
    assert "leaves at 08:05:00; #undo takes it back until then" in flat(desk)
    desk.answer_as("anna", desk.to("anna@shop.example", "receipt"), "#undo")
    assert got(desk, MAKER) == []
    assert desk.messages()[-1].kind == "withdrawn"


def test_an_option_for_answers_to_customers_is_refused_in_a_side_thread(tmp_path: Path) -> None:
    desk, told = answered(tmp_path)
    sent = len(got(desk, MAKER))
    desk.answer_as("anna", told, "And him.\n\n#cc max@maker.example")
    assert len(got(desk, MAKER)) == sent
    assert f"this answer goes to {MAKER} alone" in flat(desk)


def test_tags_in_an_answer_to_them_are_about_the_conversation(tmp_path: Path) -> None:
    desk, told = answered(tmp_path)
    desk.answer_as("anna", told, "Thank you.\n\n#tag warranty")
    assert desk.conversation().tags == ("warranty",)
    assert b"warranty" not in desk.to(MAKER, "forward").raw.split(b"Thank you.")[1]
    assert desk.to(MAKER, "forward").mail.text.startswith("Thank you.")


def test_several_people_get_a_side_thread_each(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, f"#forward {MAKER} carrier@road.example")
    one, other = desk.fresh("forward")
    assert {one.recipients, other.recipients} == {(MAKER,), ("carrier@road.example",)}
    assert one.reply_to != other.reply_to
