"""Column types: times as microseconds since the epoch, small structures as JSON text."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
"""Return plain values as compact JSON; `json.dumps` would make such an encoder for every call."""


def to_micros(moment: datetime) -> int:
    """Return an aware datetime as whole microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(value: int) -> datetime:
    """Return the aware datetime, in UTC, so many microseconds after 1970."""
    return _EPOCH + value * _MICROSECOND


class UtcTime(sa.types.TypeDecorator[datetime]):
    """An aware datetime in UTC, kept as whole microseconds since 1970, which sort and compare."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        """Return the microseconds; a naive datetime is a programming error."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        """Return the aware datetime."""
        return None if value is None else from_micros(value)


class Json(sa.types.TypeDecorator[Any]):
    """A list or mapping of plain values, kept as compact JSON text."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        """Return the text; empty structures are kept as they are."""
        if value is None:
            return None
        if not isinstance(value, str | list | dict | int | float | tuple):
            value = dict(value)  # a mapping that is none of the plain ones
        return to_json(value)

    def process_result_value(self, value: str | None, dialect: Any) -> Any:
        """Return the structure."""
        return None if value is None else json.loads(value)
