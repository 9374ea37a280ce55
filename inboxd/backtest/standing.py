"""How a conversation stood at a moment: its history, followed up to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from inboxd.backtest.past import Act

_ARROW = " → "


class Standing:
    """What changes in a conversation, as its history leaves it; `row` is as it is today."""

    def __init__(self, row: dict[str, Any], zone: ZoneInfo) -> None:
        self._row = row
        self._zone = zone
        self.state = "open"
        self.state_since: datetime = row["created_at"]
        self.snoozed_until: datetime | None = None
        self.assignee: str | None = None
        self.team: str | None = None
        self.priority = "normal"
        self.tags: tuple[str, ...] = ()
        self.fields: dict[str, str] = {}

    def values(self) -> dict[str, Any]:
        """Return the conversation's row as it stood."""
        return {
            **self._row,
            "state": self.state,
            "state_since": self.state_since,
            "snoozed_until": self.snoozed_until,
            "assignee": self.assignee,
            "team": self.team,
            "priority": self.priority,
            "tags": list(self.tags),
            "fields": dict(self.fields),
        }

    def renew(self, at: datetime) -> None:
        """Start the state's time again."""
        self.state_since = at

    def follow(self, act: Act, at: datetime) -> None:
        """Take in one line of the history; what changes nothing that stands here is passed over."""
        match act.kind:
            case "state.changed":
                self.state, self.state_since, self.snoozed_until = after(act.text), at, None
            case "snoozed":
                self.snoozed_until = snooze_end(act.text, self._zone)
            case "tag.added":
                self.tags = tuple(sorted({*self.tags, *act.text.split(", ")}))
            case "tag.removed":
                gone = act.text.split(", ")
                self.tags = tuple(tag for tag in self.tags if tag not in gone)
            case "assignee.changed":
                self.assignee, self.team = assigned(act.text, self.team)
            case "priority.changed":
                self.priority = after(act.text)
            case "field.changed":
                name, value = field_set(act.text)
                self.fields.pop(name, None)
                if value is not None:
                    self.fields[name] = value


def after(text: str) -> str:
    """Return what `a → b: why` has become."""
    return text.partition(_ARROW)[2].partition(":")[0].strip()


def assigned(text: str, team: str | None) -> tuple[str | None, str | None]:
    """Return whom `to X`, `to team X` or `to nobody` gives the conversation: an agent, a team."""
    whom = text.removeprefix("to ").partition(" (")[0]
    if whom == "nobody":
        return None, None
    if whom.startswith("team "):
        return None, whom.removeprefix("team ")
    return whom, team


def field_set(text: str) -> tuple[str, str | None]:
    """Return the field that `name = value` sets, or that is taken away (no value)."""
    name, found, value = text.partition(" = ")
    return (name, value) if found else (text.partition(" ")[0], None)


def snooze_end(text: str, zone: ZoneInfo) -> datetime | None:
    """Return the moment of `until 2030-06-04 10:00`."""
    try:
        local = datetime.strptime(text.removeprefix("until ")[:16], "%Y-%m-%d %H:%M")
    except ValueError:
        return None
    return local.replace(tzinfo=zone).astimezone(UTC)
