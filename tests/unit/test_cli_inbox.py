"""Reading the inbox from a shell: `list`, `show`, `search`, `explain`."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_kit import MAIL, Shop, write_shop

CONVERSATION = [
    "number",
    "state",
    "mailbox",
    "subject",
    "contact",
    "assignee",
    "team",
    "priority",
    "tags",
    "fields",
    "created_at",
    "updated_at",
    "messages",
]
MESSAGE = [
    "id",
    "direction",
    "kind",
    "from",
    "to",
    "cc",
    "date",
    "subject",
    "message_id",
    "text",
    "reply_text",
    "attachments",
]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return write_shop(tmp_path)


def test_an_empty_inbox_says_what_to_do_next(shop: Shop) -> None:
    ended = shop.run("list")
    assert ended.code == 0
    assert "inboxd serve" in ended.out
    assert shop.run("list", "--json").json == []


def test_the_contract_of_list_and_show(shop: Shop) -> None:
    shop.take()
    listed = shop.run("list", "--json").json
    shown = shop.run("show", "1", "--json").json
    assert listed == [shown]
    assert list(shown) == [*CONVERSATION, "sla"]
    assert shown["contact"] == {"name": "Jane Doe", "address": "jane@customer.example"}
    assert (shown["number"], shown["state"], shown["tags"]) == (1, "open", ["refund"])
    assert shown["created_at"].endswith("Z")
    [message] = shown["messages"]
    assert list(message) == MESSAGE
    assert message["from"] == {"name": "Jane Doe", "address": "jane@customer.example"}
    assert message["to"] == [{"name": "Tea Shop", "address": "support@shop.example"}]
    assert message["cc"] == [{"name": "", "address": "joe@customer.example"}]
    assert message["date"] == "2026-01-02T09:00:00Z"
    assert message["message_id"] == "first@customer.example"


def test_text_is_the_whole_text_and_reply_text_the_new_words(shop: Shop) -> None:
    shop.take()
    [message] = shop.run("show", "1", "--json").json["messages"]
    assert "it is coming" in message["text"]
    assert "it is coming" not in message["reply_text"]
    assert "grün tea" in message["reply_text"]
    [attachment] = message["attachments"]
    assert list(attachment) == ["filename", "content_type", "size", "sha256", "inline", "part"]
    assert attachment["part"] == 1


def test_list_leaves_out_what_is_closed_unless_asked(shop: Shop) -> None:
    shop.take()
    shop.run("close", "1")
    assert shop.run("list", "--json").json == []
    assert "list --all" in shop.run("list").out
    for asked in (["--all"], ["--state", "closed"]):
        assert [each["number"] for each in shop.run("list", "--json", *asked).json] == [1]


def test_list_by_mailbox_assignee_tag_and_limit(shop: Shop) -> None:
    shop.take()
    shop.take(MAIL.replace("support@", "billing@").replace("<first@", "<second@"))
    shop.run("assign", "2", "anna")

    def numbers(*args: str) -> list[int]:
        return [each["number"] for each in shop.run("list", "--json", *args).json]

    assert numbers() == [2, 1]
    assert numbers("--mailbox", "billing") == [2]
    assert numbers("--assignee", "anna") == [2]
    assert numbers("--tag", "refund") == [2, 1]
    assert numbers("--tag", "vip") == []
    assert numbers("--limit", "1") == [2]
    assert "--limit 4" in shop.run("list", "--limit", "1").out


def test_show_folds_quotes_and_full_shows_them(shop: Shop) -> None:
    shop.take()
    shop.run("note", "1", "She called.")
    shown = shop.run("show", "1").out
    assert "… 2 quoted lines" in shown
    assert "it is coming" not in shown
    assert "private note by Anna" in shown
    assert "attachment 1: order.csv" in shown
    assert "> it is coming." in shop.run("show", "1", "--full").out


def test_show_says_which_timers_are_set(shop: Shop) -> None:
    shop.take()
    shop.run("reply", "1", "Soon.")
    assert "rule Nudge, in 1 day" in shop.run("show", "1").out


def test_an_attachment_is_saved_where_the_admin_says(shop: Shop, tmp_path: Path) -> None:
    shop.take()
    target = tmp_path / "saved.csv"
    assert shop.run("show", "1", "--attachment", "1", "--output", target).code == 0
    assert target.read_bytes().strip() == b"a,b"
    assert shop.run("show", "1", "--attachment", "1", "--output", "-").raw.strip() == b"a,b"
    assert list(tmp_path.parent.glob("order.csv")) == []
    missing = shop.run("show", "1", "--attachment", "7", "--output", target)
    assert (missing.code, "no attachment 7" in missing.err) == (1, True)
    assert shop.run("show", "1", "--attachment", "1").code == 2


def test_an_unknown_conversation_is_one_sentence(shop: Shop) -> None:
    for command in ("show", "explain", "close"):
        ended = shop.run(command, "99")
        assert (ended.code, ended.err) == (1, "inboxd: there is no conversation #99\n")


def test_search_finds_conversations_with_their_places(shop: Shop) -> None:
    shop.take()
    found = shop.run("search", "green", "--json").json
    assert found == []
    [hit] = shop.run("search", "grun", "TEA", "--json").json
    assert list(hit) == [*CONVERSATION[:-1], "matches"]
    assert "grün tea" in hit["matches"][0]["excerpt"]
    assert "#1 open" in shop.run("search", "tea").out
    assert "Nothing holds" in shop.run("search", "lapsang").out


def test_search_takes_any_words(shop: Shop) -> None:
    shop.take()
    for words in ('"', "AND", "tea*", "NEAR(a b)", "subject:x", "-", "((", "\0"):
        assert shop.run("search", "--", words).code == 0, words


def test_explain_says_how_a_mail_was_read_threaded_and_ruled(shop: Shop) -> None:
    shop.take()
    told = shop.run("explain", "1").out
    for words in ("read as customer", "threaded: ", "✓ Refunds", "→ tag refund", "rules on"):
        assert words in told
    found = shop.run("explain", "1", "--json").json
    [cause] = found["causes"]
    assert (cause["kind"], cause["id"]) == ("mail", 1)
    assert cause["read"]["kind"] == "customer"
    assert cause["thread"]
    assert cause["rulings"][0]["matched"][0]["rule"] == "Refunds"


def test_colours_are_for_terminals_alone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.take()
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    assert "\x1b[" in shop.run("list", tty=True).out
    assert "\x1b" not in shop.run("list").out
    monkeypatch.setenv("NO_COLOR", "1")
    for command in (["list"], ["show", "1"], ["explain", "1"], ["search", "tea"]):
        assert "\x1b" not in shop.run(*command, tty=True).out
