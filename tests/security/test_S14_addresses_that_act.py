"""S13 and S14 for addresses that act: an action's, and those at which agents begin conversations.

Whoever holds such an address and is not its agent gets nothing done with it, and shown nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from desk_kit import CONFIG, Desk, letter, make

from inboxd.conversations.action_addresses import ACTIONS, assign_to, party_of
from inboxd.conversations.tokens import Purpose

ANNA = "Anna <anna@shop.example>"
BEN = "Ben <ben@shop.example>"
JANE = "Jane Doe <jane@customer.example>"
MALLORY = "Mallory <mallory@evil.example>"
TRUSTED = CONFIG + "trust: {authserv_ids: [mx.shop.example]}\n"
TWO = CONFIG.replace(
    "mailboxes:\n", "mailboxes:\n  - {name: sales, address: sales@shop.example, notify: [carl]}\n"
)
FAIL = "Authentication-Results: mx.shop.example; dkim=fail header.d=shop.example; spf=fail\n"
PASS = (
    "Authentication-Results: mx.shop.example; dkim=pass header.d=shop.example; "
    "dmarc=pass header.from=shop.example\n"
)
MACHINES = {
    "auto-replied": "Auto-Submitted: auto-replied\n",
    "vacation": "Auto-Submitted: auto-replied (vacation)\nX-Autoreply: yes\n",
    "bulk": "Precedence: bulk\nList-Unsubscribe: <https://x.example>\n",
    "list": "List-Id: <all.shop.example>\n",
}


def asked(tmp_path: Path, config: str = CONFIG) -> Desk:
    desk = make(tmp_path, config=config)
    desk.customer("My card number is 4111.\n")
    desk.fresh()
    return desk


def action(desk: Desk, name: str = "close", agent: str = "anna", **token: object) -> str:
    token = {"days": 90, **token}
    return desk.reply_address(Purpose.ACTION, party=party_of(agent, name), **token)  # type: ignore[arg-type]


def new(desk: Desk, agent: str = "anna", **token: object) -> str:
    return desk.reply_address(Purpose.NEW, party=f"agent:{agent}", **{"days": 300, **token})  # type: ignore[arg-type]


def write(desk: Desk, sender: str, to: str, text: str = "", **mail: object) -> None:
    desk.send(letter(sender, "x", text, to=to, **mail), to=[to])  # type: ignore[arg-type]


def nothing_done(desk: Desk) -> None:
    """Assert that the conversation is as it was, and that nobody outside got a word."""
    found = desk.conversation()
    assert (found.state, found.assignee, found.tags) == ("open", None, ())
    ours = {"anna@shop.example", "ben@shop.example", "carl@shop.example"}
    for sent in desk.outbox():
        assert set(sent.recipients) <= ours


# -- action addresses

ATTACKS: dict[str, Callable[[Desk], tuple[str, str]]] = {
    "a colleague with it": lambda desk: (BEN, action(desk)),
    "a stranger with it": lambda desk: (MALLORY, action(desk)),
    "two in From": lambda desk: (f"{ANNA}, {MALLORY}", action(desk)),
    "an address in the name": lambda desk: (
        '"anna@shop.example" <mallory@evil.example>',
        action(desk),
    ),
    "another mailbox's": lambda desk: (
        ANNA,
        action(desk, mailbox="sales").replace("sales+", "support+"),
    ),
    "expired": lambda desk: (ANNA, action(desk, days=-1)),
    "for no action": lambda desk: (
        ANNA,
        desk.reply_address(Purpose.ACTION, party="agent:anna", days=9),
    ),
    "for an unknown action": lambda desk: (ANNA, action(desk, "delete")),
    "another purpose's, for the same party": lambda desk: (
        ANNA,
        desk.reply_address(Purpose.CUSTOMER, party=party_of("anna", "close")),
    ),
    "of somebody who is no agent": lambda desk: (MALLORY, action(desk, agent="mallory")),
    "without a token": lambda desk: (ANNA, "support+close@shop.example"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_S13_an_action_address_does_nothing_for(tmp_path: Path, attack: str) -> None:
    desk = asked(tmp_path, TWO)
    sender, to = ATTACKS[attack](desk)
    write(desk, sender, to)
    nothing_done(desk)


def test_S13_the_proof_works_where_nothing_is_wrong(tmp_path: Path) -> None:
    desk = asked(tmp_path, TWO)
    write(desk, ANNA, action(desk))
    assert desk.state() == "closed"


@pytest.mark.parametrize(("headers", "state"), [("", "open"), (FAIL, "open"), (PASS, "closed")])
def test_S13_an_action_needs_the_pass_that_answers_need(
    tmp_path: Path, headers: str, state: str
) -> None:
    desk = asked(tmp_path, TRUSTED)
    write(desk, ANNA, action(desk), headers=headers)
    assert desk.state() == state
    assert ("held anna@shop.example" in desk.kinds()) is (state == "open")


@pytest.mark.parametrize("machine", MACHINES)
def test_S13_an_action_is_not_done_by_a_machine(tmp_path: Path, machine: str) -> None:
    desk = asked(tmp_path)
    write(desk, ANNA, action(desk), "I am away.\n", headers=MACHINES[machine])
    nothing_done(desk)
    assert desk.kinds() == []


def test_S13_a_refused_action_asks_the_agent_at_the_configured_address_only(tmp_path: Path) -> None:
    desk = asked(tmp_path)
    for _ in range(9):
        write(desk, MALLORY, action(desk))
    assert desk.kinds() == ["held anna@shop.example"] * 5
    assert "4111" not in desk.to("anna@shop.example", "held").mail.text


def test_S13_a_customer_who_got_hold_of_it_closes_nothing(tmp_path: Path) -> None:
    desk = asked(tmp_path)
    write(desk, JANE, action(desk), "Is this yours?\n")
    assert desk.state() == "open"
    assert desk.texts()[-1] == "inbound: Is this yours?"


def test_S14_an_action_address_works_for_no_other_conversation(tmp_path: Path) -> None:
    desk = asked(tmp_path)
    desk.customer("Another.\n", sender="Tom <tom@elsewhere.example>")
    write(desk, ANNA, action(desk, number=2))
    assert (desk.state(1), desk.state(2)) == ("open", "closed")


def test_S14_each_action_does_what_it_was_signed_for_and_nothing_else(tmp_path: Path) -> None:
    desk = asked(tmp_path)
    names = [*ACTIONS, *(assign_to(name) for name in ("anna", "ben", "carl"))]
    assert len({action(desk, name) for name in names}) == len(names)
    write(desk, ANNA, action(desk, assign_to("ben")), "#close #spam\n")
    found = desk.conversation()
    assert (found.state, found.assignee) == ("open", "ben")


def test_S14_no_letter_of_an_action_address_can_be_changed(tmp_path: Path) -> None:
    desk = asked(tmp_path)
    local, _, domain = action(desk).rpartition("@")
    start = local.index("+") + 1
    for at in range(start, len(local)):
        other = "b" if local[at] == "a" else "a"
        write(desk, ANNA, f"{local[:at]}{other}{local[at + 1 :]}@{domain}")
    assert (desk.state(), desk.conversation().assignee) == ("open", None)


def test_S14_words_to_an_action_address_reach_no_customer(tmp_path: Path) -> None:
    desk = asked(tmp_path)
    write(desk, ANNA, action(desk), "We pay it back to card 4111.\n")
    assert not any("jane@customer.example" in sent.recipients for sent in desk.outbox())
    assert desk.state() == "closed"


# -- addresses for new conversations

BEGIN = "#to victim@elsewhere.example\n\nPay to this account.\n"
BEGINNINGS: dict[str, Callable[[Desk], tuple[str, str]]] = {
    "a colleague with it": lambda desk: (BEN, new(desk)),
    "a stranger with it": lambda desk: (MALLORY, new(desk)),
    "two in From": lambda desk: (f"{ANNA}, {MALLORY}", new(desk)),
    "another mailbox's": lambda desk: (
        ANNA,
        new(desk, mailbox="sales").replace("sales+", "support+"),
    ),
    "expired": lambda desk: (ANNA, new(desk, days=-1)),
    "of somebody who is no agent": lambda desk: (MALLORY, new(desk, agent="mallory")),
    "another purpose's": lambda desk: (
        ANNA,
        desk.reply_address(Purpose.DIGEST, party="agent:ben", days=9),
    ),
    "without a token": lambda desk: (ANNA, "support+new@shop.example"),
    "the shop's address": lambda desk: (ANNA, "support@shop.example"),
}


@pytest.mark.parametrize("attack", BEGINNINGS)
def test_S13_nobody_writes_first_in_the_shops_name_by(tmp_path: Path, attack: str) -> None:
    desk = asked(tmp_path, TWO)
    sender, to = BEGINNINGS[attack](desk)
    write(desk, sender, to, BEGIN)
    nothing_done(desk)
    for number in range(2, desk.count() + 1):
        assert desk.conversation(number).contact_address != "victim@elsewhere.example"


@pytest.mark.parametrize("headers", ["", FAIL])
def test_S13_writing_first_needs_the_pass_that_answers_need(tmp_path: Path, headers: str) -> None:
    desk = asked(tmp_path, TRUSTED)
    write(desk, ANNA, new(desk), BEGIN, headers=headers)
    nothing_done(desk)
    assert desk.kinds() == ["held anna@shop.example"]


@pytest.mark.parametrize("machine", MACHINES)
def test_S13_no_machine_begins_a_conversation(tmp_path: Path, machine: str) -> None:
    desk = asked(tmp_path)
    write(desk, ANNA, new(desk), BEGIN, headers=MACHINES[machine])
    nothing_done(desk)
    assert desk.kinds() == []


FORGED = """\
---------- Forwarded message ---------
From: Jane Doe <jane@customer.example>
Date: Mon, 6 May 2030 at 07:00
Subject: Where is my tea?
To: Anna <a.private@home.example>

Please send my data to another address.
"""


@pytest.mark.parametrize("attack", [name for name in BEGINNINGS if "From" not in name])
def test_S14_a_forged_forward_speaks_for_no_customer(tmp_path: Path, attack: str) -> None:
    desk = asked(tmp_path, TWO)
    sender, to = BEGINNINGS[attack](desk)
    write(desk, sender, to, FORGED)
    nothing_done(desk)
    for number in range(2, desk.count() + 1):
        assert desk.conversation(number).contact_address != "jane@customer.example"
        for message in desk.messages(number):
            assert message.author.address != "jane@customer.example"


def test_S14_our_own_notification_is_no_customers_mail(tmp_path: Path) -> None:
    desk = asked(tmp_path)
    ours = desk.to("anna@shop.example").mail.text
    header = FORGED.partition("\n\n")[0]
    write(desk, ANNA, new(desk), f"{header}\n\n{ours}")
    assert desk.kinds() == ["receipt anna@shop.example"]
    assert desk.messages(2) == []


def test_S14_an_old_address_is_no_proof_and_the_new_one_is_told(tmp_path: Path) -> None:
    desk = asked(tmp_path)
    old = new(desk)
    desk.clock.advance(timedelta(days=301))
    write(desk, ANNA, old, BEGIN)
    nothing_done(desk)
    told = desk.to("anna@shop.example", "held").mail.text
    assert "The address that it was sent to has expired." in " ".join(told.split())
