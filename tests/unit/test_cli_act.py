"""Acting on conversations from a shell: what reply tags do in a mail."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_kit import MAIL, Shop, write_shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = write_shop(tmp_path)
    shop.take()
    return shop


def test_reply_reaches_the_customer_and_the_other_agents_get_a_copy(shop: Shop) -> None:
    before = len(shop.sent())
    assert shop.run("reply", "1", "--as", "ben", "It was sent yesterday.\n#1 of 1").code == 0
    assert shop.run("show", "1", "--json").json["state"] == "pending"
    assert shop.run("work").code == 0
    kinds = {row["kind"]: row for row in shop.run("outbox", "list", "--json").json}
    assert [each["address"] for each in kinds["reply"]["recipients"]] == [
        "jane@customer.example",
        "joe@customer.example",
    ]
    assert len(shop.sent()) > before
    assert any(b"#1 of 1" in mail for mail in shop.sent())
    message = shop.run("show", "1", "--json").json["messages"][-1]
    assert (message["direction"], message["text"]) == (
        "outbound",
        "It was sent yesterday.\n#1 of 1",
    )
    assert message["from"] == {"name": "Ben", "address": "support@shop.example"}


def test_reply_and_note_take_their_text_from_a_file_or_the_standard_input(
    shop: Shop, tmp_path: Path
) -> None:
    (tmp_path / "answer.txt").write_text("From a file.")
    assert shop.run("reply", "1", "--file", tmp_path / "answer.txt").code == 0
    assert shop.run("note", "1", "--file", "-", stdin=b"From a pipe.").code == 0
    texts = [each["text"] for each in shop.run("show", "1", "--json").json["messages"]]
    assert texts[1:] == ["From a file.", "From a pipe."]


@pytest.mark.parametrize("args", [[], ["text", "--file", "-"]])
def test_text_is_given_exactly_once(shop: Shop, args: list[str]) -> None:
    assert shop.run("reply", "1", *args).code == 2


def test_an_empty_answer_is_refused(shop: Shop) -> None:
    ended = shop.run("reply", "1", "  \n")
    assert (ended.code, ended.err) == (1, "inboxd: there is no text to send\n")
    assert shop.run("note", "1", "").code == 1


def test_the_default_agent_is_the_first_admin(shop: Shop) -> None:
    shop.run("note", "1", "Mine.")
    note = shop.run("show", "1", "--json").json["messages"][-1]
    assert note["from"] == {"name": "Anna", "address": "anna@shop.example"}
    unknown = shop.run("note", "1", "Mine.", "--as", "ana")
    assert (unknown.code, "did you mean 'anna'?" in unknown.err) == (1, True)


def test_every_act_does_what_its_tag_does(shop: Shop) -> None:
    acts = [
        (("tag", "1", "VIP", "urgent"), "tags", ["refund", "urgent", "vip"]),
        (("untag", "1", "urgent"), "tags", ["refund", "vip"]),
        (("priority", "1", "high"), "priority", "high"),
        (("assign", "1", "team:team"), "team", "team"),
        (("assign", "1", "ben"), "assignee", "ben"),
        (("snooze", "1", "3", "days"), "state", "snoozed"),
        (("open", "1"), "state", "open"),
        (("pending", "1"), "state", "pending"),
        (("set", "1", "order=4711"), "fields", {"order": "4711"}),
        (("set", "1", "order="), "fields", {}),
        (("close", "1"), "state", "closed"),
        (("assign", "1", "none"), "assignee", None),
        (("spam", "1"), "state", "spam"),
    ]
    for args, key, value in acts:
        done = shop.run(*args, "--json")
        assert done.code == 0, done
        assert done.json[key] == value, args
        assert done.json["did"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("assign", "1", "bem"), "did you mean 'ben'?"),
        (("assign", "1", "team:teem"), "there is no team 'teem'"),
        (("priority", "1", "hihg"), "did you mean 'high'?"),
        (("snooze", "1", "yesterday"), "is no time that I can read"),
        (("snooze", "1", "2001-01-01"), "is past"),
        (("tag", "1", "a b!c"), "cannot be a tag"),
        (("set", "1", "order"), "FIELD=VALUE"),
        (("remind", "1", "yesterday"), "is no time that I can read"),
        (("merge", "1", "9"), "there is no conversation #9"),
        (("merge", "1", "1"), "#1 is this conversation"),
        (("link", "1", "9"), "there is no conversation #9"),
        (("split", "1"), "there is nothing to split"),
        (("allow", "1"), "nobody waits to be let in"),
        (("away", "bem"), "did you mean 'ben'?"),
        (("away", "ben", "--until", "yesterday"), "is no time that I can read"),
        (("back", "bem"), "did you mean 'ben'?"),
        (("unblock", "jane@customer.example"), "is not blocked"),
    ],
)
def test_a_mistake_changes_nothing_and_is_one_sentence(
    shop: Shop, args: tuple[str, ...], words: str
) -> None:
    before = shop.run("show", "1", "--json").json
    ended = shop.run(*args)
    assert ended.code == 1
    assert words in ended.err
    assert ended.err.count("\n") == 1
    assert shop.run("show", "1", "--json").json == before


def test_whom_it_is_assigned_to_is_told(shop: Shop) -> None:
    before = {row["id"] for row in shop.run("outbox", "list", "--json").json}
    shop.run("assign", "1", "anna", "--as", "ben")
    new = [row for row in shop.run("outbox", "list", "--json").json if row["id"] not in before]
    assert [(row["kind"], row["recipients"][0]["address"]) for row in new] == [
        ("notification", "anna@shop.example")
    ]


def test_a_token_never_leaves_in_an_answer(shop: Shop) -> None:
    told = next(mail for mail in shop.sent() if b"To: Ben" in mail or b"ben@shop" in mail)
    line = next(line for line in told.replace(b"\r\n ", b" ").splitlines() if b"Reply-To" in line)
    address = line.decode().partition("<")[2].partition(">")[0]
    ended = shop.run("reply", "1", f"Write to {address}")
    assert (ended.code, "stands in your answer" in ended.err) == (1, True)


def test_without_agents_notes_work_and_answers_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "lonely"
    folder.mkdir()
    from cli_kit import CONFIG

    config = CONFIG.partition("agents:")[0].replace(", notify: [ben]", "")
    lonely = write_shop(folder, config)
    lonely.take()
    assert lonely.run("close", "1").code == 0
    assert lonely.run("note", "1", "A note.").code == 0
    ended = lonely.run("reply", "1", "Hello")
    assert (ended.code, "none is configured" in ended.err) == (1, True)


SECOND = MAIL.replace("first@customer.example", "second@customer.example").replace(
    "Where is my refund?", "Where is my cup?"
)


def test_merge_and_link_name_the_other_conversation(shop: Shop) -> None:
    shop.take(SECOND)
    assert shop.run("link", "2", "1").out == "#2: Linked with #1 (Where is my refund?).\n"
    done = shop.run("merge", "2", "1", "--json")
    assert (done.code, done.json["number"]) == (0, 1)
    assert len(shop.run("show", "2", "--json").json["messages"]) == 2


def test_split_makes_a_conversation_of_the_newest_mail(shop: Shop) -> None:
    shop.take(SECOND.replace("MIME-Version", "In-Reply-To: <first@customer.example>\nMIME-Version"))
    assert len(shop.run("show", "1", "--json").json["messages"]) == 2
    done = shop.run("split", "1", "--json")
    assert (done.code, done.json["number"], done.json["state"]) == (0, 2, "open")
    assert len(shop.run("show", "1", "--json").json["messages"]) == 1


def test_a_reminder_is_the_agents_who_is_named(shop: Shop) -> None:
    done = shop.run("remind", "1", "2 days", "call her", "--as", "ben")
    assert done.code == 0
    assert done.out.startswith("#1: You will be reminded on ")
    (timer,) = shop.run("explain", "1", "--json").json["timers"]
    assert timer["kind"] == "remind"


def test_who_is_blocked_can_be_unblocked(shop: Shop) -> None:
    blocked = shop.run("block", "1", "--as", "ben")
    assert blocked.code == 0, "somebody at a shell has every role"
    assert "inboxd unblock jane@customer.example" in blocked.out
    assert shop.run("show", "1", "--json").json["state"] == "spam"
    assert shop.run("unblock", "Jane@Customer.Example").code == 0
    assert shop.run("unblock", "jane@customer.example").code == 1


def test_away_and_back(shop: Shop) -> None:
    shop.run("assign", "1", "ben")
    away = shop.run("away", "ben", "--until", "tomorrow 9:00")
    assert (away.code, away.out.startswith("Ben is away until ")) == (0, True)
    assert "Ben is away until" in shop.run("assign", "1", "ben").out
    assert shop.run("back", "BEN").out == "Ben is back. These are open:\n#1 Where is my refund?\n"
    assert "nothing has changed" in shop.run("back", "ben").out
