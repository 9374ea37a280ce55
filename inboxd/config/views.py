"""Named lists of conversations, and when an agent gets one by mail."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator

from inboxd.config.calendars import DAYS
from inboxd.config.strict import STRICT
from inboxd.config.types import Name, Names
from inboxd.durations import Duration

BUILT_IN_VIEWS: Final = ("mine", "unassigned", "waiting", "overdue", "team", "all")

State = Literal["open", "pending", "snoozed", "closed", "spam"]
Priority = Literal["low", "normal", "high", "urgent"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_TAG = re.compile(r"\w[\w.\-/]{0,49}")


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _read_clock(value: object) -> time:
    match = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("a time of day is written as '8:00' or '16:30'")
    return time(int(match[1]), int(match[2]))


def _check_tag(value: str) -> str:
    if not _TAG.fullmatch(value):
        raise ValueError("a tag has letters, digits, '-', '_', '.' and '/', at most 50")
    return value.lower()


def _at_alone(value: object) -> object:
    """Return `8:00` as the mapping that it is short for."""
    return {"at": value} if isinstance(value, str | int | float) else value


ClockTime = Annotated[time, BeforeValidator(_read_clock)]
_Tags = Annotated[list[Annotated[str, AfterValidator(_check_tag)]], BeforeValidator(_as_list)]
_States = Annotated[list[State], BeforeValidator(_as_list), Field(min_length=1)]
_Priorities = Annotated[list[Priority], BeforeValidator(_as_list)]
_Days = Annotated[list[Day], BeforeValidator(_as_list), Field(min_length=1)]


class _Part(BaseModel):
    model_config = STRICT


class ViewTags(_Part):
    """Which tags a conversation of a view has, and which it has not."""

    any_of: _Tags = []
    none_of: _Tags = []

    @model_validator(mode="after")
    def _something(self) -> ViewTags:
        if not self.any_of and not self.none_of:
            raise ValueError("tags of a view have 'any_of', 'none_of', or both")
        return self


class View(_Part):
    """A named list: the conversations that fit all of these. An empty list lets everything pass.

    Among assignees `me` is whoever asks, and `none` nobody; among teams `none` is no team.
    `older_than` counts from when the conversation came into its state (see `store.view_queries`).
    """

    state: _States = ["open"]
    mailbox: Names = []
    team: Names = []
    assignee: Names = []
    tags: ViewTags | None = None
    priority: _Priorities = []
    older_than: Duration | None = None
    order: Literal["oldest", "newest"] = "oldest"


class DigestTime(_Part):
    """When an agent gets a digest, in the agent's time zone, and of which view.

    Without a view it is what waits for the agent; for a supervisor, what waits for the team.
    """

    at: ClockTime
    days: _Days = ["mon", "tue", "wed", "thu", "fri"]
    view: Name | None = None

    def is_on(self, weekday: int) -> bool:
        """Return whether it is sent on a weekday (Monday is 0)."""
        return DAYS[weekday] in self.days


DigestOption: TypeAlias = Annotated[DigestTime | None, BeforeValidator(_at_alone)]
