from __future__ import annotations

import json
from pathlib import Path

import pytest
from rules_kit import KNOWN

from inboxd.errors import ConfigError
from inboxd.rules.loader import Known, load_rules
from inboxd.rules.schema import Rule

RULE = "- {{name: {0}, when: message.received, then: {{tag: {0}}}}}\n"


def faults_of(folder: Path, known: Known = KNOWN) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_rules(folder, known)
    return [str(fault).replace(f"{folder}", "rules") for fault in caught.value.faults]


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("20-b", "10-a", "Z", "30-c"):
        (tmp_path / f"{name}.yaml").write_text(RULE.format(name))
    (tmp_path / "empty.yaml").write_text("# nothing yet\n")
    (tmp_path / "README.md").write_text("not a rule")
    (tmp_path / ".#10-a.yaml").write_text("an editor's lock")
    names = [rule.name for rule in load_rules(tmp_path, KNOWN).rules]
    assert names == ["10-a", "20-b", "30-c", "Z"]


def test_an_empty_folder_holds_no_rules_and_an_absent_one_is_a_fault(tmp_path: Path) -> None:
    assert load_rules(tmp_path, KNOWN).rules == ()
    (fault,) = faults_of(tmp_path / "absent")
    assert fault.startswith("rules:0:0: cannot be read: ")


def test_a_file_that_would_be_passed_over_by_its_name_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(RULE.format("a"))
    assert faults_of(tmp_path) == ["rules/a.yml:0:0: a rule file's name ends in .yaml"]


def test_the_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- {name: a, when: message.received, then: {tga: x}}\n")
    (tmp_path / "b.yaml").write_text("- {name: a, when: closed, then: {assign: zoe}}\n")
    (tmp_path / "c.yaml").write_text("a: [\n")
    (tmp_path / "d.yaml").write_text("- {name: d, name: e}\n")
    assert faults_of(tmp_path) == [
        "rules/a.yaml:1:44: unknown key 'tga'; did you mean 'tag'?",
        "rules/b.yaml:1:10: the rule in line 1 of a.yaml has this name too",
        "rules/b.yaml:1:42: no agent is called 'zoe'; known here: anna, ben",
        "rules/c.yaml:2:1: expected the node content, but found '<stream end>'"
        " (while parsing a flow node)",
        "rules/d.yaml:1:13: the key 'name' stands in line 1 already",
    ]


def test_a_rule_repeated_by_an_alias_needs_a_name_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "- &a {name: a, when: closed, then: {tag: x}}\n- *a\n- {<<: *a, name: b}\n"
    )
    assert faults_of(tmp_path) == [
        "rules/a.yaml:1:13: the rule in line 1 of a.yaml has this name too"
    ]


def test_the_digest_changes_with_every_byte_and_name(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(RULE.format("a"))
    first = load_rules(tmp_path, KNOWN).digest
    assert load_rules(tmp_path, KNOWN).digest == first
    file.write_text(RULE.format("a") + "# changed\n")
    second = load_rules(tmp_path, KNOWN).digest
    file.rename(tmp_path / "b.yaml")
    third = load_rules(tmp_path, KNOWN).digest
    assert len({first, second, third}) == 3


def test_canned_replies_that_could_not_be_read_make_no_fault_here(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- {name: a, when: closed, then: {reply: {canned: any}}}\n")
    known = Known(KNOWN.agents, KNOWN.teams, KNOWN.mailboxes, canned=None)
    assert len(load_rules(tmp_path, known).rules) == 1
    assert len(faults_of(tmp_path, Known(canned=frozenset()))) == 1


def test_the_language_has_a_json_schema_with_its_shorthands() -> None:
    schema = Rule.model_json_schema()
    assert set(schema["required"]) == {"name", "when", "then"}
    subject = schema["$defs"]["Condition"]["properties"]["subject"]["anyOf"]
    assert {"type": "string"} in subject
    assert {"$ref": "#/$defs/TextOperators"} in subject
    assert json.dumps(schema)
