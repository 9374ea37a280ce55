"""Answers to a list: what its lines do, what undoes all of them, and who may write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from desk_kit import CONFIG, Desk, Sent, letter, make
from digest_kit import digest_shop, mails, morning, tick

from inboxd.conversations.tokens import Purpose
from inboxd.desk.commands import Shell
from inboxd.store.tables import Event, table_of

QUEUE = 4


def queue(tmp_path: Path, **options: str) -> tuple[Desk, Sent]:
    """Return a shop with four conversations that are nobody's, and the list that Ben has got."""
    desk = digest_shop(tmp_path, **options)
    mails(desk, QUEUE)
    sent = morning(desk)
    desk.fresh()
    return desk, sent


def receipt(desk: Desk) -> Sent:
    (sent,) = desk.fresh("digest_receipt")
    return sent


def untouched(desk: Desk) -> bool:
    """Return whether the four conversations are as their customers left them."""
    found = [desk.conversation(number) for number in range(1, QUEUE + 1)]
    return all((f.state, f.assignee, f.tags) == ("open", None, ()) for f in found)


def history(desk: Desk) -> list[str]:
    """Return the daemon's own history: what belongs to no conversation."""
    event = table_of(Event)
    query = sa.select(event).where(event.c.conversation.is_(None)).order_by(event.c.id)
    with desk.database.read() as connection:
        return [f"{row.kind}: {row.text}" for row in connection.execute(query)]


# -- what the lines do


def test_each_line_acts_on_its_own_conversation(tmp_path: Path) -> None:
    desk, sent = queue(tmp_path)
    words = "1 close\n2 assign anna\n3 snooze tue 9:00\n\n4: #tag refund #priority high\n"
    desk.answer_as("ben", sent, words)
    assert [desk.state(number) for number in range(1, 5)] == ["closed", "open", "snoozed", "open"]
    assert desk.conversation(2).assignee == "anna"
    assert desk.conversation(3).snoozed_until == datetime(2030, 5, 7, 9, tzinfo=UTC)
    assert (desk.conversation(4).tags, desk.conversation(4).priority) == (("refund",), "high")
    assert desk.has_event("state.changed", "open → closed: #close by ben", number=1)
    outgoing = desk.fresh()
    (told,) = [each for each in outgoing if each.kind == "digest_receipt"]
    for line in (
        "- 1: #1 Question 1: Closed.",
        "- 2: #2 Question 2: Assigned to anna.",
        "- 4: #4 Question 4: Tagged: refund.",
        "- 4: #4 Question 4: Priority: high.",
    ):
        assert line in told.mail.text
    assert told.recipients == ("ben@shop.example",)
    assert told.mail.references[0] == sent.mail.message_id
    assert [e.recipients for e in outgoing if e.kind == "notification"] == [("anna@shop.example",)]
    assert not [each for each in outgoing if each.kind == "reply"]


def test_several_lines_at_once_tell_each_colleague_of_each(tmp_path: Path) -> None:
    desk, sent = queue(tmp_path)
    desk.answer_as("ben", sent, "1, 2 assign anna\n3-4 close")
    assert [desk.conversation(number).assignee for number in (1, 2)] == ["anna", "anna"]
    assert [desk.state(number) for number in (3, 4)] == ["closed", "closed"]
    told = desk.fresh("notification")
    assert sorted(each.mail.subject for each in told) == ["[#1] Question 1", "[#2] Question 2"]


def test_a_rule_follows_what_a_line_does(tmp_path: Path) -> None:
    rules = "- {name: Done, when: closed, then: [{tag: done}]}\n"
    config = CONFIG.replace("{name: ben, ", '{name: ben, digest: "10:00", ')
    desk = make(tmp_path, config=config, rules=rules)
    mails(desk, 1)
    desk.answer_as("ben", morning(desk), "1 close")
    assert desk.conversation(1).tags == ("done",)


def test_a_line_keeps_a_note_with_its_words(tmp_path: Path) -> None:
    desk, sent = queue(tmp_path)
    desk.answer_as("ben", sent, '2 note "the carrier" has called')
    assert desk.texts(2)[-1] == 'note: "the carrier" has called'
    assert not desk.fresh("reply")


def test_a_conversation_of_another_mailbox_is_worked_on_there(tmp_path: Path) -> None:
    other = "  - {name: wholesale, address: b2b@shop.example, notify: [ben]}\nlisten:"
    config = CONFIG.replace("listen:", other).replace(
        "{name: ben, ", '{name: ben, digest: "10:00", '
    )
    desk = make(tmp_path, config=config)
    desk.send(letter(to="b2b@shop.example"), to=["b2b@shop.example"], mailbox="wholesale")
    sent = morning(desk)
    desk.answer_as("ben", sent, "1 close")
    assert (desk.conversation(1).mailbox, desk.state(1)) == ("wholesale", "closed")


def test_a_conversation_that_was_merged_meanwhile_is_worked_on_where_it_went(
    tmp_path: Path,
) -> None:
    desk, sent = queue(tmp_path)
    Shell(desk.database, desk.shop, desk.clock, desk.shop.config.agent("anna")).tag(4, "merge", "1")
    desk.answer_as("ben", sent, "4 close")
    assert desk.state(1) == "closed"


def test_a_line_can_be_undone_in_its_conversation(tmp_path: Path) -> None:
    desk, sent = queue(tmp_path)
    desk.answer_as("ben", sent, "1 close\n2 close")
    desk.answer_as("ben", desk.to("ben@shop.example", "notification"), "#undo")
    assert desk.state(4) == "open"
    first = next(
        e for e in desk.outbox() if e.mail.subject == "[#1] Question 1" and "ben" in e.recipients[0]
    )
    desk.answer_as("ben", first, "#undo")
    assert (desk.state(1), desk.state(2)) == ("open", "closed")


def test_a_list_is_answered_again_and_its_receipt_as_well(tmp_path: Path) -> None:
    desk, sent = queue(tmp_path)
    desk.answer_as("ben", sent, "1 colse")
    desk.answer_as("ben", receipt(desk), "1 close")
    desk.answer_as("ben", sent, "2 close")
    assert [desk.state(number) for number in (1, 2, 3)] == ["closed", "closed", "open"]


def test_receipts_of_errors_alone(tmp_path: Path) -> None:
    config = CONFIG.replace("    signature: |", "    receipts: errors\n    signature: |").replace(
        "{name: ben, ", '{name: ben, digest: "10:00", '
    )
    desk = make(tmp_path, config=config)
    mails(desk, 1)
    sent = morning(desk)
    desk.answer_as("ben", sent, "1 tag a")
    assert desk.fresh("digest_receipt") == []
    assert desk.conversation(1).tags == ("a",)
    desk.answer_as("ben", sent, "1 tga a")
    assert "there is no tag #tga" in receipt(desk).mail.text


def test_an_alias_is_as_good_and_so_is_a_signature_below(tmp_path: Path) -> None:
    desk, sent = queue(tmp_path, who="ben", more="aliases: [ben@home.example]")
    words = "1 close\n\n-- \nBen Smith\nTea Shop, 5 Harbour Street"
    desk.reply(sent, words, sender="Ben <ben@home.example>")
    assert desk.state(1) == "closed"


# -- mistakes: nothing at all is done


@pytest.mark.parametrize(
    ("words", "reason", "meant"),
    [
        ("1 close\n2 colse", "there is no tag #colse", "2 close"),
        ("1 close\n5 close", "there is no line 5: the list has 4 lines", ""),
        ("1 close\n2 assign bne", "there is no agent 'bne'", "2 assign ben"),
        ("1 close\nPlease close the others, too.", "this is no order", ""),
        ("1 close\n2 canned received", "a customer is answered in the conversation itself", ""),
        ("1 close\n1 open", "these do not go together", ""),
        ("1 close\n2 merge 3", "cannot be done from a list", ""),
        ("1 close\n2 link 99", "there is no conversation #99", ""),
        ("1 close\n2 block", "only a supervisor may block", "2 spam"),
        ("", "the mail has no words of yours", ""),
    ],
)
def test_a_mistake_in_one_line_undoes_them_all(
    tmp_path: Path, words: str, reason: str, meant: str
) -> None:
    desk, sent = queue(tmp_path)
    desk.answer_as("ben", sent, words)
    assert untouched(desk)
    told = receipt(desk).mail.text
    assert reason in told
    assert f"Did you mean {meant} ?" in told if meant else "Did you mean" not in told
    assert "1 close" in told or not words
    assert desk.kinds() == []


def test_an_order_between_the_quoted_lines_is_not_passed_over(tmp_path: Path) -> None:
    desk, sent = queue(tmp_path)
    quoted = [f"> {line}" for line in sent.mail.text.splitlines()]
    place = next(n for n, line in enumerate(quoted) if "#2" in line)
    body = "\n".join(["1 close", "", *quoted[: place + 2], "2 close", *quoted[place + 2 :]])
    desk.reply(sent, body, sender="Ben <ben@shop.example>", quote=False)
    assert untouched(desk)
    assert "stands between the quoted lines" in receipt(desk).mail.text


def test_quoted_lines_do_nothing_even_where_the_marker_is_gone(tmp_path: Path) -> None:
    desk = digest_shop(tmp_path)
    desk.customer(subject="close")
    desk.customer(subject="spam", sender="x@customer.example")
    sent = morning(desk)
    desk.fresh()
    body = "\n".join(["Thanks", *sent.mail.text.splitlines()[1:]])  # no quote marks at all
    desk.reply(sent, body, sender="Ben <ben@shop.example>", quote=False)
    assert (desk.state(1), desk.state(2)) == ("open", "open")
    assert "Nothing was changed" in receipt(desk).mail.text


# -- proof


def test_S11_nobody_elses_mail_to_an_agents_list_does_anything(tmp_path: Path) -> None:
    desk, sent = queue(tmp_path)
    desk.reply(sent, "1 close\n2 spam", sender="Mallory <m@evil.example>")
    assert untouched(desk)
    told = receipt(desk)
    assert told.recipients == ("ben@shop.example",)
    assert "may not be yours" in told.mail.text
    assert "m@evil.example" in history(desk)[-1]
    assert desk.count() == QUEUE


def test_S12_a_colleague_cannot_use_another_agents_list(tmp_path: Path) -> None:
    desk, sent = queue(tmp_path)
    desk.answer_as("anna", sent, "1 close")  # Ben has sent it on to her
    assert untouched(desk)
    assert receipt(desk).recipients == ("ben@shop.example",)


def test_an_agents_name_without_the_proof_that_the_shop_asks_for_does_nothing(
    tmp_path: Path,
) -> None:
    desk, sent = queue(tmp_path, extra="trust: {authserv_ids: [mx.shop.example]}\n")
    desk.answer_as("ben", sent, "1 close")
    assert untouched(desk)
    assert "not authenticated" in receipt(desk).mail.text
    proof = (
        "Authentication-Results: mx.shop.example; dmarc=pass header.from=shop.example;"
        " dkim=pass header.d=shop.example; spf=pass smtp.mailfrom=ben@shop.example\n"
    )
    desk.answer_as("ben", sent, "1 close", headers=proof)
    assert desk.state(1) == "closed"


def test_many_mails_without_proof_are_one_question(tmp_path: Path) -> None:
    desk, sent = queue(tmp_path)
    for number in range(5):
        desk.reply(sent, f"{number} close", sender="Mallory <m@evil.example>")
    assert len(desk.fresh("digest_receipt")) == 1
    assert untouched(desk)


def test_a_token_made_up_for_a_list_that_is_anothers_does_nothing(tmp_path: Path) -> None:
    desk, sent = queue(tmp_path)
    address = desk.reply_address(Purpose.DIGEST, 1, "agent:anna", days=3)
    desk.answer_as("anna", sent, "1 close", to=address)
    assert untouched(desk)
    assert "the list is not known any more" in receipt(desk).mail.text


def test_a_list_of_last_month_does_nothing(tmp_path: Path) -> None:
    desk, sent = queue(tmp_path)
    desk.clock.advance(timedelta(days=9))
    desk.answer_as("ben", sent, "1 close")
    assert untouched(desk)
    assert "more than 7 days old" in receipt(desk).mail.text


def test_an_answering_machine_gets_no_answer(tmp_path: Path) -> None:
    desk, sent = queue(tmp_path)
    machine = "Auto-Submitted: auto-replied\n"
    desk.answer_as("ben", sent, "1 close", headers=machine, subject="Out of office")
    assert untouched(desk)
    assert desk.kinds() == []
    assert history(desk)[-1].startswith("digest.ignored: ")


def test_the_number_in_a_lists_address_is_no_conversations(tmp_path: Path) -> None:
    """List 1 and conversation #1 have nothing to do with each other."""
    desk, sent = queue(tmp_path)
    before = desk.messages(1)
    desk.reply(sent, "Hello?", sender="Customer 1 <c1@customer.example>")
    assert desk.messages(1) == before
    desk.answer_as("ben", sent, "Hello?", to="support@shop.example")  # the address is lost
    assert desk.messages(1) == before
    assert untouched(desk)


def test_a_list_that_was_asked_for_is_answered_as_well(tmp_path: Path) -> None:
    desk, _ = queue(tmp_path)
    desk.answer_as("anna", desk.to("anna@shop.example", "notification"), "#list unassigned")
    (asked,) = desk.fresh("digest")
    assert asked.recipients == ("anna@shop.example",)
    desk.answer_as("anna", asked, "2 close")
    assert desk.state(2) == "closed"
    assert tick(desk) == []
