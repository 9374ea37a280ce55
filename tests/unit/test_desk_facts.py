"""What rules see of a shop's own mail, contacts and past; and what is read only when one asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from desk_kit import CONFIG, JANE, SHOP, Desk, File, letter, make

from inboxd.desk import contact_book, facts
from inboxd.mail import language

HEADERS = "X-Order: 4711\nX-Order: 4712\nX-Score: 7.5\nContent-Language: de\n"
QUOTED = f"\n\nOn Mon, 6 May 2030 at 10:00, Tea Shop <{SHOP}> wrote:\n> old words\n"
INVOICE = File("Invoice.pdf", "application/pdf", b"x" * 2000)


def tagging(when: str, **conditions: str) -> str:
    """Rules that put a tag on the conversation, each for one condition in flow style."""
    return "".join(
        f"- {{name: {tag}, when: {when}, if: {condition}, then: {{tag: {tag}}}}}\n"
        for tag, condition in conditions.items()
    )


def test_a_mail_that_comes_in_is_seen_whole(tmp_path: Path) -> None:
    rules = tagging(
        "message.received",
        header="{header.x-order: {is: 4712}}".replace("4712", '"4712"'),
        score="{header.X-Score: {above: 7}}",
        file="{attachments: 1, attachments.name: .pdf, attachments.type: application/pdf}",
        size="{attachments.size: {between: [1 kB, 3 kB]}}",
        language="{language: de}",
        kind="{kind: customer}",
        people="{from.domain: customer.example, to.address: support@shop.example, cc.name: Kim}",
        quoted="{body.all: old words, body: {none_of: old words}}",
        opened="{age.opened: {within: 1 min}, age.customer: {within: 1 min}, messages: 1}",
        unanswered="{age.agent: {exists: false}}",
        new="{contact.conversations: 0, contact.first_seen: {within: 1 min}}",
        open="{state: open, assignee: none, priority: normal}",
        now='{time: "10:00-11:00", weekday: mon}',
    )
    desk = make(tmp_path, rules=rules, config=f"timezone: Europe/Berlin\n{CONFIG}")
    text = f"Wo ist denn mein grüner Tee geblieben?{QUOTED}"
    desk.send(letter(text=text, headers=HEADERS, files=[INVOICE], cc="Kim <kim@x.example>"))
    assert desk.conversation().tags == (
        *("file", "header", "kind", "language", "new", "now", "open", "opened", "people"),
        *("quoted", "score", "size", "unanswered"),
    )


def test_when_a_timer_runs_out_the_mail_is_read_again(tmp_path: Path) -> None:
    rules = (
        "- {name: Wait, when: open, for: 2 h, if: {header.X-Order: '4711', body.all: old words, "
        "attachments.name: invoice, language: de, age.customer: {older_than: 2 h}, messages: 1}, "
        "then: {tag: late}}\n"
        "- {name: Not, when: open, for: 2 h, if: {age.customer: {older_than: 3 h}}, "
        "then: {tag: later}}\n"
    )
    desk = make(tmp_path, rules=rules)
    text = f"Danke!{QUOTED}"
    desk.send(letter(text=text, headers=HEADERS, files=[INVOICE]))
    assert desk.conversation().tags == ()
    desk.later(hours=2)
    assert desk.conversation().tags == ("late",)


def test_our_answers_and_the_customers_words_have_ages(tmp_path: Path) -> None:
    rules = (
        "- {name: Nudge, when: pending, for: 1 day, if: {age.agent: {older_than: 1 day}, "
        "age.customer: {older_than: 25 h}, messages: 2}, then: {tag: nudge}}\n"
        "- {name: Robots, when: message.received, if: {kind: out-of-office}, then: {tag: no}}\n"
    )
    desk = make(tmp_path, rules=rules)
    desk.customer()
    desk.later(hours=1)
    desk.answer_as("anna", desk.to("anna@shop.example"), "It is on its way.")
    assert desk.state() == "pending"
    desk.later(days=1)
    assert desk.conversation().tags == ("nudge",)


def test_the_contact_is_known_by_tags_fields_and_past(tmp_path: Path) -> None:
    rules = tagging(
        "conversation.opened",
        vip="{contact.tags: vip}",
        pro="{contact.fields.plan: {starts_with: pro}}",
        again="{contact.conversations: {above: 0}}",
        third="{contact.conversations: 2}",
        old="{contact.first_seen: {older_than: 1 day}}",
    )
    desk = make(tmp_path, rules=rules)
    desk.customer(subject="One")
    contact_book.tag(desk.database, desk.clock, "jane@customer.example", "VIP")
    contact_book.set_fields(desk.database, desk.clock, "jane@customer.example", "plan=Pro 2030")
    desk.later(days=1)
    desk.customer(subject="Two")
    desk.customer(subject="Three")
    desk.send(letter("Kim <kim@customer.example>", "Four"))
    assert desk.conversation(1).tags == ()
    assert desk.conversation(2).tags == ("again", "old", "pro", "vip")
    assert desk.conversation(3).tags == ("again", "old", "pro", "third", "vip")
    assert desk.conversation(4).tags == ()


def test_another_contact_is_another_past(tmp_path: Path) -> None:
    rules = (
        "- {name: Form, when: conversation.opened, if: {from: form@web.example}, "
        "then: {contact: reply_to}}\n" + tagging("conversation.opened", vip="{contact.tags: vip}")
    )
    desk = make(tmp_path, rules=rules)
    desk.customer()
    contact_book.tag(desk.database, desk.clock, "jane@customer.example", "vip")
    desk.send(letter("form@web.example", headers=f"Reply-To: {JANE}\n"))
    desk.send(letter("form@web.example", headers="Reply-To: kim@x.example\n"))
    assert [desk.conversation(n).tags for n in (2, 3)] == [("vip",), ()]


def test_merged_conversations_are_one_of_the_past(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=tagging("conversation.opened", one="{contact.conversations: 1}"))
    desk.customer(subject="One")
    desk.customer(subject="Two")
    desk.answer_as("anna", desk.to("anna@shop.example"), "#merge 1")
    desk.customer(subject="Three")
    assert [desk.conversation(n).tags for n in (1, 2, 3)] == [("one",), ("one",), ("one",)]


def test_changes_of_people_are_seen(tmp_path: Path) -> None:
    rules = (
        tagging("priority.changed", urgent="{priority: {changed_to: urgent}}")
        + tagging("tag.added", gold="{tags: {changed_to: gold}, change: tags}")
        + tagging("assignee.changed", annas="{assignee: {changed_to: anna}}")
        + tagging("field.changed", order="{change: fields.order, fields.order: {changed_to: a1}}")
        + tagging("state.changed", done="{state: {changed_to: closed}}")
        + tagging("field.changed", other="{change: fields.other}")
    )
    desk = make(tmp_path, rules=rules)
    desk.customer()
    tags = "#priority urgent\n#tag gold\n#assign anna\n#set order=a1\n#close\n"
    desk.answer_as("anna", desk.to("anna@shop.example"), tags)
    assert desk.conversation().tags == ("annas", "done", "gold", "order", "urgent")


LOOKS = {
    "_history": "{messages: 1}",
    "_known_of": "{contact.tags: {none_of: x}}",
    "_whole": "{header.X-Order: {none_of: x}}",
    "language_of": "{language: {none_of: xx}}",
}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what has been read on demand, in order."""
    names: list[str] = []

    def spy(name: str) -> None:
        real = getattr(facts, name)

        def called(*args: Any) -> Any:
            names.append(name)
            return real(*args)

        monkeypatch.setattr(facts, name, called)

    for name in (*LOOKS, "_read_again"):
        spy(name)
    return names


def play(desk: Desk) -> None:
    desk.send(letter(text="Where is the green tea that I ordered?\n"))
    desk.later(hours=1)


PLAIN = (
    "- {name: Plain, when: message.received, if: {subject: tea, from: jane, tags: {none_of: x}}, "
    "then: {tag: tea}}\n- {name: Later, when: open, for: 1 h, if: {body: tea}, then: {tag: late}}\n"
)


def test_what_no_rule_looks_at_is_not_read(tmp_path: Path, read: list[str]) -> None:
    desk = make(tmp_path, rules=PLAIN)
    play(desk)
    assert desk.conversation().tags == ("late", "tea")
    assert read == []
    assert language._detector.cache_info().currsize == 0 or "language_of" not in read


@pytest.mark.parametrize(("name", "condition"), LOOKS.items())
def test_what_a_rule_looks_at_is_read_once_an_event(
    name: str, condition: str, tmp_path: Path, read: list[str]
) -> None:
    rules = PLAIN + "".join(
        f"- {{name: R{n}, when: message.received, if: {condition}, then: {{tag: r{n}}}}}\n"
        for n in range(3)
    )
    desk = make(tmp_path, rules=rules)
    play(desk)
    assert desk.conversation().tags == ("late", "r0", "r1", "r2", "tea")
    assert read == [name]


def test_a_stored_mail_is_read_again_only_where_a_rule_of_the_timer_asks(
    tmp_path: Path, read: list[str]
) -> None:
    rules = (
        "- {name: Later, when: open, for: 1 h, if: {body: tea, header.X: {exists: false}, "
        "body.all: tea}, then: {tag: late}}\n"
    )
    desk = make(tmp_path, rules=rules)
    play(desk)
    assert desk.conversation().tags == ("late",)
    assert read == ["_read_again", "_whole"]
