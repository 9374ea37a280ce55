"""JSON as commands print it: the same values, and nothing that a terminal obeys."""

from __future__ import annotations

import json
import unicodedata

import pytest

from inboxd.cli.output import print_json, print_json_array, print_json_line

VALUES = {
    "plain": {"a": "Where is my tea?", "b": [1, None, True]},
    "a lone DEL": {"a": "x\x7fy"},
    "C0": {"a": "\x1b]0;title\x07 \x00"},
    "C1 in text beyond ASCII": {"a": "Größe \x9b31m"},
    "reading direction": {"a": "‮gpj.exe"},
    "a lone surrogate": {"a": "\ud800"},
    "scripts": {"größe": "Zażółć 東京 👋"},
}


@pytest.mark.parametrize("name", VALUES)
def test_what_is_printed_reads_the_same_and_is_harmless(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    value = VALUES[name]
    print_json(value)
    print_json_array([value, value])
    print_json_line(value)
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert json.loads(lines[-1]) == value
    assert not [c for c in out if c != "\n" and unicodedata.category(c) in ("Cc", "Cs", "Cf")]
