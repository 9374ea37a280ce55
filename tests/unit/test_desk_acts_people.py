"""Who may take part, and who is there: strangers, blocked customers, absent agents."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from acts_kit import JOE, do, stranger
from desk_kit import CONFIG, START, Desk, make

from inboxd.conversations import commands as ask
from inboxd.desk import commands
from inboxd.desk.acts_away import audience
from inboxd.desk.unit import Unit
from inboxd.errors import Permanent
from inboxd.store import absences, blocked

ROLES = CONFIG.replace("{name: ben,", "{name: ben, role: supervisor,")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = make(tmp_path, config=ROLES)
    desk.customer()
    desk.fresh()
    return desk


# -- allow


def test_allow_lets_everybody_in_who_waits(desk: Desk) -> None:
    stranger(desk)
    stranger(desk, "Kim <kim@elsewhere.example>")
    assert desk.parties()["joe@elsewhere.example"] == "pending"
    said = do(desk, ask.Allow())
    assert said.startswith("Let in: joe@elsewhere.example, kim@elsewhere.example.")
    assert desk.parties()["joe@elsewhere.example"] == "cc"
    assert desk.has_event("party.allowed", "joe@elsewhere.example")
    desk.fresh()
    desk.answer_as("anna", desk.to("anna@shop.example"), "Soon.")
    (reply,) = desk.fresh("reply")
    assert set(reply.recipients) == {
        "jane@customer.example",
        "joe@elsewhere.example",
        "kim@elsewhere.example",
    }


def test_whoever_is_let_in_joins_by_ids_from_then_on(desk: Desk) -> None:
    mail = stranger(desk)
    do(desk, ask.Allow())
    desk.customer("More.\n", sender=JOE, in_reply_to=mail, subject="Fwd: tea")
    assert desk.count() == 1


def test_where_nobody_could_be_answered_the_stranger_becomes_the_contact(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.customer(sender="nobody")
    assert "@" not in desk.conversation().contact_address
    stranger(desk, "Kim <kim@elsewhere.example>")
    stranger(desk)
    said = do(desk, ask.Allow())
    assert said.endswith("Answers go to joe@elsewhere.example from now on.")
    assert desk.conversation().contact_address == "joe@elsewhere.example"
    assert desk.parties()["joe@elsewhere.example"] == "contact"
    assert desk.parties()["kim@elsewhere.example"] == "cc"


def test_nobody_waits(desk: Desk) -> None:
    assert do(desk, ask.Allow()) == "refused: nobody waits to be let in"


def test_an_answer_does_not_become_a_mass_mail(desk: Desk) -> None:
    for number in range(21):
        stranger(desk, f"s{number}@elsewhere.example")
    assert "more than 20 people" in do(desk, ask.Allow())
    assert desk.parties()["s0@elsewhere.example"] == "pending"


# -- block


def test_block_makes_the_conversation_spam_and_remembers_the_sender(desk: Desk) -> None:
    said = do(desk, ask.Block())
    assert said.startswith("Blocked: jane@customer.example.")
    assert "inboxd unblock jane@customer.example" in said
    assert desk.state() == "spam"
    with desk.database.read() as connection:
        assert blocked.is_blocked(connection, "other@x.example", "JANE@customer.example")
        assert not blocked.is_blocked(connection, "joe@customer.example", "")


def test_the_address_that_the_customer_writes_from_is_blocked_too(desk: Desk) -> None:
    desk.customer(
        "Call me.\n", subject="Me", headers="Reply-To: jane@other.example\n", message_id="m@c"
    )
    assert do(desk, ask.Block(), number=2).startswith(
        "Blocked: jane@other.example, jane@customer.example."
    )


@pytest.mark.parametrize(("agent", "may"), [("anna", True), ("ben", True), ("carl", False)])
def test_block_is_for_supervisors_and_admins(desk: Desk, agent: str, may: bool) -> None:
    said = do(desk, ask.Block(), agent=agent)
    assert said.startswith("refused: #block is for supervisors") is not may
    assert (desk.state() == "spam") is may


def test_unblocking_takes_it_back_and_an_unknown_address_is_an_error(desk: Desk) -> None:
    do(desk, ask.Block())
    with pytest.raises(Permanent, match=r"did you mean 'jane@customer\.example'"):
        commands.unblock(desk.database, desk.clock, "jan@customer.example")
    commands.unblock(desk.database, desk.clock, "Jane@Customer.example ")
    with desk.database.read() as connection:
        assert blocked.listing(connection) == []


def test_nobody_blocks_a_colleague(desk: Desk) -> None:
    desk.customer("A question.\n", sender="Carl <carl@shop.example>", subject="Keys")
    assert "of the shop or of an agent" in do(desk, ask.Block(), number=2)


# -- away and back


def hear(desk: Desk, number: int = 1) -> list[str]:
    with desk.database.read() as connection:
        unit = Unit(
            connection,
            desk.shop,
            desk.conversation(number),
            now=desk.clock.now(),
            cause="test",
            actor="test",
        )
        return [each.name for each in audience(unit)]


def test_an_absence_ends_by_itself(desk: Desk) -> None:
    said = do(desk, ask.Away(START + timedelta(days=2)))
    assert said.startswith("You are away until Wed 2030-05-08 ")
    assert hear(desk) == ["ben"]
    desk.clock.advance(timedelta(days=1, hours=23))
    assert hear(desk) == ["ben"]
    desk.clock.advance(timedelta(hours=1))
    assert hear(desk) == ["anna", "ben"]
    assert "nothing has changed" in do(desk, ask.Back())


def test_back_ends_it_sooner_and_says_what_waits(desk: Desk) -> None:
    do(desk, ask.Assign(agent="anna"), ask.Away())
    assert do(desk, ask.Back()) == "You are back. These are open:\n#1 Where is my tea?"
    assert hear(desk) == ["anna"]
    do(desk, ask.Close(), ask.Away())
    assert do(desk, ask.Back()) == "You are back."


def test_the_mail_of_an_absent_agents_customer_goes_to_the_team_or_the_list(desk: Desk) -> None:
    do(desk, ask.Assign(agent="carl", team=None))
    assert hear(desk) == ["carl"]
    do(desk, ask.Away(), agent="carl")
    assert hear(desk) == ["anna", "ben"]
    do(desk, ask.Assign(team="billing"))
    assert hear(desk) == ["anna", "ben"]  # carl is all of that team


def test_where_nobody_is_there_the_assignee_hears_of_it_all_the_same(desk: Desk) -> None:
    do(desk, ask.Assign(agent="carl"))
    for name in ("anna", "ben", "carl"):
        do(desk, ask.Away(), agent=name)
    assert hear(desk) == ["carl"]
    do(desk, ask.Assign())
    assert hear(desk) == ["anna", "ben"]


def test_whoever_assigns_to_an_absent_agent_is_told(desk: Desk) -> None:
    do(desk, ask.Away(START + timedelta(days=2)), agent="carl")
    said = do(desk, ask.Assign(agent="carl"))
    assert said.startswith("Assigned to carl. Carl is away until Wed 2030-05-08 ")
    assert desk.conversation().assignee == "carl"
    do(desk, ask.Away(), agent="ben")
    said = do(desk, ask.Note(), text="@ben please")
    assert said == "Kept as a private note; Ben will read it. Ben is away."


def test_colleagues_are_sent_away_by_supervisors_alone(desk: Desk) -> None:
    assert "for supervisors" in do(desk, ask.Away(agent="anna"), agent="carl")
    assert do(desk, ask.Away(agent="Carl"), agent="ben").startswith("Carl is away.")
    assert "for supervisors" in do(desk, ask.Back(agent="ben"), agent="carl")
    assert do(desk, ask.Back(agent="carl"), agent="carl") == "You are back."
    assert "there is no agent 'kral'" in do(desk, ask.Away(agent="kral"))


def test_a_later_absence_replaces_an_earlier_one(desk: Desk) -> None:
    do(desk, ask.Away(START + timedelta(days=2)))
    do(desk, ask.Away())
    with desk.database.read() as connection:
        (known,) = absences.current(connection, START + timedelta(days=900)).values()
    assert (known.agent, known.until) == ("anna", None)
