"""The JSON Schema (draft 2020-12) of a rule file, for editors: out of the models that read it.

What only the models can tell (whether a pattern is RE2, whether a placeholder has its group) stays
with `inboxd rules check`. All that the schema refuses, the models refuse, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from pydantic import BaseModel

from inboxd.rules import vocabulary
from inboxd.rules.actions import BARE_ACTIONS, Action, Settings
from inboxd.rules.conditions import GROUPS, Condition
from inboxd.rules.families import Operators
from inboxd.rules.reference import meaning
from inboxd.rules.rule_files import RuleFile
from inboxd.rules.schema import Rule
from inboxd.rules.terms import NAMES_KEY, Known

Schema: TypeAlias = dict[str, Any]

# Editors know this draft.
DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_MEANINGS: Final[tuple[tuple[type[BaseModel], Mapping[str, str]], ...]] = (
    (Rule, vocabulary.KEYS),
    (Condition, vocabulary.CONDITIONS),
    (Operators, vocabulary.OPERATORS),
    (Action, vocabulary.ACTIONS),
)


def rules_schema(known: Known | None = None) -> Schema:
    """Return the schema of a rule file; with `known`, it lists the names that there are."""
    made = Rule.model_json_schema(by_alias=True)
    definitions = made.pop("$defs")
    definitions["Rule"] = made
    _describe(definitions)
    for model in (Action, Condition, Operators, Settings):
        for name in _family(model):
            definitions.get(name, {})["minProperties"] = 1
    definitions["Action"]["maxProperties"] = 1
    definitions["Rule"]["properties"]["then"] = _then(definitions)
    _allow_dotted(definitions, Settings, "fields")
    for group in GROUPS:
        _allow_dotted(definitions, Condition, group)
    # In a file with defaults, `when` may stand among them; a set's rules need none.
    loose = {**definitions["Rule"], "required": ["name", "then"]}
    definitions["LooseRule"] = {**loose, "title": "LooseRule"}
    definitions["RuleFile"] = _rule_file(definitions)
    document: Schema = {
        "$schema": DRAFT,
        "description": "Rules of inboxd. docs/rules.md explains every word.",
        "anyOf": [
            {"type": "array", "items": {"$ref": "#/$defs/Rule"}},
            {"$ref": "#/$defs/RuleFile"},
            {"type": "null"},
        ],
        "$defs": definitions,
    }
    return finished(document, known)


def schema_text(schema: Schema) -> str:
    """Return a schema as the text of a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def finished(document: Schema, known: Known | None = None) -> Schema:
    """Return a schema as editors like it: nothing may be null, names listed where `known`."""
    tidied: Schema = _walk(document, lambda each: _named(_without_null(each), known))
    return tidied


def _rule_file(definitions: Schema) -> Schema:
    """Return what a file may be that holds more than a list of rules."""
    made = RuleFile.model_json_schema(by_alias=True)
    nested = made.pop("$defs")["Defaults"]
    rule = definitions["Rule"]["properties"]
    nested["properties"] = {key: rule[key] for key in nested["properties"]}
    definitions["Defaults"] = nested
    rules = {"type": "array", "items": {"$ref": "#/$defs/LooseRule"}}
    made["properties"] = {
        "defaults": {"$ref": "#/$defs/Defaults", "description": vocabulary.FILE["defaults"]},
        "rules": {**rules, "description": vocabulary.FILE["rules"]},
        "sets": {
            "type": "object",
            "additionalProperties": rules,
            "description": vocabulary.FILE["sets"],
        },
    }
    return made


def _describe(definitions: Schema) -> None:
    """Say at every key what it means, as docs/rules.md does."""
    for model, meanings in _MEANINGS:
        for name in _family(model):
            for key, value in definitions.get(name, {}).get("properties", {}).items():
                shown, text = meaning(key, meanings) if _has(key, meanings) else (key, "")
                value["description"] = text or shown
    _describe_events(definitions["Rule"]["properties"]["when"])


def _has(key: str, meanings: Mapping[str, str]) -> bool:
    return key in meanings or f"{key}.NAME" in meanings


def _family(model: type[BaseModel]) -> list[str]:
    """Return the names of a model and of those made from it."""
    return [model.__name__, *(name for each in model.__subclasses__() for name in _family(each))]


def _describe_events(when: Schema) -> None:
    lines = [f"- `{name}`: {text}" for name, text in vocabulary.EVENTS.items()]
    when["description"] = "\n".join([vocabulary.KEYS["when"], "", *lines])


def _then(definitions: Schema) -> Schema:
    """Return what `then` may be: actions in a list, or each kind once in a mapping."""
    action = definitions["Action"]
    for name in BARE_ACTIONS:
        action["properties"][name] |= {"anyOf": [{"const": True}, {"const": None}]}
    definitions["Actions"] = {
        **{key: value for key, value in action.items() if key != "maxProperties"},
        "description": "What is done, each kind once.",
    }
    bare = {"enum": list(BARE_ACTIONS)}
    return {
        "description": vocabulary.KEYS["then"],
        "anyOf": [
            {"$ref": "#/$defs/Actions"},
            {
                "type": "array",
                "minItems": 1,
                "items": {"anyOf": [{"$ref": "#/$defs/Action"}, bare]},
            },
            bare,
        ],
    }


def _allow_dotted(definitions: Schema, model: type[BaseModel], key: str) -> None:
    """Let `key.NAME: value` stand for `key: {NAME: value}`."""
    definition = definitions[model.__name__]
    nested = definition["properties"][key]["anyOf"][0]
    value = nested.get("additionalProperties") or next(iter(nested["patternProperties"].values()))
    pattern = f"^{re.escape(key)}\\.."
    definition.setdefault("patternProperties", {})[pattern] = value


def _without_null(part: Schema) -> Schema:
    """Leave out what tells nothing: null, which only says that a key is absent, and titles."""
    choices = part.get("anyOf")
    absent = part.get("default", 0) is None
    part = {
        key: value
        for key, value in part.items()
        if not (absent and key == "default") and not (key == "title" and isinstance(value, str))
    }
    if isinstance(choices, list) and {"type": "null"} in choices:
        left = [each for each in choices if each != {"type": "null"}]
        rest = {key: value for key, value in part.items() if key != "anyOf"}
        part = {**rest, **left[0]} if len(left) == 1 else {**rest, "anyOf": left}
    return part


def _named(part: Schema, known: Known | None) -> Schema:
    kinds = part.pop(NAMES_KEY, None)
    if kinds is None or known is None:
        return part
    found = [getattr(known, kind) for kind in kinds.split()]
    if any(each is None for each in found):
        return part
    names = sorted(name for each in found for name in each)
    return {**part, "enum": names} if names else part


def _walk(value: Any, change: Callable[[Schema], Schema]) -> Any:
    if isinstance(value, dict):
        return change({key: _walk(each, change) for key, each in value.items()})
    return [_walk(each, change) for each in value] if isinstance(value, list) else value
