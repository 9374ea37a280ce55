"""How rules are put together: files with defaults and sets, packs, once, shadow, the fuse."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from desk_kit import CONFIG, letter, make, write_shop
from rules_kit import KNOWN, facts, message

from inboxd.config import load_config
from inboxd.desk.explain import explanation
from inboxd.desk.shop import load_words
from inboxd.errors import ConfigError
from inboxd.rules.evaluate import evaluate
from inboxd.rules.loader import RuleSet, load_rules

SALES = CONFIG.replace(
    "listen:", "  - {name: sales, address: sales@shop.example, rules: [hello]}\nlisten:"
)


def load(folder: Path, text: str) -> RuleSet:
    (folder / "a.yaml").write_text(textwrap.dedent(text))
    return load_rules(folder, KNOWN)


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return [str(fault).removeprefix(f"{folder}/") for fault in caught.value.faults]


def tags(rules: RuleSet, **seen: str) -> list[str]:
    return sorted(evaluate(rules, facts(message(), **seen)).conversation.tags)


# -- files


def test_defaults_hold_for_the_rules_of_their_file_that_do_not_say_otherwise(
    tmp_path: Path,
) -> None:
    (tmp_path / "b.yaml").write_text("- {name: b, when: message.received, then: {tag: b}}\n")
    rules = load(
        tmp_path,
        """
        defaults: {when: message.received, mailboxes: sales, enabled: false, stop: true}
        rules:
          - {name: a, then: {tag: a}}
          - {name: c, enabled: true, then: {tag: c}}
          - {name: d, enabled: true, mailboxes: support, stop: false, then: {tag: d}}
        """,
    )
    assert tags(rules, mailbox="sales") == ["c"]
    assert tags(rules, mailbox="support") == ["b", "d"]


def test_faults_in_a_mapping_have_their_places(tmp_path: Path) -> None:
    assert faults(
        tmp_path,
        """\
        defaults: {mailboxes: sale, shadw: true}
        rule: []
        rules:
          - {name: a, when: message.received, then: {run: hallo}}
          - {name: a, when: message.received, then: {tga: x}}
        sets:
          hello:
            - {name: b, then: {assign: zoe}}
            - {name: c, for: 2 h, then: {tag: x}}
          "no name": []
        """,
    ) == [
        "a.yaml:1:23: no mailbox is called 'sale'; did you mean 'sales'?",
        "a.yaml:1:29: unknown key 'shadw'; did you mean 'shadow'?",
        "a.yaml:2:1: unknown key 'rule'; did you mean 'rules'?",
        "a.yaml:4:51: no set of rules is called 'hallo'; did you mean 'hello'?",
        "a.yaml:5:12: the rule in line 4 of a.yaml has this name too",
        "a.yaml:5:46: unknown key 'tga'; did you mean 'tag'?",
        "a.yaml:8:32: no agent is called 'zoe'; known here: anna, ben",
        "a.yaml:9:22: 'for' goes with a state (open, pending, snoozed, closed, unassigned)"
        " in 'when'",
        "a.yaml:10:3: the name of a set is made of letters, digits, '-', '_' and '.'",
    ]


def test_what_is_no_rule_file_says_so(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, "just words\n")
    assert "a rule file is a list of rules" in fault
    assert faults(tmp_path, "rules: 5\n") == ["a.yaml:1:8: 'rules' should be a list"]


# -- sets


def test_a_set_works_where_a_mailbox_includes_it_and_nowhere_else(tmp_path: Path) -> None:
    rules = """\
    sets:
      hello:
        - {name: S, when: message.received, then: {tag: hello}}
    """
    desk = make(tmp_path, rules=rules, config=SALES)
    desk.customer()
    desk.send(letter(to="sales@shop.example", subject="Other"), mailbox="sales")
    assert [desk.conversation(number).tags for number in (1, 2)] == [(), ("hello",)]


def test_a_mailbox_that_includes_an_unknown_set_is_a_fault_in_its_place(tmp_path: Path) -> None:
    path = write_shop(tmp_path, SALES)
    with pytest.raises(ConfigError) as caught:
        load_words(load_config(path, {}))
    (fault,) = caught.value.faults
    assert "no set of rules is called 'hello'" in str(fault)
    line = (tmp_path / "inboxd.yaml").read_text().splitlines()[fault.line - 1]
    assert line[fault.column - 1 :].startswith("hello")


def test_run_asks_a_set_in_the_middle_whatever_its_rules_are_for(tmp_path: Path) -> None:
    rules = load(
        tmp_path,
        """
        rules:
          - name: first
            when: message.received
            then: [{tag: a}, {run: more}, {untag: b}]
          - {name: last, when: message.received, if: {tags: c}, then: {tag: d}}
        sets:
          more:
            - {name: m1, if: {tags: a}, then: [{tag: b}, {run: more}]}
            - {name: m2, when: closed, then: {tag: c}, stop: true}
            - {name: m3, then: {tag: never}}
            - {name: m4, when: open, for: 2 h, then: {tag: never}}
        """,
    )
    found = evaluate(rules, facts(message()))
    assert sorted(found.conversation.tags) == ["a", "c", "d"]
    assert [step.rule for step in found.trace] == ["first", "m1", "m2", "last"]
    assert [f"{each.rule} {each}" for each in found.effects] == [
        "first tag a",
        "first run more",
        "m1 tag b",
        "m1 run more",
        "m2 tag c",
        "first untag b",
        "last tag d",
    ]


def test_a_set_keeps_to_its_rules_mailboxes_when_it_is_run(tmp_path: Path) -> None:
    rules = load(
        tmp_path,
        """
        rules: [{name: r, when: message.received, then: {run: s}}]
        sets: {s: [{name: only, mailboxes: sales, then: {tag: x}}]}
        """,
    )
    assert tags(rules, mailbox="support") == []
    assert tags(rules, mailbox="sales") == ["x"]


# -- packs


def test_a_pack_is_included_by_its_name_behind_the_shops_own_rules(tmp_path: Path) -> None:
    pack = tmp_path / "packs" / "webshop"
    (pack / "canned").mkdir(parents=True)
    (pack / "orders.yaml").write_text(
        "- {name: P1, when: message.received, if: {tags: mine}, then: {tag: pack}}\n"
        "- {name: P2, when: message.received, then: [{reply: packed}, {reply: received}]}\n"
    )
    for name in ("packed", "received"):
        (pack / "canned" / f"{name}.md").write_text(f"---\ntitle: x\n---\nThe pack's {name}.\n")
    rules = "- {name: Own, when: message.received, then: {tag: mine}}\n"
    desk = make(tmp_path, rules=rules, config=CONFIG + "packs: [webshop]\n")
    desk.customer()
    assert desk.conversation().tags == ("mine", "pack")
    (answer,) = desk.fresh("auto_reply")  # a rule answers once in a conversation
    assert answer.mail.text.startswith("The pack's packed.")
    assert {"packed", "received", "with-order"} <= set(desk.shop.canned.names)


def test_a_pack_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    path = write_shop(tmp_path, CONFIG + "packs: [webshop]\n")
    with pytest.raises(ConfigError) as caught:
        load_words(load_config(path, {}))
    assert [each for each in caught.value.faults if "packs/webshop" in str(each)]


# -- once and shadow


def test_a_rule_with_once_acts_once_in_a_conversation_for_good(tmp_path: Path) -> None:
    rules = """\
    - {name: O, when: message.received, once: true, then: [{note: seen}]}
    - {name: W, when: pending, for: 1 h, once: true, then: [{note: waited}]}
    """
    desk = make(tmp_path, rules=rules)
    asked = desk.customer()
    for _ in range(2):
        desk.answer_as("anna", desk.to("anna@shop.example"), "Which tea?")
        desk.later(hours=2)
        desk = desk.reopened()
        desk.customer("The green one.\n", in_reply_to=asked)
    notes = [each for each in desk.texts() if each.startswith("note")]
    assert notes == ["note: seen", "note: waited"]
    desk.customer(subject="Another")
    assert [each for each in desk.texts(2) if each.startswith("note")] == ["note: seen"]


def test_what_acted_once_has_acted_in_the_conversation_that_it_was_merged_into(
    tmp_path: Path,
) -> None:
    rules = "- {name: O, when: note.added, once: true, then: [{tag: noted}]}\n"
    desk = make(tmp_path, rules=rules)
    desk.customer()
    desk.customer(subject="Another")
    desk.answer_as("anna", desk.to("anna@shop.example"), "#note\nOne.")
    desk.answer_as("anna", desk.to("anna@shop.example"), "#merge 1")
    desk.answer_as("anna", desk.to("anna@shop.example"), "#untag noted\n#note\nTwo.")
    assert desk.conversation(1).tags == ()


def test_a_shadow_rule_is_explained_and_does_nothing(tmp_path: Path) -> None:
    rules = """\
    rules:
      - {name: S, when: message.received, shadow: true, then: [{tag: x}, {run: s}, stop]}
      - {name: R, when: message.received, if: {tags: {none_of: [x, y]}}, then: {tag: real}}
    sets:
      s: [{name: T, then: [{tag: y}, {reply: received}, drop]}]
    """
    desk = make(tmp_path, rules=rules)
    desk.customer()
    assert desk.conversation().tags == ("real",)
    assert desk.fresh("auto_reply") == []
    with desk.database.read() as connection:
        (cause,) = explanation(connection, 1)["causes"]
    matched = {each["rule"]: each for each in cause["rulings"][0]["matched"]}
    assert matched["S"]["did"] == ["tag x", "run s"]
    assert matched["T"]["did"] == ["tag y", "reply received", "drop"]
    assert [each for each in matched if matched[each].get("shadow")] == ["S", "T"]


# -- the fuse


def test_the_fuse_blows_tells_the_admin_once_and_is_whole_again_after_an_hour(
    tmp_path: Path,
) -> None:
    rules = """\
    - {name: Talker, when: message.received, then: [{note: one}, {note: two}]}
    - {name: Other, when: message.received, then: [{note: three}]}
    """
    desk = make(tmp_path, rules=rules, config=CONFIG + "rules_fuse: 5\n")
    asked = desk.customer()
    desk.customer("Hello?\n", in_reply_to=asked)

    def notes() -> list[str]:
        return [each[6:] for each in desk.texts() if each.startswith("note")]

    assert notes() == ["one", "two", "three", "one", "two"]
    (told,) = desk.fresh("alert")
    assert "Talker (4), Other (1)" in " ".join(told.mail.text.split())
    desk = desk.reopened()
    desk.later(minutes=59)
    desk.customer("Hello again?\n", in_reply_to=asked)
    assert len(notes()) == 5
    assert desk.fresh("alert") == []
    assert [each.split(":")[0] for each in desk.events()].count("rules.fuse") == 1
    desk.later(minutes=1)
    desk.customer("Is anybody there?\n", in_reply_to=asked)
    assert len(notes()) == 8
    with desk.database.read() as connection:
        cause = explanation(connection, 1)["causes"][1]
    assert any("the fuse has blown" in note for note in cause["rulings"][0]["notes"])


def test_a_fuse_is_a_conversations_own(tmp_path: Path) -> None:
    rules = "- {name: T, when: message.received, then: [{note: one}, {note: two}]}\n"
    desk = make(tmp_path, rules=rules, config=CONFIG + "rules_fuse: 2\n")
    desk.customer()
    desk.customer(subject="Another")
    assert [len(desk.messages(number)) for number in (1, 2)] == [3, 3]
    assert desk.fresh("alert") == []


# -- closed lists


def test_closed_lists_bind_rules_and_agents(tmp_path: Path) -> None:
    config = CONFIG + "tags: [green, Black]\nfields: [order]\n"
    with pytest.raises(ConfigError) as caught:
        make(
            tmp_path,
            config=config,
            rules="""\
            - {name: R, when: closed, then: [{tag: [green, blak]}, {set: {fields.ordr: x}}]}
            """,
        )
    assert [fault.message for fault in caught.value.faults] == [
        "no tag is called 'blak'; did you mean 'black'?",
        "no field is called 'ordr'; did you mean 'order'?",
    ]
    rules = "- {name: R, when: message.received, then: [{tag: black}, {set: {fields.order: x}}]}\n"
    desk = make(tmp_path, config=config, rules=rules)
    desk.customer()
    assert desk.conversation().tags == ("black",)
    desk.answer_as("anna", desk.to("anna@shop.example"), "#tag gren")
    desk.answer_as("anna", desk.to("anna@shop.example", "notification"), "#set ordr=1")
    assert desk.conversation().tags == ("black",)
    receipts = " ".join(each.mail.text for each in desk.fresh("receipt"))
    assert "there is no tag 'gren' in this shop; did you mean 'green'?" in receipts
    assert "there is no field 'ordr' in this shop; did you mean 'order'?" in receipts
    desk.answer_as("anna", desk.to("anna@shop.example", "notification"), "#tag green\n#set order=7")
    assert desk.conversation().tags == ("black", "green")
    assert desk.conversation().fields == {"order": "7"}
