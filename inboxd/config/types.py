"""The kinds of values in a configuration, each with what is said where one is wrong."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field

from inboxd.durations import Duration, parse_duration

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.IGNORECASE)
_SKILL = re.compile(r"\w[\w.\-/]{0,49}")  # as tags are, which may ask for one
_ADDRESS = re.compile(r"[^\s@<>(),;:\\\"\[\]]{1,64}@[^\s@<>(),;:\\\"\[\]]{1,253}")
_LANGUAGE = re.compile(
    r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*"
)  # RFC 5646 section 2.1, the most of it
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|kB|MB|GB)?", re.IGNORECASE)
_SIZE_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}


def is_loopback(host: str) -> bool:
    """Return whether `host` names this machine's loopback interface."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _check_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("a name has letters, digits, '.', '_' and '-', a letter or digit first")
    return value


def _check_skill(value: str) -> str:
    skill = value.casefold()
    if not _SKILL.fullmatch(skill):
        raise ValueError("a skill is one word of letters, digits, '-', '_', '.' and '/'")
    return skill


def _check_address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError(f"{value!r} is not a mail address such as support@shop.example")
    return value


def _check_language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise ValueError(f"{value!r} is not a language such as de or de-AT")
    return value


def _check_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is not a time zone such as Europe/Berlin") from error
    return value


def _read_size(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = _SIZE.fullmatch(value.strip())
    if match is None:
        raise ValueError("a size is a number of bytes, or has a unit, such as '500 kB' or '25 MB'")
    return int(float(match[1]) * _SIZE_UNITS[(match[2] or "").lower()])


def _read_duration(value: object) -> object:
    if isinstance(value, str):
        duration = parse_duration(value)
        if duration.business:
            raise ValueError("only rules know business time: this is plain time, such as '2 days'")
        return duration
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"a duration needs a unit, such as '{value} s' or '{value} min'")
    return value


def _check_wait(value: Duration) -> Duration:
    if value.seconds < 1:
        raise ValueError("this takes at least 1 s")
    return value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def refuse_plaintext(tls: str, host: str, allowed: bool) -> None:
    """Raise ValueError where a password would cross a network in the clear, unless spelled out."""
    if tls == "none" and not allowed and not is_loopback(host):
        raise ValueError(
            f"tls: none would send the password to {host} in the clear; use implicit or starttls, "
            "or spell it out with allow_plaintext: true"
        )


Tls = Literal["implicit", "starttls", "none"]
Name = Annotated[str, AfterValidator(_check_name)]
EmailAddress = Annotated[str, AfterValidator(_check_address)]
Language = Annotated[str, AfterValidator(_check_language)]
Zone = Annotated[str, AfterValidator(_check_zone)]
Size = Annotated[int, BeforeValidator(_read_size, json_schema_input_type=int | str), Field(gt=0)]
Period = Annotated[Duration, BeforeValidator(_read_duration)]
Wait = Annotated[Period, AfterValidator(_check_wait)]
Names = Annotated[list[Name], BeforeValidator(_as_list)]
Skills = Annotated[list[Annotated[str, AfterValidator(_check_skill)]], BeforeValidator(_as_list)]
Port = Annotated[int, Field(ge=0, le=65535)]
