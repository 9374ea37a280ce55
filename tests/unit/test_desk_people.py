"""Who is answered, who is copied, and who stays outside: through the whole desk."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from desk_kit import ACKNOWLEDGE, CONFIG, JANE, SHOP, Desk, letter, make

from inboxd.desk.explain import explanation
from inboxd.store import contacts

FORM = "Tea Shop <support@shop.example>"
MALLORY = "Mallory <mallory@evil.example>"
AGENTS = {"anna@shop.example": "agent", "ben@shop.example": "agent"}


def answer(desk: Desk, words: str = "It comes tomorrow.") -> tuple[list[str], list[str]]:
    """Let Anna answer what she was told last; returns whom the answer reached in To and in Cc."""
    desk.fresh()
    desk.answer_as("anna", desk.to("anna@shop.example", "notification"), words)
    (sent,) = desk.fresh("reply")
    to, cc = ([each.address for each in found] for found in (sent.mail.to, sent.mail.cc))
    assert sorted(sent.recipients) == sorted(to + cc)
    return to, cc


def why(desk: Desk, number: int = 1) -> str:
    with desk.database.read() as connection:
        told = explanation(connection, number)["causes"][0]["read"]["answers_to"]
    return str(told["why"])


def contact_of(desk: Desk, address: str) -> int | None:
    with desk.database.read() as connection:
        found = contacts.find(connection, address)
    return None if found is None else found.id


# -- forms, platforms, groups, lists


def test_the_shops_own_form_is_neither_a_loop_nor_an_agents_mail(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer("Where is it?\n", sender=FORM, headers=f"Reply-To: {JANE}\n")
    assert desk.entry(1).state == "applied"
    assert desk.parties() == {"jane@customer.example": "contact", **AGENTS}
    text = desk.to("anna@shop.example").mail.text
    assert "Jane Doe <jane@customer.example> wrote:" in text
    assert "without proof" not in text
    assert str(desk.messages()[0].author) == JANE
    assert why(desk) == "Reply-To; From is support@shop.example, which is ours or a list's"
    assert answer(desk) == (["jane@customer.example"], [])
    desk.reply(desk.to("jane@customer.example", "reply"), "Thank you.")
    assert desk.count() == 1


def test_a_form_that_sends_as_an_agent_is_the_customers(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer("#close\n", sender="Anna <anna@shop.example>", headers=f"Reply-To: {JANE}\n")
    assert desk.state() == "open"
    assert answer(desk) == (["jane@customer.example"], [])


def test_pitfall_14_a_platforms_next_mail_is_another_customers(tmp_path: Path) -> None:
    """The same From and the ids of Jane's mail: Tom gets a conversation of his own."""
    desk = make(tmp_path)
    platform = "Market <noreply@market.example>"
    first = desk.customer("I am Jane.\n", sender=platform, headers=f"Reply-To: {JANE}\n")
    tom = "Tom <tom@other.example>"
    desk.customer("I am Tom.\n", sender=platform, headers=f"Reply-To: {tom}\n", in_reply_to=first)
    assert [desk.conversation(n).contact_address for n in (1, 2)] == [
        "jane@customer.example",
        "tom@other.example",
    ]
    assert answer(desk) == (["tom@other.example"], [])


def test_a_groups_rewritten_from_is_answered_at_the_writers_address(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer(
        sender="\"'Jane Doe' via Support\" <support@shop.example>",
        headers=f"X-Original-From: jane@customer.example\nList-Post: <mailto:{SHOP}>\n",
    )
    assert answer(desk) == (["jane@customer.example"], [])
    with desk.database.read() as connection:
        assert contacts.names(connection, [desk.conversation().contact_id]) == {
            desk.conversation().contact_id: "Jane Doe"
        }


def test_a_marketplaces_address_for_one_order_is_answered_as_it_is(tmp_path: Path) -> None:
    desk = make(tmp_path)
    relay = "k3Z8-order@Marketplace.Amazon.de"
    desk.customer(sender=f"Jane <{relay}>", headers=f"Reply-To: Jane <{relay}>\n")
    assert answer(desk) == ([relay], [])


def test_mail_of_our_own_without_a_customer_goes_nowhere(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    desk.customer("Note to self.\n", sender=FORM)
    desk.answer_as("anna", desk.to("anna@shop.example"), "An answer.")
    assert "no address to answer to" in desk.to("anna@shop.example", "receipt").mail.text
    assert {kind.split()[0] for kind in desk.kinds()} == {"notification", "receipt"}
    assert desk.parties() == AGENTS


def test_pitfall_16_an_agents_forward_is_nobodys_and_never_answered(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    forwarded = "-------- Forwarded Message --------\nFrom: Jane <jane@customer.example>\n\nHelp!\n"
    desk.customer(forwarded, sender="Anna <anna@shop.example>", subject="Fwd: Tea")
    assert desk.conversation().contact_address == ""
    desk.answer_as("ben", desk.to("ben@shop.example"), "Dear Jane, …")
    assert "no address to answer to" in desk.to("ben@shop.example", "receipt").mail.text
    assert not desk.fresh("reply")
    assert contact_of(desk, "jane@customer.example") is None


def test_pitfall_16_a_customers_forward_is_the_customers(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer(
        "See below.\n\n-------- Forwarded Message --------\nFrom: Tom <tom@other.example>\n\nHi\n",
        subject="Fwd: Tea",
    )
    assert answer(desk) == (["jane@customer.example"], [])
    assert "tom@other.example" not in desk.parties()


# -- what later mails change


def test_pitfall_14_a_later_reply_to_does_not_move_the_answers(tmp_path: Path) -> None:
    desk = make(tmp_path)
    first = desk.customer()
    desk.customer("Hello?\n", headers=f"Reply-To: {MALLORY}\n", in_reply_to=first)
    assert desk.count() == 1
    assert desk.has_event("reply_to.noted", "mallory@evil.example")
    text = " ".join(desk.to("anna@shop.example").mail.text.split())
    assert "Answers are asked for at mallory@evil.example; they go where they went before." in text
    assert answer(desk) == (["jane@customer.example"], [])
    assert "mallory@evil.example" not in desk.parties()


def test_pitfall_14_a_strangers_reply_to_lets_nobody_wait_but_the_stranger(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer()
    answer(desk)
    ours = desk.to("jane@customer.example", "reply")
    fields = "Reply-To: Tom <tom@customer.example>\n"
    desk.reply(ours, "Let me in.", sender=MALLORY, headers=fields, cc="pal@evil.example")
    assert desk.parties() == {
        "jane@customer.example": "contact",
        "mallory@evil.example": "pending",
        **AGENTS,
    }
    assert answer(desk) == (["jane@customer.example"], [])


def test_S14_naming_somebody_in_reply_to_makes_nobody_one_person(tmp_path: Path) -> None:
    """Mallory names Jane before she ever wrote; Jane's own conversation stays closed to her."""
    desk = make(tmp_path)
    desk.customer("Hello.\n", sender=MALLORY, headers=f"Reply-To: {JANE}\n")
    assert contact_of(desk, "mallory@evil.example") is None
    janes = desk.customer("Something secret.\n", subject="Private")
    desk.fresh()
    desk.customer("And?\n", sender=MALLORY, subject="Re: Private [#2]", in_reply_to=janes)
    assert desk.count() == 3
    assert all("secret" not in sent.mail.text for sent in desk.fresh())
    assert "mallory@evil.example" not in desk.parties(2)


def test_one_mailbox_under_two_addresses_is_one_contact(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer(sender="Jane <jane+tea@x.example>", headers="Reply-To: jane@x.example\n")
    desk.customer("Again.\n", sender="jane+tea@x.example", subject="Pots")
    assert desk.conversation(1).contact_id == desk.conversation(2).contact_id
    assert answer(desk) == (["jane+tea@x.example"], [])


# -- copies


def test_people_in_reply_to_and_cc_get_copies_and_agents_read_so(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer(
        headers=f"Reply-To: {JANE}, office@customer.example\n",
        cc="Tom <tom@customer.example>, noreply@lists.example",
    )
    text = " ".join(desk.to("anna@shop.example").mail.text.split())
    assert "Answers also go to office@customer.example, tom@customer.example." in text
    to, cc = answer(desk)
    assert (to, sorted(cc)) == (
        ["jane@customer.example"],
        ["office@customer.example", "tom@customer.example"],
    )


def test_pitfall_23_our_address_in_cc_and_further_ones_in_to_lose_nothing(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.send(
        letter(to="Tom <tom@customer.example>, lou@customer.example", cc=SHOP),
        to=[SHOP],
    )
    assert desk.texts() == ["inbound: Hello,\nwhere is my green tea?"]
    to, cc = answer(desk)
    assert (to, sorted(cc)) == (
        ["jane@customer.example"],
        ["lou@customer.example", "tom@customer.example"],
    )


def test_pitfall_23_an_address_that_the_mail_came_through_is_not_copied(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.send(
        letter(
            to=f"{SHOP}, old-name@shop.example",
            cc="list@shop.example",
            headers="Delivered-To: old-name@shop.example\n",
        ),
        to=[SHOP, "list@shop.example"],
    )
    assert answer(desk) == (["jane@customer.example"], [])


def test_pitfall_23_a_cc_stays_in_its_own_conversation(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer("First.\n", cc="tom@customer.example")
    other = desk.reply_address(number=1)
    desk.customer("Second.\n", subject="Pots")
    assert answer(desk) == (["jane@customer.example"], [])
    second = desk.to("jane@customer.example", "reply")
    desk.reply(second, "Thanks.", cc=f"{other}, lou@customer.example")
    assert "lou@customer.example" not in desk.parties(1)
    assert desk.parties(2)["lou@customer.example"] == "cc"
    assert not any("+" in address for number in (1, 2) for address in desk.parties(number))


def test_copies_stay_few_however_many_mails_add_them(tmp_path: Path) -> None:
    desk = make(tmp_path)
    first = desk.customer(cc=", ".join(f"a{n}@x.example" for n in range(15)))
    desk.customer("More.\n", in_reply_to=first, cc=", ".join(f"b{n}@x.example" for n in range(15)))
    desk.customer("Few.\n", in_reply_to=first, cc="c@x.example, a1@x.example")
    assert desk.has_event("parties.refused", "30 people")
    copied = [address for address, role in desk.parties().items() if role == "cc"]
    assert len(copied) == 16
    assert "and 11 more" in desk.to("anna@shop.example").mail.text


# -- rules

BY_BODY = """\
- name: Form
  when: [conversation.opened, message.received]
  if:
    from: form@website.example
    body: {matches: ['E-mail: (?P<email>\\S+)']}
  then:
    - contact: {address: "{{ match.email }}", name: "Jane Doe"}
- name: Known
  when: conversation.opened
  if: {contact: "@customer.example"}
  then: {tag: known}
- name: Acknowledge
  when: conversation.opened
  then: [{reply: {canned: received}}]
"""
VOUCHED = "- {name: V, when: conversation.opened, then: [{contact: reply_to}]}\n" + ACKNOWLEDGE
WEBSITE = "Web form <form@website.example>"


def test_a_rule_finds_the_customer_of_a_form_before_anything_is_sent(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=BY_BODY)
    desk.customer("E-mail: jane@customer.example\n", sender=WEBSITE)
    (acknowledged,) = desk.fresh("auto_reply")
    assert acknowledged.recipients == ("jane@customer.example",)
    assert "Hello Jane Doe," in acknowledged.mail.text
    assert desk.conversation().tags == ("known",)
    assert desk.parties() == {"jane@customer.example": "contact", **AGENTS}
    assert desk.has_event("contact.changed", "form@website.example → Jane Doe <jane@")
    assert "Jane Doe <jane@customer.example> wrote:" in desk.to("anna@shop.example").mail.text
    assert answer(desk) == (["jane@customer.example"], [])
    desk.reply(desk.to("jane@customer.example", "reply"), "Thanks.", to=SHOP)
    assert desk.count() == 1


def test_the_forms_next_mail_is_a_stranger_to_the_customers_conversation(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=BY_BODY)
    first = desk.customer("E-mail: jane@customer.example\n", sender=WEBSITE)
    desk.customer(
        "E-mail: tom@other.example\n", sender=WEBSITE, subject="Re: Tea [#1]", in_reply_to=first
    )
    assert [desk.conversation(n).contact_address for n in (1, 2)] == [
        "jane@customer.example",
        "tom@other.example",
    ]


@pytest.mark.parametrize("address", ["nonsense", "anna@shop.example", "support+x@shop.example"])
def test_an_address_that_cannot_be_the_customers_changes_nothing(
    tmp_path: Path, address: str
) -> None:
    desk = make(tmp_path, rules=BY_BODY)
    desk.customer(f"E-mail: {address}\n", sender=WEBSITE)
    assert desk.conversation().contact_address == "form@website.example"
    assert desk.has_event("contact.kept")
    with desk.database.read() as connection:
        ruling = explanation(connection, 1)["causes"][0]["rulings"][0]
    assert ruling["notes"][0].startswith("Form: the contact stays: ")
    assert ruling["matched"][0]["did"][0].startswith("contact stays: ")


def test_pitfall_14_no_rule_moves_a_conversation_on_somebody_elses_word(tmp_path: Path) -> None:
    rules = "- {name: R, when: message.received, then: [{contact: reply_to}]}\n"
    desk = make(tmp_path, rules=rules)
    first = desk.customer(cc="tom@customer.example")
    tom = {"sender": "tom@customer.example", "headers": f"Reply-To: {MALLORY}\n"}
    desk.customer("Me, too.\n", in_reply_to=first, **tom)
    assert desk.conversation().contact_address == "jane@customer.example"
    desk.customer("I moved.\n", in_reply_to=first, headers="Reply-To: jane@new.example\n")
    assert desk.conversation().contact_address == "jane@new.example"
    assert desk.parties()["jane@customer.example"] == "contact"


def test_S15_a_forms_mail_is_answered_automatically_only_where_a_rule_vouches(
    tmp_path: Path,
) -> None:
    form = letter(FORM, headers=f"Reply-To: {JANE}\n")
    plain, vouched = (make(tmp_path / name, rules=rules) for name, rules in VOUCHING.items())
    plain.send(form, to=[SHOP])
    vouched.send(form, to=[SHOP])
    assert plain.fresh("auto_reply") == []
    (sent,) = vouched.fresh("auto_reply")
    assert sent.recipients == ("jane@customer.example",)
    assert vouched.messages()[0].answerable


VOUCHING = {"plain": ACKNOWLEDGE, "vouched": VOUCHED}


@pytest.mark.parametrize(
    ("headers", "envelope"),
    [
        ("Auto-Submitted: auto-generated\n", None),
        ("Precedence: bulk\n", None),
        ("X-Loop: x\n", None),
        ("", ""),
    ],
)
def test_S15_all_else_that_forbids_automatic_mail_still_does(
    tmp_path: Path, headers: str, envelope: str | None
) -> None:
    desk = make(tmp_path, rules=VOUCHED)
    desk.send(
        letter(FORM, headers=f"Reply-To: {JANE}\n{headers}"), to=[SHOP], envelope_from=envelope
    )
    assert desk.fresh("auto_reply") == []


def test_S15_the_cap_is_the_new_contacts(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=VOUCHED)
    for n in range(30):
        desk.send(letter(FORM, subject=f"{n}", headers=f"Reply-To: {JANE}\n"), to=[SHOP])
    caps = desk.shop.config.auto_mail
    assert len(desk.fresh("auto_reply")) == min(caps.per_recipient_hour, caps.per_recipient_day)


def test_a_vouched_mail_may_still_be_answered_when_a_timer_runs_out(tmp_path: Path) -> None:
    nudge = "- {name: N, when: open, for: 2 h, then: [{reply: {canned: still-there}}]}\n"
    rules = "- {name: V, when: conversation.opened, then: [{contact: reply_to}]}\n" + nudge
    desk = make(tmp_path, rules=rules, config=CONFIG)
    desk.send(letter(FORM, headers=f"Reply-To: {JANE}\n"), to=[SHOP])
    desk.fresh()
    desk.later(seconds=timedelta(hours=3).total_seconds())
    assert [each.recipients for each in desk.fresh("auto_reply")] == [("jane@customer.example",)]
