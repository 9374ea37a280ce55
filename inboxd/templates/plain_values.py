"""Contexts as plain values: all that a template can ever touch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]


@lru_cache(maxsize=64)
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind))


def plain(value: object) -> Plain:
    """Return `value` as str, int, float, bool, None, or a list or dict of such.

    Subclasses of str and int (enums, markup) lose their kind. Raises TypeError for any other
    object, so that none reaches a template by accident.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Mapping):
        return {str.__str__(key): plain(item) for key, item in value.items()}
    return fields_of(value)


def fields_of(value: object) -> dict[str, Plain]:
    """Return the fields of a dataclass instance as plain values."""
    if not is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"A template cannot be given a {type(value).__name__}.")
    return {name: plain(getattr(value, name)) for name in _field_names(type(value))}


def text_size(value: Plain) -> int:
    """Return how many characters of text a plain value holds."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list):
        return sum(map(text_size, value))
    if isinstance(value, dict):
        return sum(map(text_size, value.values()))
    return 0
