"""What a rule file may say, as strict models: an unknown key is an error.

Shorthands are spelled out while a rule is read, so that the rest of the package knows one form.
Names are checked against the `Context` that validation is given (see `terms`).
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from inboxd.durations import Duration
from inboxd.rules.actions import Action, listed_actions
from inboxd.rules.conditions import ConditionOrList
from inboxd.rules.part import Part
from inboxd.rules.schedules import Schedule, spelled_out
from inboxd.rules.terms import MailboxName, Many, RuleName, TimerName

State: TypeAlias = Literal["open", "pending", "snoozed", "closed", "unassigned"]
Event: TypeAlias = Literal[
    "conversation.opened",
    "message.received",
    "reply.sent",
    "note.added",
    "state.changed",
    "assignee.changed",
    "tag.added",
    "field.changed",
    "priority.changed",
    "timer.fired",
    "bounce.received",
    "contact.created",
    "schedule",
    "sla.warning",
    "sla.breached",
    State,
]

STATES: frozenset[str] = frozenset(get_args(State))
# The events of a customer's mail that is just coming in.
MAIL_EVENTS: tuple[str, ...] = ("conversation.opened", "message.received")


class Rule(Part):
    """One rule of a file."""

    name: RuleName
    when: Many[Event]
    for_: Duration | None = Field(None, alias="for")
    timer: Many[TimerName] | None = None
    schedule: (
        Annotated[Schedule, BeforeValidator(spelled_out, json_schema_input_type=str | Schedule)]
        | None
    ) = None
    mailboxes: Many[MailboxName] | None = None
    if_: ConditionOrList | None = Field(None, alias="if")
    then: Annotated[
        Many[Action], BeforeValidator(listed_actions, json_schema_input_type=Action | list[Action])
    ]
    stop: bool = False
    once: bool = False
    enabled: bool = True
    shadow: bool = False

    @field_validator("then")
    @classmethod
    def _has_a_mail_to_look_at(
        cls, value: tuple[Action, ...], info: ValidationInfo
    ) -> tuple[Action, ...]:
        others = [event for event in info.data.get("when", ()) if event not in MAIL_EVENTS]
        for action in value if others else ():
            for word in ("contact", "drop"):
                if getattr(action, word) is not None:
                    raise ValueError(
                        f"{word!r} goes with {' and '.join(MAIL_EVENTS)}, not with {others[0]!r}"
                    )
        return value

    @field_validator("timer")
    @classmethod
    def _is_for_timers(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("when", ()) not in ((), ("timer.fired",)):
            raise ValueError("'timer' goes with timer.fired, and with no other event")
        return value

    @field_validator("schedule")
    @classmethod
    def _is_due_by_itself(cls, value: Schedule, info: ValidationInfo) -> Schedule:
        if info.data.get("when", ("schedule",)) != ("schedule",):
            raise ValueError("'schedule' goes with when: schedule, and with no other event")
        return value

    @model_validator(mode="after")
    def _is_due_some_time(self) -> Rule:
        if "schedule" in self.when and self.schedule is None:
            raise ValueError("when: schedule needs the key 'schedule', such as 0 9 * * mon-fri")
        return self

    @field_validator("for_")
    @classmethod
    def _waits_in_a_state(cls, value: Duration, info: ValidationInfo) -> Duration:
        states = ", ".join(get_args(State))
        if info.data.get("when") == ():
            raise ValueError(f"'for' goes with a state ({states}) in 'when'")
        for event in info.data.get("when", ()):
            if event not in STATES:
                raise ValueError(f"'for' goes with a state ({states}), not with {event!r}")
        return value


class SetRule(Rule):
    """A rule of a set. Without `when` it is asked where the set is run, and nowhere else."""

    when: Many[Event] = ()
