"""What pydantic found wrong, in the words of a person who wrote a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from inboxd.suggest import hint, nearest
from inboxd.yaml_values import Loc

_QUOTED = re.compile(r"'([^']*)'")
_WORDS = {
    "string_type": "should be text: put it in quotes",
    "list_type": "should be a list",
    "tuple_type": "should be a list",
    "dict_type": "should be a mapping",
    "model_type": "should be a mapping",
    "model_attributes_type": "should be a mapping",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "int_type": "should be a whole number",
    "float_type": "should be a number",
}


def described(
    errors: Sequence[ErrorDetails], model: type[BaseModel] | None
) -> Iterator[tuple[str, Loc, bool]]:
    """Yield the message of each error, the path it belongs to, and whether to its key.

    The message never holds the value that was refused: it may be a secret. `model` is what was
    validated, for the names of valid keys.
    """
    inner = {error["loc"][:i] for error in errors for i in range(len(error["loc"]))}
    for error in errors:
        # A list whose items were all refused is reported as too short as well.
        if error["type"] != "too_short" or error["loc"] not in inner:
            yield _described(error, model)


def _described(error: ErrorDetails, model: type[BaseModel] | None) -> tuple[str, Loc, bool]:
    kind, loc = error["type"], error["loc"]
    if loc[-1:] == ("[key]",):  # pydantic's way to say that it is the key that is wrong
        return error["msg"].removeprefix("Value error, "), loc[:-1], True
    name = str(loc[-1]) if loc else ""
    if kind == "extra_forbidden":
        return f"unknown key {name!r}{hint(name, _keys_at(model, loc[:-1]))}", loc, True
    if kind == "wrong_key":  # one that belongs elsewhere; the model says what belongs here
        return error["msg"], loc, True
    if kind == "missing":
        return f"the key {name!r} is missing", loc[:-1], False
    if kind == "value_error":
        return error["msg"].removeprefix("Value error, "), loc, False
    if kind in ("literal_error", "enum"):
        return _choice(error), loc, False
    if kind == "too_short":
        return f"{_subject(loc)}should not be empty", loc, False
    if kind in _WORDS:
        return f"{_subject(loc)}{_WORDS[kind]}", loc, False
    message = error["msg"]
    if message.startswith("Input should "):
        message = f"{_subject(loc)}{message.removeprefix('Input ')}"
    return message, loc, False


def _subject(loc: Loc) -> str:
    """Return what to call the value at `loc` in a message, or nothing for a list's item."""
    return f"{loc[-1]!r} " if loc and isinstance(loc[-1], str) else "this "


def _choice(error: ErrorDetails) -> str:
    expected = str(error.get("ctx", {}).get("expected", ""))
    written = error["input"]
    meant = nearest(written, _QUOTED.findall(expected)) if isinstance(written, str) else None
    return f"should be {expected}" + (f"; did you mean {meant!r}?" if meant else "")


def _keys_at(model: type[BaseModel] | None, loc: Loc) -> set[str]:
    """Return the keys that a mapping at `loc` may have, by the fields of `model`."""
    models = {model} if model is not None else set()
    for step in loc:
        if isinstance(step, str):
            # A step that is no field belongs to pydantic (a union's branch) and leads nowhere new.
            inner = {each for one in models for each in _models_behind(one, step)}
            models = inner or models
    return {key for each in models for key, _ in _fields(each)}


def _models_behind(model: type[BaseModel], key: str) -> Iterator[type[BaseModel]]:
    for name, annotation in _fields(model):
        if name == key:
            yield from _models_in(annotation)


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    for name, each in model.model_fields.items():
        yield each.alias or name, each.annotation


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _models_in(each)
