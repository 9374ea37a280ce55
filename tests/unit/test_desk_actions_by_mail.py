"""Addresses in a notification's footer that do one thing when their agent writes to them."""

from __future__ import annotations

import re
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from desk_kit import CONFIG, Desk, Sent, letter, make

from inboxd.conversations.action_addresses import UNDO
from inboxd.conversations.tokens import Purpose

ANNA = "Anna <anna@shop.example>"
BEN = "Ben <ben@shop.example>"
_LINK = re.compile(r'<a href="(mailto:[^"]+)"[^>]*>([^<]+)</a>')


def links(sent: Sent) -> dict[str, tuple[str, str, str]]:
    """Return address, subject and text of the mails that a notification's links open."""
    html = sent.mail.html or ""
    found = {}
    for href, label in _LINK.findall(html):
        parts = urlsplit(href.replace("&amp;", "&"))
        query = {name: value[0] for name, value in parse_qs(parts.query).items()}
        address = unquote(parts.path)
        found[label] = (address, query.get("subject", ""), query.get("body", ""))
    return found


def asked(tmp_path: Path, config: str = CONFIG) -> tuple[Desk, Sent]:
    desk = make(tmp_path, config=config)
    desk.customer()
    desk.fresh()
    return desk, desk.to("anna@shop.example")


def tap(
    desk: Desk,
    sent: Sent,
    label: str,
    sender: str = ANNA,
    *,
    words: str | None = None,
    headers: str = "",
) -> None:
    """Send the mail that a link opens, as it is."""
    address, subject, body = links(sent)[label]
    raw = letter(sender, subject, body if words is None else words, to=address, headers=headers)
    desk.send(raw, to=[address], envelope_from=parseaddr(sender)[1])


def test_the_footer_offers_what_is_done_most(tmp_path: Path) -> None:
    _, sent = asked(tmp_path)
    found = links(sent)
    labels = ["Close", "Mine", "Snooze until tomorrow", "Spam", "Assign to Ben"]
    assert [label for label in found if "@" not in label] == labels
    address, subject, body = found["Close"]
    assert subject == "Close: #1"
    assert body == "Send this mail as it is: it closes #1. What you add is not read."
    assert f"Close: {address}" in sent.mail.text.splitlines()
    assert len(address.partition("@")[0]) <= 64


def test_a_link_shows_no_web_page_that_a_scanner_could_open(tmp_path: Path) -> None:
    _, sent = asked(tmp_path)
    assert re.findall(r'href="(?!mailto:)', sent.mail.html or "") == []


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Close", ("closed", None)),
        ("Mine", ("open", "anna")),
        ("Snooze until tomorrow", ("snoozed", None)),
        ("Spam", ("spam", None)),
        ("Assign to Ben", ("open", "ben")),
    ],
)
def test_one_tap_does_it_and_says_so(
    tmp_path: Path, label: str, expected: tuple[str, str | None]
) -> None:
    desk, sent = asked(tmp_path)
    tap(desk, sent, label)
    found = desk.conversation()
    assert (found.state, found.assignee) == expected
    assert "receipt anna@shop.example" in desk.kinds()
    assert all(each.direction == "inbound" for each in desk.messages())
    assert not any("jane@customer.example" in each.recipients for each in desk.outbox())


def test_snoozing_ends_in_the_morning_of_the_next_day(tmp_path: Path) -> None:
    desk, sent = asked(tmp_path)
    tap(desk, sent, "Snooze until tomorrow")
    until = desk.conversation().snoozed_until
    assert until is not None
    assert f"{until:%Y-%m-%d %H:%M}" == "2030-05-07 09:00"


def test_an_empty_mail_will_do_and_an_alias_too(tmp_path: Path) -> None:
    desk, sent = asked(tmp_path)
    tap(desk, sent, "Close", "a.private@home.example", words="")
    assert desk.state() == "closed"


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("Close", "It was closed already. Nothing has changed."),
        ("Mine", "It was assigned to anna already. Nothing has changed."),
        ("Snooze until tomorrow", "It was snoozed until then already. Nothing has changed."),
        ("Spam", "It was marked as spam already. Nothing has changed."),
    ],
)
def test_a_second_tap_changes_nothing_and_says_so(tmp_path: Path, label: str, said: str) -> None:
    desk, sent = asked(tmp_path, CONFIG.replace("    notify:", "    receipts: errors\n    notify:"))
    tap(desk, sent, label)
    before = desk.conversation()
    assert desk.fresh("receipt") == []
    tap(desk, sent, label)
    assert desk.conversation() == before
    (receipt,) = desk.fresh("receipt")
    assert said in " ".join(receipt.mail.text.split())


def test_words_that_an_agent_adds_are_not_read_and_the_agent_is_told(tmp_path: Path) -> None:
    desk, sent = asked(tmp_path)
    tap(desk, sent, "Close", words="Hello Jane, it is on its way.\n#assign ben\n")
    assert (desk.state(), desk.conversation().assignee) == ("closed", None)
    assert desk.kinds() == ["receipt anna@shop.example"]
    text = " ".join(desk.to("anna@shop.example", "receipt").mail.text.split())
    assert "The words that you added were not read" in text


def test_a_phones_signature_is_no_word(tmp_path: Path) -> None:
    desk, sent = asked(tmp_path)
    body = links(sent)["Close"][2]
    tap(desk, sent, "Close", words=f"{body}\n\n--\nSent from my iPhone\n")
    assert "not read, and" not in desk.to("anna@shop.example", "receipt").mail.text


def test_what_is_so_already_is_not_offered(tmp_path: Path) -> None:
    desk, sent = asked(tmp_path)
    tap(desk, sent, "Mine")
    desk.customer(in_reply_to=desk.messages()[0].message_id or "")
    labels = links(desk.to("anna@shop.example", "notification"))
    assert "Mine" not in labels
    assert "Close" in labels


def test_colleagues_are_those_of_the_same_team_at_most_five(tmp_path: Path) -> None:
    more = "".join(
        f"  - {{name: c{n}, address: c{n}@shop.example, teams: [support-team]}}\n" for n in range(9)
    )
    _, sent = asked(tmp_path, CONFIG + more)
    assigns = [label for label in links(sent) if label.startswith("Assign")]
    assert assigns == [f"Assign to {name}" for name in ("Ben", "C0", "C1", "C2", "C3")]


def test_a_mailbox_without_reply_addresses_offers_none(tmp_path: Path) -> None:
    _, sent = asked(tmp_path, CONFIG.replace("    notify:", "    reply_address: none\n    notify:"))
    assert links(sent) == {}
    assert "Or write to one of these" not in sent.mail.text


def test_a_catch_all_pattern_carries_actions_too(tmp_path: Path) -> None:
    config = CONFIG.replace(
        "    notify:", '    reply_address: "{token}@reply.example"\n    notify:'
    )
    desk, sent = asked(tmp_path, config)
    tap(desk, sent, "Close")
    assert desk.state() == "closed"


def test_an_action_can_be_undone(tmp_path: Path) -> None:
    desk, sent = asked(tmp_path)
    tap(desk, sent, "Close")
    token = desk.reply_address(Purpose.ACTION, party=f"agent:anna:action:{UNDO}", days=90)
    receipt = desk.to("anna@shop.example", "receipt")
    assert token in receipt.mail.text
    desk.send(letter(ANNA, "Undo", "", to=token), to=[token])
    assert desk.state() == "open"


def test_an_agents_answering_machine_does_nothing(tmp_path: Path) -> None:
    desk, sent = asked(tmp_path)
    tap(desk, sent, "Close", headers="Auto-Submitted: auto-replied\n")
    assert desk.state() == "open"
    assert desk.kinds() == []
    assert desk.has_event("ignored")


def test_an_expired_address_does_nothing_and_the_agent_is_asked(tmp_path: Path) -> None:
    desk, sent = asked(tmp_path)
    desk.clock.advance(timedelta(days=91))
    tap(desk, sent, "Close")
    assert desk.state() == "open"
    assert desk.kinds() == ["held anna@shop.example"]
    text = " ".join(desk.to("anna@shop.example", "held").mail.text.split())
    assert "The address that it was sent to has expired." in text
    desk.answer_as("anna", desk.to("anna@shop.example", "held"), "#close")
    assert desk.state() == "closed"


# -- an answer that is held, because a colleague was faster


def crossed(tmp_path: Path) -> tuple[Desk, Sent]:
    """Let Ben answer, and then Anna, who has not seen it; returns what Anna is shown."""
    desk, told = asked(tmp_path)
    desk.answer_as("ben", desk.to("ben@shop.example", "notification"), "It left on Monday.")
    desk.later(seconds=40)
    desk.answer_as("anna", told, "It will leave soon.\n\n#tag late #close")
    return desk, desk.to("anna@shop.example", "waiting")


def answers(desk: Desk) -> list[str]:
    return [each.mail.text.splitlines()[0] for each in desk.outbox() if each.kind == "reply"]


def test_one_tap_sends_the_held_answer_with_its_tags(tmp_path: Path) -> None:
    desk, waiting = crossed(tmp_path)
    assert set(links(waiting)) == {"Send anyway", "Discard"}
    tap(desk, waiting, "Send anyway")
    assert answers(desk) == ["It left on Monday.", "It will leave soon."]
    assert (desk.state(), desk.conversation().tags) == ("closed", ("late",))
    tap(desk, waiting, "Send anyway")
    assert len(answers(desk)) == 2
    assert "No answer of yours is held" in desk.to("anna@shop.example", "receipt").mail.text


def test_one_tap_discards_the_held_answer(tmp_path: Path) -> None:
    desk, waiting = crossed(tmp_path)
    tap(desk, waiting, "Discard")
    assert "was discarded" in desk.to("anna@shop.example", "receipt").mail.text
    tap(desk, waiting, "Send anyway")
    assert answers(desk) == ["It left on Monday."]
    assert (desk.state(), desk.conversation().tags) == ("pending", ())


def test_a_phones_signature_does_not_go_out_with_the_held_answer(tmp_path: Path) -> None:
    desk, waiting = crossed(tmp_path)
    _, _, body = links(waiting)["Send anyway"]
    tap(desk, waiting, "Send anyway", words=f"{body}\n\n-- \nAnna, sent from my phone")
    assert answers(desk)[1:] == ["It will leave soon."]
    assert "phone" not in desk.to("jane@customer.example", "reply").mail.text


@pytest.mark.parametrize("label", ["Send anyway", "Discard"])
def test_a_colleague_cannot_decide_about_it(tmp_path: Path, label: str) -> None:
    desk, waiting = crossed(tmp_path)
    tap(desk, waiting, label, sender=BEN)
    assert answers(desk) == ["It left on Monday."]
    tap(desk, waiting, "Send anyway")
    assert len(answers(desk)) == 2
