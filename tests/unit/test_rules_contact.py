"""The action `contact`: whom a rule takes for the customer, and when it leaves all as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rules_kit import facts, holds, message, rules

from inboxd.errors import ConfigError
from inboxd.mail.model import Address, Headers
from inboxd.rules.effects import SetContact
from inboxd.rules.evaluate import Evaluation, evaluate
from inboxd.rules.facts import Facts, MessageFacts, WholeMail

FORM = Address("Shop", "website@shop.example")
JANE = Address("Jane Doe", "jane@x.example")
TEXT = "E-mail: jane@y.example\nName: Jane Roe\n"
SEEN = replace(
    message("A form", TEXT, sender="website@shop.example"),
    whole=lambda: WHOLE,
)
WHOLE = WholeMail(
    reply_to=(Address("", "help@shop.example"), JANE),
    sender=(Address("", "s@x.example"),),
    original_from=(Address("", "o@x.example"),),
    headers=Headers([("X-Customer", "Jane <h@x.example>"), ("X-Two", "a@x.example, b@x.example")]),
)


def answers_to(*people: Address) -> MessageFacts:
    whole = replace(WHOLE, reply_to=people)
    return replace(SEEN, whole=lambda: whole)


OURS = frozenset({"help@shop.example", "website@shop.example", "anna@shop.example"})


def seen(mail: object = SEEN, **change: object) -> Facts:
    return replace(
        facts(mail, event="conversation.opened", contact=FORM),  # type: ignore[arg-type]
        is_ours=lambda address: address.casefold() in OURS,
        **change,  # type: ignore[arg-type]
    )


def asked(contact: str, given: Facts | None = None) -> Evaluation:
    text = f"""\
    - name: Form
      when: conversation.opened
      if:
        body: {{matches: ['E-mail: (?P<email>\\S+)', 'Nothing: (?P<nothing>\\S+)']}}
      then: [{{contact: {contact}}}]
    - name: Who
      when: conversation.opened
      if: {{contact: "@x.example"}}
      then: {{tag: seen}}
    """
    return evaluate(rules(text), given or seen())


def found(contact: str, given: Facts | None = None) -> str:
    effect = asked(contact, given).effects[0]
    assert isinstance(effect, SetContact)
    assert (effect.contact is None) == bool(effect.why_not)
    return str(effect.contact) if effect.contact else effect.why_not


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        ("reply_to", "Jane Doe <jane@x.example>"),
        ("sender", "s@x.example"),
        ("original_from", "o@x.example"),
        ("{source: sender}", "s@x.example"),
        ("{source: sender, name: Jane}", "Jane <s@x.example>"),
        ("{header: X-Customer}", "Jane <h@x.example>"),
        ("{header: x-customer, name: Joan}", "Joan <h@x.example>"),
        ("{address: '{{ match.email }}'}", "jane@y.example"),
        ("{address: '{{ match.email }}', name: 'J {{ match.nothing }}'}", "jane@y.example"),
        ("{address: fixed@y.example}", "fixed@y.example"),
    ],
)
def test_the_contact_is_taken_from(contact: str, expected: str) -> None:
    assert found(contact) == expected


@pytest.mark.parametrize(
    ("contact", "why"),
    [
        ("from", "website@shop.example is one of our own"),
        ("{header: X-None}", "the mail has no X-None fields"),
        ("{header: X-Two}", "X-Two does not hold one address"),
        ("{address: '{{ match.nothing }}'}", "the pattern caught no address"),
        ("{address: 'x {{ match.email }}'}", "'x jane@y.example' is not one address"),
        ("{address: Anna@shop.example}", "Anna@shop.example is one of our own"),
    ],
)
def test_a_doubt_leaves_the_contact_as_it_is(contact: str, why: str) -> None:
    result = asked(contact)
    assert found(contact) == why
    assert result.conversation.contact == FORM
    assert result.to_json()["matched"][0]["did"] == [f"contact stays: {why}"]
    assert len(result.effects) == 1


@pytest.mark.parametrize(
    ("mail", "why"),
    [
        (answers_to(), "reply_to names no addresses"),
        (answers_to(JANE, FORM, Address("", "t@x.example")), "names 2 addresses"),
        (answers_to(Address("", "jane")), "'jane' cannot be sent to"),
        (replace(SEEN, by_contact=False), "somebody else than the contact wrote this mail"),
    ],
)
def test_pitfall_14_a_contact_is_not_replaced_on_a_doubt(mail: object, why: str) -> None:
    assert why in found("reply_to", seen(mail))


def test_rules_that_come_later_see_the_new_contact() -> None:
    result = asked("reply_to")
    assert [step.matched for step in result.trace] == [True, True]
    assert result.conversation.contact == JANE
    assert result.to_json()["matched"][0]["did"] == ["contact Jane Doe <jane@x.example> (reply_to)"]
    assert [step.matched for step in asked("{header: X-None}").trace] == [True, False]


def test_a_condition_looks_at_the_contacts_address_and_name() -> None:
    given = facts(message(), contact=JANE)
    assert holds("{contact: jane@x.example}", given)
    assert holds("{contact: {is: jane doe}}", given)
    assert holds("{contact: {matches: '^jane@'}}", given)
    assert not holds("{contact: '@shop.example'}", given)
    assert not holds("{contact: jane}", facts(message()))


@pytest.mark.parametrize(
    ("then", "line", "words"),
    [
        ("{contact: replyto}", 3, "reply_to"),
        ("{contact: {}}", 3, "one of 'source', 'address' and 'header'"),
        ("{contact: {name: Jane}}", 3, "one of 'source', 'address' and 'header'"),
        ("{contact: {header: X-A, source: from}}", 3, "one of 'source', 'address' and 'header'"),
        ("{contact: {header: 'X A'}}", 3, "no spaces and no colon"),
        ("{contact: {address: '{{ match.no }}'}}", 3, "has a group 'no'"),
        ("{contact: {adress: x}}", 3, "address"),
    ],
)
def test_a_contact_that_cannot_be_is_a_fault_in_its_place(then: str, line: int, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rules(f"- name: r\n  when: message.received\n  then: {then}\n")
    (fault,) = caught.value.faults
    assert (fault.line, words in fault.message) == (line, True), fault


@pytest.mark.parametrize("when", ["closed", "[message.received, pending]"])
def test_a_contact_needs_a_mail_to_be_looked_for_in(when: str) -> None:
    with pytest.raises(ConfigError, match=r"'contact' goes with conversation\.opened") as caught:
        rules(f"- name: r\n  when: {when}\n  then: {{contact: reply_to}}\n")
    assert [fault.line for fault in caught.value.faults] == [3]
