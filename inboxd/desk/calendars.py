"""Which business calendar holds for whom; each is built once for a shop."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from inboxd.calendars import Calendar, weekdays
from inboxd.config import Agent, Config, Mailbox


class Calendars:
    """The shop's calendars, looked up by who works.

    What nobody configured is Monday to Friday, 9:00 to 17:00. A calendar without a time zone of
    its own is read in the zone of whom it is asked for.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._built: dict[tuple[str | None, ZoneInfo], Calendar] = {}

    def of_shop(self) -> Calendar:
        """Return the calendar that holds where nothing nearer is known."""
        return self._calendar(self._config.calendar, self._config.zone())

    def of_mailbox(self, mailbox: Mailbox, team: str | None = None) -> Calendar:
        """Return what a conversation in `mailbox` that `team` has goes by.

        It is the team's calendar, else the mailbox's, else the shop's, in the mailbox's zone
        unless the calendar has its own.
        """
        options = self._config.team_options.get(team) if team is not None else None
        name = (options and options.calendar) or mailbox.calendar or self._config.calendar
        return self._calendar(name, self._config.zone(mailbox))

    def of_agent(self, agent: Agent) -> Calendar:
        """Return when an agent works: by the agent's calendar, else the teams', else the shop's."""
        return self._calendar(self._name_for(agent), self._config.zone(agent=agent))

    def working_hours(self, agent: Agent) -> Calendar | None:
        """Return when an agent works, or None where the shop has not said so."""
        return None if self._name_for(agent) is None else self.of_agent(agent)

    def _name_for(self, agent: Agent) -> str | None:
        teams = (self._config.team_options.get(team) for team in agent.teams)
        of_teams = (each.calendar for each in teams if each is not None and each.calendar)
        return agent.calendar or next(of_teams, None) or self._config.calendar

    def _calendar(self, name: str | None, zone: ZoneInfo) -> Calendar:
        key = (name, zone)
        if key not in self._built:
            # After a reload a mailbox may be as it was, and name a calendar that is gone.
            options = self._config.calendars.get(name) if name is not None else None
            self._built[key] = options.calendar(zone) if options is not None else weekdays(zone)
        return self._built[key]
