"""The JSON Schema of a file of rule tests, for editors."""

from __future__ import annotations

from inboxd.rehearsal.cases import Case
from inboxd.rules.json_schema import DRAFT, Schema, finished
from inboxd.rules.terms import Known


def cases_schema(known: Known | None = None) -> Schema:
    """Return the schema of a file of rule tests; with `known`, it lists what names there are."""
    made = Case.model_json_schema(by_alias=True)
    definitions = made.pop("$defs")
    definitions["Case"] = made
    definitions["Step"] |= {"minProperties": 1, "maxProperties": 1}
    definitions["Expectation"]["minProperties"] = 1
    document: Schema = {
        "$schema": DRAFT,
        "description": "Tests of rules. docs/rule-tests.md explains every word.",
        "type": ["array", "null"],
        "items": {"$ref": "#/$defs/Case"},
        "$defs": definitions,
    }
    return finished(document, known)
