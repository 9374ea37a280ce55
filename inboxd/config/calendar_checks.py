"""What can be wrong with calendars: unknown ones, days twice, countries that are none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from inboxd.config.calendars import DAYS, CalendarOptions, HolidayOptions, read_weekdays
from inboxd.config.models import Config
from inboxd.errors import Fault
from inboxd.suggest import hint, nearest

_Report = Callable[..., Fault]
_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def calendar_faults(config: Config, fault: _Report) -> Iterator[Fault]:
    """Yield what is wrong with the calendars, and where one is named that is not there."""
    for name, options in config.calendars.items():
        yield from _hours_faults(name, options, fault)
        yield from _holiday_faults(options.holidays, fault, "calendars", name, "holidays")
    places: list[tuple[str | None, tuple[str | int, ...]]] = [(config.calendar, ("calendar",))]
    places += [
        (mailbox.calendar, ("mailboxes", i, "calendar"))
        for i, mailbox in enumerate(config.mailboxes)
    ]
    places += [(agent.calendar, ("agents", i, "calendar")) for i, agent in enumerate(config.agents)]
    for team, team_options in config.team_options.items():
        if team not in config.teams:
            message = f"no agent is in a team called {team}{hint(team, config.teams)}"
            yield fault(message, "teams", team, key=True)
        places.append((team_options.calendar, ("teams", team, "calendar")))
    for wanted, place in places:
        if wanted is not None and wanted not in config.calendars:
            yield fault(f"there is no calendar {wanted}{hint(wanted, config.calendars)}", *place)


def sla_faults(config: Config, fault: _Report) -> Iterator[Fault]:
    """Yield the policies that have a name with a meaning of its own, or that are not there."""
    for name in config.sla:
        if name.casefold() == "none":
            yield fault("'none' says that nothing is promised", "sla", name, key=True)
    for i, mailbox in enumerate(config.mailboxes):
        if mailbox.sla is not None and mailbox.sla not in config.sla:
            message = f"there is no SLA policy {mailbox.sla}{hint(mailbox.sla, config.sla)}"
            yield fault(message, "mailboxes", i, "sla")


def _hours_faults(name: str, options: CalendarOptions, fault: _Report) -> Iterator[Fault]:
    taken: dict[int, str] = {}
    for key in options.hours:
        if key[0].isdigit():
            continue
        for day in read_weekdays(key):
            other = taken.setdefault(day, key)
            if other != key:
                message = f"the hours of {DAYS[day]} are given by {other} already"
                yield fault(message, "calendars", name, "hours", key, key=True)
    if not any(options.by_weekday().values()):
        yield fault("this calendar is never open", "calendars", name, "hours")
    elif _is_always_free(options):
        message = "this calendar is never open: all its days are holidays"
        yield fault(message, "calendars", name, "holidays", "dates")


def _is_always_free(options: CalendarOptions) -> bool:
    """Return whether own dates leave no day on which anybody works, in ten years from a day on."""
    calendar = options.calendar(ZoneInfo("UTC"))
    own = replace(calendar, holidays=replace(calendar.holidays, country=None))
    return next(own.windows(_ANY_DAY), None) is None


def _holiday_faults(options: HolidayOptions, fault: _Report, *place: str) -> Iterator[Fault]:
    if options.country is None:
        if options.subdivision is not None:
            yield fault("a subdivision needs a country", *place, "subdivision")
        return
    import holidays  # takes 50 ms, which only a shop with a country pays

    known = holidays.list_supported_countries(include_aliases=True)
    country, wanted = options.country.upper(), options.subdivision
    if country not in known:
        message = f"{options.country} is no country's code{_meant(options.country)}"
        yield fault(message, *place, "country")
    elif wanted is not None:
        aliases = holidays.country_holidays(country).get_subdivision_aliases()
        names = {*known[country], *aliases, *(name for each in aliases.values() for name in each)}
        if wanted not in names:
            message = f"{country} has no subdivision {wanted}{hint(wanted, names)}"
            yield fault(message, *place, "subdivision")


def _meant(country: str) -> str:
    """Return the end of a message: which code was meant by a code or by a country's name."""
    from holidays.registry import COUNTRIES

    codes = {name.replace("_", " "): code for name, (_, code, *_) in COUNTRIES.items()}
    found = nearest(country, codes) if len(country) > 3 else None
    return f"; did you mean {codes[found]!r}?" if found else hint(country, codes.values())
