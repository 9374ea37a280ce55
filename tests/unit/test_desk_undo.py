"""#undo: what an agent's last mail did goes back, as long as its answer has not left."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from desk_kit import CONFIG, START, Desk, Sent, make

from inboxd.store import outbox

DELAYED = CONFIG.replace("    display_name", "    send_delay: 5 min\n    display_name")
JANE = "jane@customer.example"


def asked(tmp_path: Path, **options: object) -> tuple[Desk, Sent]:
    desk = make(tmp_path, **{"config": DELAYED, **options})  # type: ignore[arg-type]
    desk.customer()
    desk.fresh()
    return desk, desk.to("anna@shop.example", "notification")


def flat(desk: Desk, agent: str = "anna") -> str:
    return " ".join(desk.to(f"{agent}@shop.example", "receipt").mail.text.split())


def queued(desk: Desk) -> list[str]:
    return sorted({each.kind for each in desk.outbox()})


def test_undo_takes_back_an_answer_and_all_that_its_mail_did(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    before = desk.conversation()
    desk.later(minutes=1)
    words = "It comes tomorrow.\n\n#close #tag late #prio high #assign me"
    desk.answer_as("anna", told, words)
    assert desk.state() == "closed"
    assert "answered" in queued(desk)
    desk.later(minutes=1)
    desk.answer_as("anna", desk.to("anna@shop.example", "receipt"), "#undo")
    after = desk.conversation()
    for name in ("state", "state_since", "tags", "priority", "assignee", "snoozed_until"):
        assert getattr(after, name) == getattr(before, name), name
    assert {"reply", "answered"}.isdisjoint(queued(desk))
    assert desk.texts()[-1] == "note: It comes tomorrow."
    assert desk.messages()[-1].kind == "withdrawn"
    assert desk.has_event("answer.withdrawn")
    assert "is not sent" in flat(desk)


def test_the_receipt_says_until_when_and_gives_the_address_that_undoes(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, "It comes.\n\n#tag late")
    assert "leaves at 08:05:00; #undo takes it back until then" in flat(desk)
    assert "answer with #undo or write to support+" in flat(desk)


def test_the_text_that_was_taken_back_can_be_sent_again(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, "It comes tomorrow, I believe.")
    desk.answer_as("anna", told, "#undo")
    desk.customer("Hello?\n", in_reply_to=told.mail.references[0], message_id="again@x.example")
    desk.answer_as(
        "anna", desk.to("anna@shop.example"), "It comes tomorrow, I believe.\nFor certain."
    )
    assert "For certain." in desk.to(JANE, "reply").mail.text


def test_undo_after_the_answer_has_left_changes_nothing_and_says_so(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, "It comes.\n\n#tag late")
    desk.later(minutes=5)
    with desk.database.write() as connection:  # the courier begins
        assert outbox.lease(connection, desk.clock.now(), "courier", 20)
    desk.answer_as("anna", told, "#undo")
    assert "has left" in flat(desk)
    assert desk.conversation().tags == ("late",)
    assert desk.state() == "pending"
    assert "reply" in queued(desk)


def test_an_answer_without_a_delay_cannot_be_taken_back_once_it_is_being_sent(
    tmp_path: Path,
) -> None:
    desk, told = asked(tmp_path, config=CONFIG)
    desk.answer_as("anna", told, "It comes.")
    with desk.database.write() as connection:
        outbox.lease(connection, desk.clock.now(), "courier", 20)
    desk.answer_as("anna", told, "#undo")
    assert "has left" in flat(desk)


def test_a_mail_that_was_given_back_by_a_courier_may_have_left(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, "It comes.")
    desk.later(minutes=5)
    with desk.database.write() as connection:
        outbox.lease(connection, desk.clock.now(), "courier", 20)
        outbox.release(connection, "courier", desk.clock.now())
    desk.answer_as("anna", told, "#undo")
    assert "has left" in flat(desk)


def test_a_mail_of_tags_alone_can_be_undone_for_ten_minutes(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, "#close #tag a")
    desk.later(minutes=10)
    desk.answer_as("anna", told, "#undo")
    assert (desk.state(), desk.conversation().tags) == ("open", ())
    desk.answer_as("anna", told, "#close")
    desk.later(minutes=10, seconds=1)
    desk.answer_as("anna", told, "#undo")
    assert desk.state() == "closed"
    assert "more than 10 minutes ago" in flat(desk)


def test_undo_goes_back_mail_by_mail(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, "It comes.")
    desk.answer_as("anna", told, "#tag late")
    desk.answer_as("anna", told, "#undo")
    assert (desk.conversation().tags, desk.state()) == ((), "pending")
    desk.answer_as("anna", told, "#undo")
    assert desk.state() == "open"
    desk.answer_as("anna", told, "#undo")
    assert "nothing to undo" in flat(desk)


def test_nobody_undoes_what_a_colleague_did(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, "#close")
    desk.answer_as("ben", desk.to("ben@shop.example"), "#undo")
    assert desk.state() == "closed"
    assert "nothing to undo" in flat(desk, "ben")


def test_what_a_colleague_has_changed_since_stays(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, "#assign me #tag a #prio high")
    desk.answer_as("ben", desk.to("ben@shop.example"), "#assign ben #tag b #close")
    desk.answer_as("anna", told, "#undo")
    found = desk.conversation()
    assert (found.assignee, found.tags, found.priority) == ("ben", ("b",), "normal")
    assert found.state == "closed"


def test_a_snooze_is_undone_with_its_timer(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, "#snooze 2h")
    assert [each.kind for each in desk.timers()] == ["wake"]
    desk.answer_as("anna", told, "#undo")
    assert (desk.state(), desk.timers()) == ("open", [])


def test_a_rule_that_had_fired_does_not_fire_again_after_undo(tmp_path: Path) -> None:
    rules = """\
    - name: Slow
      when: open
      for: 1 hour
      then: [{tag: slow}]
    - name: Slower
      when: open
      for: 3 hours
      then: [{tag: slower}]
    """
    desk, told = asked(tmp_path, rules=rules)
    desk.later(hours=2)
    desk.answer_as("anna", told, "#close #untag slow")
    desk.answer_as("anna", told, "#undo")
    assert [each.rule for each in desk.timers()] == ["Slower"]
    assert desk.timers()[0].due_at == START + timedelta(hours=3)


def test_what_cannot_be_taken_back_is_named(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, "#note She called. #tag called")
    desk.answer_as("anna", told, "#undo")
    assert desk.conversation().tags == ()
    assert "cannot be taken back: #note" in flat(desk)
    assert desk.texts()[-1] == "note: She called."


def test_a_question_is_nothing_to_undo(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, "#tag a")
    desk.answer_as("anna", told, "#help")
    desk.answer_as("anna", told, "#undo")
    assert desk.conversation().tags == ()


@pytest.mark.parametrize("words", ["#undo #close", "Hello Jane.\n\n#undo"])
def test_undo_goes_in_a_mail_of_its_own(tmp_path: Path, words: str) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, "#tag a")
    desk.answer_as("anna", told, words)
    assert (desk.state(), desk.conversation().tags) == ("open", ("a",))
    assert "Nothing was sent" in flat(desk)


def test_copies_to_colleagues_wait_for_the_answer(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, "It comes.")
    leaves = START + timedelta(minutes=5)
    assert desk.to("ben@shop.example", "answered").not_before == leaves
    assert desk.to(JANE, "reply").not_before == leaves


def test_undo_cancels_a_reminder_that_the_mail_asked_for(tmp_path: Path) -> None:
    desk, told = asked(tmp_path)
    desk.answer_as("anna", told, "#remind 2d ask the carrier")
    assert [timer.kind for timer in desk.timers()] == ["remind"]
    desk.later(minutes=1)
    desk.answer_as("anna", desk.to("anna@shop.example", "receipt"), "#undo")

    assert desk.timers() == []
    assert "You will not be reminded." in flat(desk)
