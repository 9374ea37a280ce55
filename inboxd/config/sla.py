"""What a shop promises its customers: by when it answers, and by when it is done."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, model_validator

from inboxd.config.strict import STRICT
from inboxd.durations import Duration, parse_duration

Percent = int
_PERCENT = re.compile(r"\s*([0-9]{1,3})\s*%\s*")


def _check_length(value: Duration) -> Duration:
    if not value.amount:
        raise ValueError("a promise takes some time: this is none")
    return value


def _read_warning(value: object) -> object:
    if isinstance(value, str) and (match := _PERCENT.fullmatch(value)):
        percent = int(match[1])
        if not 0 < percent < 100:
            raise ValueError("a warning comes between 1% and 99% of the time")
        return percent
    if isinstance(value, str):
        return _check_length(parse_duration(value))
    if isinstance(value, Duration):
        return value
    raise ValueError("a warning is written as '80%' of the time, or as '1 business hour' before")


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Length = Annotated[Duration, AfterValidator(_check_length)]
WarnAt = Annotated[Percent | Duration, BeforeValidator(_read_warning)]
_Pausing = Annotated[list[Literal["pending", "snoozed"]], BeforeValidator(_as_list)]


class _Part(BaseModel):
    model_config = STRICT


class SlaTargets(_Part):
    """How long something may take; what is left out is not promised.

    `first_response` counts from the opening of a conversation, `next_response` from a later mail
    of the customer's, each to our answer, and `resolution` from the opening to its closing.
    """

    first_response: Length | None = None
    next_response: Length | None = None
    resolution: Length | None = None

    def promises_something(self) -> bool:
        """Return whether any of the three is there."""
        return any((self.first_response, self.next_response, self.resolution))


class SlaPriorities(_Part):
    """What holds in place of the policy's own for conversations of a priority."""

    low: SlaTargets | None = None
    normal: SlaTargets | None = None
    high: SlaTargets | None = None
    urgent: SlaTargets | None = None


class SlaPolicy(SlaTargets):
    """A promise with its exceptions by priority; `pause` are the states in which no time passes.

    `warn_at` is a share of the time in percent, or a duration before its end.
    """

    warn_at: WarnAt | None = None
    pause: _Pausing = ["pending", "snoozed"]
    priorities: SlaPriorities = SlaPriorities()

    @model_validator(mode="after")
    def _something(self) -> SlaPolicy:
        special = (each for _, each in self.priorities if each is not None)
        if not any(each.promises_something() for each in (self, *special)):
            raise ValueError(
                "a policy promises 'first_response', 'next_response' or 'resolution', or several"
            )
        return self

    def length(self, kind: str, priority: str) -> Duration | None:
        """Return how long `kind` may take at a priority, or None where it is not promised."""
        special: SlaTargets | None = getattr(self.priorities, priority)
        own: Duration | None = getattr(special, kind) if special is not None else None
        general: Duration | None = getattr(self, kind)
        return own or general
