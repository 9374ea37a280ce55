"""The kinds of values by which an admin says how a filter marks spam."""

from __future__ import annotations

import re
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field

SPAM_HEADERS = Literal[
    "X-Spam-Flag",
    "X-Spam-Status",
    "X-Spam",
    "X-Barracuda-Spam-Status",
    "X-Bogosity",
    "X-DSPAM-Result",
    "X-MS-Exchange-Organization-SCL",
    "X-Forefront-Antispam-Report",
]
"""The header fields whose filters are known without being told."""

_FIELD_NAME = re.compile(r"[!-9;-~]{1,100}")


def _in_our_spelling(value: object) -> object:
    """Field names have no case (RFC 5322 section 1.2.2)."""
    known = {name.casefold(): name for name in get_args(SPAM_HEADERS)}
    return known.get(value.casefold(), value) if isinstance(value, str) else value


def _check_field_name(value: str) -> str:
    if not _FIELD_NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not the name of a header field, such as X-Spam-Flag")
    return value


def _check_word(value: str) -> str:
    if not value.strip():
        raise ValueError("an empty word stands in every field")
    return value.strip()


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


FieldName = Annotated[str, AfterValidator(_check_field_name)]
KnownSpamHeader = Annotated[SPAM_HEADERS, BeforeValidator(_in_our_spelling)]
Words = Annotated[
    list[Annotated[str, AfterValidator(_check_word)]],
    BeforeValidator(_one_or_more),
    Field(min_length=1),
]
