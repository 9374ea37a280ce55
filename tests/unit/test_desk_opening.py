"""A customer's first mail: its conversation, what rules make of it, and who hears of it."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest
from desk_kit import ACKNOWLEDGE, CONFIG, JANE, SHOP, START, File, letter, make

from inboxd.mail.outgoing import MARKER

PAIR = ["notification anna@shop.example", "notification ben@shop.example"]


def test_a_first_mail_opens_conversation_1_for_its_sender(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer("Where is it?\n", subject="Re: AW: [#77] Where is my tea?", to=SHOP)
    found = desk.conversation(1)
    assert (found.number, found.state, found.subject) == (1, "open", "Where is my tea?")
    assert found.contact_address == "jane@customer.example"
    assert found.created_at == found.updated_at == START
    assert desk.parties()["jane@customer.example"] == "contact"
    assert desk.texts() == ["inbound: Where is it?"]
    desk.customer("Another thing.\n", subject="Tea pots")
    assert desk.conversation(2).contact_id == found.contact_id


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Help [#12]", "Help"),
        ("Fwd: Größe", "Größe"),
        ("Re:", "(no subject)"),
        ("", "(no subject)"),
        ("RE: İstanbul", "İstanbul"),
        ("x" * 2000, "x" * 500),
    ],
)
def test_a_conversations_subject_bears_neither_prefixes_nor_tags(
    tmp_path: Path, written: str, shown: str
) -> None:
    desk = make(tmp_path)
    desk.customer(subject=written)
    assert desk.conversation().subject == shown


def test_pitfall_23_people_in_to_and_cc_take_part_but_not_we_and_not_agents(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer(
        to=f"{SHOP}, Tom <tom@customer.example>",
        cc="Lou <Lou@Customer.example>, help@shop.example, anna@shop.example",
    )
    assert desk.parties() == {
        "jane@customer.example": "contact",
        "tom@customer.example": "cc",
        "lou@customer.example": "cc",
        "anna@shop.example": "agent",
        "ben@shop.example": "agent",
    }


def test_answers_go_to_reply_to_and_both_addresses_take_part(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer(sender="Form <form@website.example>", headers=f"Reply-To: {JANE}\n")
    assert desk.conversation().contact_address == "jane@customer.example"
    assert desk.parties()["form@website.example"] == "contact"
    assert "Jane Doe <jane@customer.example> wrote:" in desk.to("anna@shop.example").mail.text


def test_a_reply_to_of_ours_is_nobody_to_answer_to(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer(headers="Reply-To: help@shop.example\n")
    assert desk.conversation().contact_address == "jane@customer.example"


def test_rules_tag_prioritise_and_assign_a_first_mail(tmp_path: Path) -> None:
    rules = """\
    - name: Refunds
      when: message.received
      if:
        subject: {contains: [refund]}
        body: {matches: 'order (?P<order>\\d{6})'}
      then:
        - tag: [refund, money]
        - set: {priority: high, fields.order: "{{ match.order }}"}
        - assign: {team: billing}
    """
    desk = make(tmp_path, rules=rules)
    desk.customer("It is about order 123456.\n", subject="Refund please")
    found = desk.conversation()
    assert (found.tags, found.priority, found.team) == (("money", "refund"), "high", "billing")
    assert found.fields == {"order": "123456"}
    assert desk.kinds() == ["notification carl@shop.example"]
    notification = desk.to("carl@shop.example").mail.text
    assert notification.splitlines()[:2] == [MARKER, "#1 · open · billing · high · money · refund"]
    assert "It was assigned to team billing." in notification


def test_one_agent_who_is_assigned_hears_of_it_alone(tmp_path: Path) -> None:
    rules = "- {name: A, when: conversation.opened, then: [{assign: ben}]}\n"
    desk = make(tmp_path, rules=rules)
    desk.customer()
    assert desk.conversation().assignee == "ben"
    assert desk.kinds() == ["notification ben@shop.example"]


def test_a_rule_that_notifies_adds_to_those_who_hear_of_it(tmp_path: Path) -> None:
    rules = "- {name: A, when: conversation.opened, then: [{notify: carl}]}\n"
    desk = make(tmp_path, rules=rules)
    desk.customer()
    assert desk.kinds() == [
        "notification anna@shop.example",
        "notification ben@shop.example",
        "notification carl@shop.example",
    ]
    assert "The rule “A” says so." in desk.to("carl@shop.example").mail.text


def test_the_acknowledgement_goes_once_and_says_that_it_is_automatic(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    asked = desk.customer()
    (sent,) = desk.fresh("auto_reply")
    assert sent.recipients == ("jane@customer.example",)
    assert sent.envelope_from == ""
    assert sent.mail.headers.get("Auto-Submitted") == "auto-replied"
    assert sent.mail.headers.get("X-Auto-Response-Suppress") == "All"
    assert (sent.mail.in_reply_to, sent.mail.references) == ((asked,), (asked,))
    assert sent.mail.subject == "Re: Where is my tea?"
    assert "Hello Jane Doe," in sent.mail.text
    desk.customer("And another thing.\n", in_reply_to=asked)
    assert desk.kinds() == PAIR
    assert desk.count() == 1


def test_a_closing_rule_tells_nobody(tmp_path: Path) -> None:
    rules = "- {name: A, when: conversation.opened, then: [{tag: noise}, close]}\n"
    desk = make(tmp_path, rules=rules)
    desk.customer()
    assert desk.state() == "closed"
    assert desk.kinds() == []


def test_a_notification_shows_words_files_and_history_and_where_to_answer(tmp_path: Path) -> None:
    desk = make(tmp_path)
    asked = desk.customer("First words.\n")
    desk.clock.advance(timedelta(hours=3))
    picture = File("photo.png", "image/png", bytes(range(32, 127)) * 20)
    desk.customer("The box is broken.\n", in_reply_to=asked, files=[picture])
    sent = desk.to("anna@shop.example", "notification")
    text = sent.mail.text
    places = [
        "Jane Doe <jane@customer.example> wrote:",
        "The box is broken.",
        "- photo.png (1.9 kB)",
    ]
    places += ["Earlier in this conversation", "Jane Doe, 3 h ago:", "First words.", "#close"]
    assert sorted(places, key=text.index) == places
    (file,) = sent.mail.attachments
    assert (file.filename, file.size) == ("photo.png", len(picture.data))
    assert sent.mail.subject == "[#1] Where is my tea?"
    assert str(sent.mail.from_[0]) == "Jane Doe via Tea Shop <support@shop.example>"
    assert sent.reply_to.startswith("support+")
    assert sent.envelope_from.startswith("support+")
    assert sent.reply_to != sent.envelope_from
    assert sent.mail.headers.get("Auto-Submitted") == "auto-generated"


def test_a_notifications_files_stay_in_the_journal(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.send(letter(files=[File("a.bin", "application/octet-stream", b"z" * 500_000)]))
    with desk.database.read() as connection:
        sizes = connection.exec_driver_sql("SELECT length(draft) FROM outbox").scalars().all()
    assert len(sizes) == 2
    assert max(sizes) < 10_000


def test_colleagues_get_reply_addresses_of_their_own(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    anna, ben = (desk.to(f"{name}@shop.example") for name in ("anna", "ben"))
    assert anna.reply_to != ben.reply_to
    assert anna.envelope_from != ben.envelope_from


def test_the_subject_tag_is_the_mailboxs_choice(tmp_path: Path) -> None:
    config = CONFIG.replace("    display_name", "    subject_tag: true\n    display_name")
    desk = make(tmp_path, config=config, rules=ACKNOWLEDGE)
    desk.customer()
    assert desk.to("jane@customer.example").mail.subject == "Re: Where is my tea? [#1]"


def test_a_canned_reply_that_cannot_be_filled_costs_no_mail(tmp_path: Path) -> None:
    rules = """\
    - name: About the order
      when: conversation.opened
      then: [{tag: seen}, {reply: {canned: with-order}}]
    """
    desk = make(tmp_path, rules=rules)
    desk.customer()
    assert desk.entry(1).state == "applied"
    assert desk.conversation().tags == ("seen",)
    assert desk.has_event("auto_reply.withheld", "with-order: it cannot be filled in")
    alert = desk.to("anna@shop.example", "alert")
    assert "About the order" in alert.mail.text
    assert desk.kinds() == ["alert anna@shop.example", *PAIR]


def test_a_mail_without_a_sender_is_kept_and_told(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    desk.send(b"Subject: no sender\nTo: support@shop.example\n\nwords\n")
    assert desk.texts() == ["inbound: words"]
    assert desk.kinds() == PAIR
    desk.answer_as("anna", desk.to("anna@shop.example"), "An answer to nobody.")
    assert desk.kinds() == ["receipt anna@shop.example"]
    assert "no address to answer to" in desk.to("anna@shop.example", "receipt").mail.text


def test_pitfall_26_a_date_in_the_future_changes_no_order(tmp_path: Path) -> None:
    desk = make(tmp_path)
    asked = desk.customer("First.\n", date=START + timedelta(days=4000))
    desk.clock.advance(timedelta(hours=1))
    desk.customer("Second.\n", in_reply_to=asked, date=START - timedelta(days=4000))
    assert desk.texts() == ["inbound: First.", "inbound: Second."]
    assert desk.conversation().updated_at == START + timedelta(hours=1)
    text = desk.to("anna@shop.example").mail.text
    assert text.index("Second.") < text.index("First.")


@pytest.mark.parametrize("field", ["name", "subject", "body"])
def test_S8_braces_in_a_mail_stay_text_wherever_they_stand(tmp_path: Path, field: str) -> None:
    attack = "{{7*7}} {% for x in range(9) %}{{ x }}{% endfor %} {{ contact.name }}"
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    mail = {
        "name": {"sender": f'"{attack}" <jane@customer.example>'},
        "subject": {"subject": attack},
        "body": {"text": attack},
    }[field]
    desk.customer(**mail)
    notification = desk.to("anna@shop.example", "notification")
    assert attack in notification.mail.text + notification.mail.subject
    desk.answer_as("anna", notification, "We answer {{7*7}}.")
    answer = desk.to("jane@customer.example", "reply")
    assert "We answer {{7*7}}." in answer.mail.text
    for sent in desk.outbox():
        read = sent.mail.subject + sent.mail.text
        assert "49" not in read
        assert "012345678" not in read


_BREAKS = ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x00", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("broken", _BREAKS, ids=[f"U+{ord(b[0]):04X}{len(b)}" for b in _BREAKS])
@pytest.mark.parametrize("where", ["name", "subject", "filename"])
def test_S6_line_breaks_in_names_and_subjects_add_no_header(
    tmp_path: Path, broken: str, where: str
) -> None:
    attack = f"Nice{broken}Bcc: victim@evil.example{broken}{broken}Body"
    word = f"=?utf-8?B?{base64.b64encode(attack.encode()).decode()}?="
    mail: dict[str, object] = {
        "name": {"sender": f"{word} <jane@customer.example>"},
        "subject": {"subject": word},
        "filename": {
            "files": [
                File(
                    "x", "text/plain", b"x", f'Content-Disposition: attachment; filename="{word}"\n'
                )
            ]
        },
    }[where]
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    desk.customer(**mail)  # type: ignore[arg-type]
    desk.answer_as("anna", desk.to("anna@shop.example", "notification"), "Fine.")
    sent = desk.outbox()
    assert len(sent) == 5
    allowed = {
        *("from", "to", "cc", "reply-to", "subject", "date", "message-id", "in-reply-to"),
        *("references", "auto-submitted", "x-auto-response-suppress", "precedence", "x-loop"),
        *("x-inboxd-conversation", "mime-version", "content-type", "content-transfer-encoding"),
    }
    for each in sent:
        names = [name.lower() for name, _ in each.mail.headers]
        assert set(names) <= allowed
        assert len(names) == len(set(names))
        assert "victim@evil.example" not in each.recipients
