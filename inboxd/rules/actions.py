"""What the `then` of a rule may say, as strict models: an unknown action is an error."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from inboxd.conversations.handing_out import Strategy
from inboxd.durations import Duration
from inboxd.rules.part import Part
from inboxd.rules.terms import (
    AgentName,
    AgentOrTeam,
    CannedName,
    FieldName,
    FieldText,
    HeaderName,
    Many,
    NumberText,
    OutsideAddress,
    Priority,
    SetName,
    Skill,
    SlaName,
    Tag,
    TeamName,
    TimerName,
    check_skill,
)

Source: TypeAlias = Literal["reply_to", "from", "sender", "original_from"]


class Assignment(Part):
    """Who gets the conversation: an agent, a team, or (neither) nobody.

    `by` says how one of the team is chosen, `skill` what they have to know; without both, the
    conversation waits in the team's queue until somebody takes it.
    """

    agent: AgentName | None = None
    team: TeamName | None = None
    by: Strategy | None = None
    skill: Skill | None = None

    @model_validator(mode="after")
    def _one(self, info: ValidationInfo) -> Assignment:
        if self is not NOBODY and len(self.given - {"by", "skill"}) != 1:
            raise ValueError("assign to exactly one of 'agent' and 'team', or to none")
        if self.team is None and self.given & {"by", "skill"}:
            raise ValueError("'by' and 'skill' choose one of a team: say which 'team'")
        if self.team is not None and self.skill is not None:
            check_skill(self.team, self.skill, info)
        return self

    @property
    def strategy(self) -> Strategy | None:
        """How one of the team is chosen; naming a skill is asking for somebody who has it."""
        return self.by or ("skill" if self.skill is not None else None)


NOBODY = Assignment.model_construct()


def _assignment(value: object) -> object:
    if isinstance(value, str):
        return NOBODY if value == "none" else {"agent": value}
    return value


class Settings(Part):
    """What is set on the conversation. `fields.NAME: text` is short for `fields: {NAME: text}`."""

    priority: Priority | None = None
    fields: dict[FieldName, FieldText] | None = None

    @model_validator(mode="before")
    @classmethod
    def _gather_fields(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        dotted = {key: value[key] for key in value if key.startswith("fields.")}
        rest = {key: each for key, each in value.items() if key not in dotted}
        nested = rest.get("fields", {})
        if not dotted or not isinstance(nested, dict):
            return rest
        named = {key.removeprefix("fields."): each for key, each in dotted.items()}
        return {**rest, "fields": {**nested, **named}}

    @model_validator(mode="after")
    def _sets_something(self) -> Settings:
        if not self.given:
            raise ValueError("there is nothing to set: 'priority' or 'fields.NAME'")
        return self


class Person(Part):
    """Who the conversation is with: a place in the mail, or an address out of its text.

    The name is that which stands with the address, unless `name` gives one.
    """

    source: Source | None = None
    address: FieldText | None = None
    header: HeaderName | None = None
    name: FieldText | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Person:
        if len(self.given - {"name"}) != 1:
            raise ValueError(
                "one of 'source', 'address' and 'header' says where the contact stands"
            )
        return self

    @property
    def place(self) -> str:
        """Where the contact is looked for, in a word."""
        return self.source or self.header or "address"


def _person(value: object) -> object:
    return {"source": value} if isinstance(value, str) else value


class Reply(Part):
    """What is answered: a canned reply, once a rule and conversation unless it is repeated."""

    canned: CannedName
    repeat: bool = False


def _reply(value: object) -> object:
    return {"canned": value} if isinstance(value, str) else value


class TimerSetting(Part):
    """A timer of a name, and when its time comes; a timer of the same name is moved."""

    name: TimerName
    after: Duration


def _only_true(value: bool) -> bool:
    if not value:
        raise ValueError("write true, or leave the action out")
    return value


Yes: TypeAlias = Annotated[bool, AfterValidator(_only_true)]


class Action(Part):
    """One thing to do: exactly one key."""

    tag: Many[Tag] | None = None
    untag: Many[Tag] | None = None
    assign: (
        Annotated[Assignment, BeforeValidator(_assignment, json_schema_input_type=str | Assignment)]
        | None
    ) = None
    set_: Settings | None = Field(None, alias="set")
    contact: (
        Annotated[Person, BeforeValidator(_person, json_schema_input_type=Source | Person)] | None
    ) = None
    priority: Priority | None = None
    unassign: Yes | None = None
    reply: Annotated[Reply, BeforeValidator(_reply, json_schema_input_type=str | Reply)] | None = (
        None
    )
    note: FieldText | None = None
    notify: Many[AgentOrTeam] | None = None
    forward: Many[OutsideAddress] | None = None
    close: Yes | None = None
    open: Yes | None = None
    pending: Yes | None = None
    spam: Yes | None = None
    snooze: Duration | None = None
    sla: SlaName | None = None
    timer: TimerSetting | None = None
    cancel_timer: Many[TimerName] | None = None
    link: NumberText | None = None
    run: SetName | None = None
    stop: Yes | None = None
    drop: Yes | None = None

    @model_validator(mode="after")
    def _one(self) -> Action:
        if len(self.given) != 1:
            raise ValueError(f"one action an item, not {', '.join(self.written()) or 'none'}")
        return self


# Actions that may stand without a value.
BARE_ACTIONS = ("unassign", "close", "open", "pending", "spam", "stop", "drop")


def _action(item: object) -> object:
    if isinstance(item, str) and item in BARE_ACTIONS:
        return {item: True}
    if isinstance(item, dict) and len(item) == 1 and (key := next(iter(item))) in BARE_ACTIONS:
        return {key: True if item[key] is None else item[key]}
    return item


def listed_actions(value: object) -> object:
    """Return what `then` holds as a list of actions, each with its value."""
    if isinstance(value, dict):
        value = [{key: each} for key, each in value.items()]
    return [_action(each) for each in value] if isinstance(value, list) else _action(value)
