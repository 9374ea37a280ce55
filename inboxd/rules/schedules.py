"""Cron expressions: what they may be, and when they are due next."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator

from inboxd.rules.part import Part
from inboxd.rules.terms import Many

_SOME_DAY = datetime(2024, 1, 1, tzinfo=UTC)


def next_due(cron: str, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment after `after` (aware) at which `cron` is due in `zone`, in UTC.

    As with Debian's cron, what a change of the clocks would leave out is due right after the gap,
    and what it would repeat is due once; expressions that are due every hour follow the time that
    really passes.
    """
    moments = CronSim(cron, after.astimezone(zone))
    return next(at for each in moments if (at := each.astimezone(UTC)) > after)


def _check_cron(value: str) -> str:
    if len(value.split()) != 5:
        raise ValueError(
            "a schedule has five fields: minute, hour, day, month, weekday; such as 0 9 * * mon-fri"
        )
    try:
        next_due(value, _SOME_DAY, ZoneInfo("UTC"))
    except CronSimError as error:
        what = str(error).removeprefix("Bad ")
        raise ValueError(f"{value[:60]!r} is no schedule: the {what} cannot be read") from None
    except (StopIteration, RuntimeError):
        raise ValueError(f"{value[:60]!r} is never due") from None
    return " ".join(value.split())


class Schedule(Part):
    """When a rule is due, and the states of the conversations that it looks at then."""

    cron: Annotated[str, AfterValidator(_check_cron)]
    states: Many[Literal["open", "pending", "snoozed", "closed"]] = ("open",)


def spelled_out(value: object) -> object:
    """Return a bare expression as the schedule that it is short for."""
    return {"cron": value} if isinstance(value, str) else value
