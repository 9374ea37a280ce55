"""The tables of docs/rules.md, out of the models: which words there are, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, get_args

from pydantic import BaseModel

from inboxd.rules import vocabulary
from inboxd.rules.actions import Action
from inboxd.rules.conditions import Condition, asked_of
from inboxd.rules.families import OPERATORS, Shorthand
from inboxd.rules.rule_files import RuleFile
from inboxd.rules.schema import Event, Rule

_RULE: Final = "|---|---|"


def words_of(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the keys of a model as files write them, in its order."""
    return tuple(each.alias or name for name, each in model.model_fields.items())


def literals(annotation: object) -> tuple[str, ...]:
    """Return the words of a `Literal`, also of one made of others, in their order."""
    found: list[str] = []
    for each in get_args(annotation):
        found += [each] if isinstance(each, str) else literals(each)
    return tuple(found)


def words() -> dict[str, tuple[tuple[str, ...], Mapping[str, str]]]:
    """Return, by the name of each table, the words of the models and what all words mean."""
    return {
        "file": (words_of(RuleFile), vocabulary.FILE),
        "keys": (words_of(Rule), vocabulary.KEYS),
        "events": (literals(Event), vocabulary.EVENTS),
        "conditions": (words_of(Condition), vocabulary.CONDITIONS),
        "operators": (OPERATORS, vocabulary.OPERATORS),
        "actions": (words_of(Action), vocabulary.ACTIONS),
    }


def meaning(word: str, meanings: Mapping[str, str]) -> tuple[str, str]:
    """Return how `word` is shown (`header` as `header.NAME`) and what it means; or KeyError."""
    shown = word if word in meanings else f"{word}.NAME"
    return shown, meanings[shown]


def tables() -> dict[str, str]:
    """Return each table as Markdown, by its name."""
    heads = {
        "file": "key | meaning",
        "keys": "key | meaning",
        "events": "`when` | happens",
        "conditions": "condition | looks at",
        "operators": "operator | holds if",
        "actions": "action | does",
    }
    found = {
        name: "\n".join([f"| {heads[name]} |", _RULE, *_rows(known, meanings)])
        for name, (known, meanings) in words().items()
    }
    head = "| conditions | operators | a bare value means |"
    return {**found, "asking": "\n".join([head, f"{_RULE}---|", *_asking()])}


def with_tables(page: str) -> str:
    """Return the page with every table between its markers as the code has it."""
    for name, table in tables().items():
        begin, end = f"<!-- {name}: begin -->\n", f"\n<!-- {name}: end -->"
        pattern = re.escape(begin) + ".*?" + re.escape(end)
        page = re.sub(pattern, lambda _: begin + table + end, page, flags=re.DOTALL)  # noqa: B023
    return page


def _rows(known: Iterable[str], meanings: Mapping[str, str]) -> Iterator[str]:
    for word in known:
        shown, text = meaning(word, meanings)
        yield f"| `{shown}` | {text.replace('|', chr(92) + '|')} |"


def _asking() -> Iterator[str]:
    """Yield which conditions may be asked by which operators, those alike in one row."""
    alike: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for name, info in Condition.model_fields.items():
        asked = asked_of(info.annotation)
        if asked is None:
            continue
        shown, _ = meaning(info.alias or name, vocabulary.CONDITIONS)
        alike.setdefault((asked[0].words(), _bare(asked[1])), []).append(shown)
    for (operators, bare), conditions in sorted(alike.items(), key=lambda each: -len(each[0][0])):
        yield f"| {_quoted(conditions, ', ')} | {_quoted(operators, ' ')} | {bare} |"


def _bare(shorthand: Shorthand | None) -> str:
    if shorthand is None:
        return ""
    means = [f"`{shorthand.operator}`"]
    if shorthand.flag is not None:
        means.append(f"`true` and `false`: `{shorthand.flag}`")
    if shorthand.nobody:
        means.append("`none`: `exists: false`")
    return "; ".join(means)


def _quoted(words: Iterable[str], between: str) -> str:
    return between.join(f"`{word}`" for word in words)
