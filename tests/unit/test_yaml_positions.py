from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inboxd.errors import ConfigError
from inboxd.yaml_positions import Document, load_yaml, parse_yaml

HERE = Path("inboxd.yaml")


def document(text: str) -> Document:
    return parse_yaml(text.encode(), HERE)


def faults_of(raw: bytes) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(raw, HERE)
    return [str(fault) for fault in caught.value.faults]


def test_values_are_plain_and_of_yaml_1_2() -> None:
    text = "a: yes\nb: 010\nc: 0o10\nd: 2025-01-01\ne: ~\nf: 1e3\ng: true\nh: [1, x]\ni: {}\nj:\n"
    assert document(text).data == {
        "a": "yes",
        "b": 10,
        "c": 8,
        "d": "2025-01-01",
        "e": None,
        "f": 1000.0,
        "g": True,
        "h": [1, "x"],
        "i": {},
        "j": None,
    }


@pytest.mark.parametrize("raw", [b"", b"# nothing\n", b"---\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_null(raw: bytes) -> None:
    empty = parse_yaml(raw, HERE)
    assert empty.data is None
    line, column = empty.position(("anything", 3))
    assert line >= 1
    assert column == 1


def test_places_of_values_and_keys() -> None:
    doc = document("mailboxes:\n  - name: support\n    sources:\n      - smtp: {port: 25}\n")
    assert doc.position(("mailboxes",)) == (2, 3)
    assert doc.position(("mailboxes",), key=True) == (1, 1)
    assert doc.position(("mailboxes", 0, "name")) == (2, 11)
    assert doc.position(("mailboxes", 0, "name"), key=True) == (2, 5)
    assert doc.position(("mailboxes", 0, "sources", 0, "smtp", "port")) == (4, 22)


def test_a_path_that_nobody_wrote_leads_to_the_nearest_place() -> None:
    doc = document("if: refund\nset:\n  fields.order: x\nlist: [a, b]\n")
    assert doc.position(("if", "all", 0, "subject")) == (1, 5)
    assert doc.position(("set", "fields", "order")) == (3, 17)
    assert doc.position(("set", "fields", "other")) == (3, 3)
    assert doc.position(("list", "tuple[str]", 1)) == (4, 11)
    assert doc.position(("list", 7)) == (4, 7)


def test_what_an_alias_or_a_merge_repeats_lies_where_it_was_written() -> None:
    doc = document("base: &base\n  x: 1\n  y: 2\nown:\n  <<: *base\n  y: 3\nagain: *base\n")
    assert doc.data == {
        "base": {"x": 1, "y": 2},
        "own": {"x": 1, "y": 3},
        "again": {"x": 1, "y": 2},
    }
    assert doc.position(("own", "x")) == (2, 6)
    assert doc.position(("own", "y")) == (6, 6)
    assert doc.position(("again", "y")) == (3, 6)


def test_merged_mappings_give_way_to_the_ones_before_them() -> None:
    text = "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b], z: 3}\nd: {x: &a 9}\ne: *a\n"
    data = document(text).data
    assert isinstance(data, dict)
    assert data["c"] == {"x": 1, "y": 2, "z": 3}
    assert data["e"] == 9


def test_every_mistake_in_a_file_is_told_at_once() -> None:
    raw = b"a: 1\na: 2\n3: x\n? [k]\n: v\nb: !!set {x}\nc: -_\n<<: text\n"
    assert faults_of(raw) == [
        "inboxd.yaml:2:1: the key 'a' stands in line 1 already",
        "inboxd.yaml:3:1: a key is text: put it in quotes",
        "inboxd.yaml:4:3: a key is text: put it in quotes",
        "inboxd.yaml:6:4: the type !!set is not allowed here",
        "inboxd.yaml:7:4: this is not a number: put it in quotes",
        "inboxd.yaml:8:5: '<<' merges mappings only",
    ]


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"a: \xff", "1:4: byte 0xff is not UTF-8"),
        (b"a: 1\nb: \x07", "2:4: the character U+0007 is not allowed in YAML"),
        (b"a: *nothing", "1:4: found undefined alias 'nothing'"),
        (b"a: &a [*a]", "1:4: this anchor holds itself"),
        (b"a: &a {<<: *a}", "1:4: this anchor holds itself"),
        (b"[" * 10_000, "1:61: nested more than 60 deep"),
        (b"a: 1\n---\nb: 1", "2:1: found another document"),
        (b"a: !!python/object/apply:os.system [id]", "1:4: the type !!python/object/apply:os.sys"),
        (b"a: " + b"9" * 6000, "1:4: this is not a number"),
    ],
)
def test_S9_what_is_no_plain_yaml_is_refused(raw: bytes, fault: str) -> None:
    (only,) = faults_of(raw)
    assert only.startswith(f"inboxd.yaml:{fault}")


def _bomb(item: str) -> bytes:
    lines = ["a0: &a0 " + item]
    for level in range(1, 10):
        repeated = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} " + ("[%s]" if item == "x" else "{<<: [%s]}") % repeated)
    return "\n".join(lines).encode()


@pytest.mark.parametrize("item", ["x", "{k: v}"])
def test_S9_an_alias_bomb_is_refused(item: str) -> None:
    (only,) = faults_of(_bomb(item))
    assert "anchors unfold into more than 200000 values" in only


def test_a_file_that_cannot_be_read_is_a_fault_of_that_file(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.yaml", tmp_path):
        with pytest.raises(ConfigError) as caught:
            load_yaml(path)
        (fault,) = caught.value.faults
        assert str(fault).startswith(f"{path}:0:0: cannot be read: ")


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a: 1\n")
    first = load_yaml(path).digest
    path.write_bytes(b"a: 1 # a comment\n")
    assert load_yaml(path).digest != first
    assert len(first) == 64


def read_or_refused(raw: bytes) -> None:
    try:
        faults = [] if parse_yaml(raw, HERE).places else ["nothing has a place"]
    except ConfigError as error:
        faults = [str(each) for each in error.faults if each.line < 1 or each.column < 1]
    assert faults == []


@given(st.binary(max_size=300))
def test_S9_any_bytes_are_read_or_refused(raw: bytes) -> None:
    read_or_refused(raw)


_yaml_like = st.text(st.sampled_from("ab:-*&<[]{}!|>'\"#%@, \n\t12._~?"), max_size=60)


@given(_yaml_like)
def test_S9_any_text_is_read_or_refused(text: str) -> None:
    read_or_refused(text.encode())


class Source(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    host: str
    port: int = 25
    password: str = ""


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    name: str
    tls: Literal["implicit", "starttls", "none"] = "starttls"
    sources: Annotated[list[Source], Field(min_length=1)]
    limits: dict[str, int] = {}
    from_: str | None = Field(None, alias="from")


def validated(text: str, model: type[BaseModel] | None = Config) -> list[str]:
    doc = document(text)
    with pytest.raises(ValidationError) as caught:
        Config.model_validate(doc.data)
    return [str(fault).removeprefix("inboxd.yaml:") for fault in doc.faults(caught.value, model)]


def test_what_pydantic_found_is_told_with_its_place() -> None:
    text = "nmae: x\ntls: startls\nsources:\n  - host: 25\n    prot: 1\nlimits: {a: x}\nfrm: x\n"
    assert validated(text) == [
        "1:1: the key 'name' is missing",
        "1:1: unknown key 'nmae'; did you mean 'name'?",
        "2:6: should be 'implicit', 'starttls' or 'none'; did you mean 'starttls'?",
        "4:11: 'host' should be text: put it in quotes",
        "5:5: unknown key 'prot'; did you mean 'port'?",
        "6:13: 'a' should be a whole number",
        "7:1: unknown key 'frm'; did you mean 'from'?",
    ]


def test_an_empty_list_is_told_but_not_one_whose_items_are_all_wrong() -> None:
    assert validated("name: x\nsources: []\n") == ["2:10: 'sources' should not be empty"]
    assert validated("name: x\nsources: [1]\n") == ["2:11: this should be a mapping"]


def test_without_the_model_an_unknown_key_is_told_without_a_suggestion() -> None:
    text = "name: x\nsources: [{host: a}]\nfrm: x\n"
    assert validated(text, model=None) == ["3:1: unknown key 'frm'"]


def test_a_refused_value_is_not_repeated() -> None:
    text = "name: x\nsources:\n  - {host: a, password: 31337, port: hunter2}\ntls: hunter2\n"
    faults = "\n".join(validated(text))
    assert "31337" not in faults
    assert "hunter2" not in faults


def test_base_says_where_the_validated_part_lies() -> None:
    doc = document("- name: a\n  sources: [{host: x}]\n- sources: [{host: 1}]\n  name: b\n")
    assert isinstance(doc.data, list)
    with pytest.raises(ValidationError) as caught:
        Config.model_validate(doc.data[1])
    (fault,) = doc.faults(caught.value, Config, base=(1,))
    assert (fault.line, fault.column) == (3, 20)
