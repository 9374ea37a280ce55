"""What the `if` of a rule may say, as strict models."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeAlias, get_args

from pydantic import (
    BeforeValidator,
    Field,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)

from inboxd.rules import families as may
from inboxd.rules.families import Operators, Shorthand
from inboxd.rules.part import Part
from inboxd.rules.quantities import Count, Span, Weekdays
from inboxd.rules.terms import (
    AgentName,
    ContactFieldName,
    Context,
    FieldName,
    HeaderName,
    KindName,
    LanguageCode,
    MailboxName,
    Many,
    Priority,
    SlaKindName,
    SlaName,
    StateName,
    TeamName,
    Word,
)

__all__ = ["GROUPS", "Condition", "ConditionOrList", "Operators", "asked_of"]

_Contains: TypeAlias = Annotated[may.TextOperators, Shorthand("contains", Many[Word])]
_AnyWord: TypeAlias = Annotated[may.TextOperators, Shorthand("any_of", Many[Word])]
_Header: TypeAlias = Annotated[may.ValueOperators, Shorthand("contains", Many[Word])]
_Field: TypeAlias = Annotated[may.FieldOperators, Shorthand("any_of", Many[Word])]
_ContactField: TypeAlias = Annotated[may.ValueOperators, Shorthand("any_of", Many[Word])]
_Count: TypeAlias = Annotated[may.CountOperators, Shorthand("any_of", Many[Count], flag="exists")]

GROUPS: Final = ("header", "fields", "contact.fields")
"""Conditions with a name of the shop's own behind them: `header.NAME`."""


def asked_of(annotation: object) -> tuple[type[Operators], Shorthand | None] | None:
    """Return the operators of a condition by its field's annotation, and what a bare value means.

    None where it is no condition that has operators, but one made of others.
    """
    if isinstance(annotation, type):
        return (annotation, None) if issubclass(annotation, Operators) else None
    found = next(filter(None, map(asked_of, get_args(annotation)[::-1])), None)
    for each in getattr(annotation, "__metadata__", ()):
        if isinstance(each, Shorthand) and found is not None:
            return found[0], each
    return found


def _all_of_list(value: object) -> object:
    return {"all": value} if isinstance(value, list) else value


def _one_a_key(value: object) -> object:
    """Read the keys of one mapping under `any` as the alternatives that they look like."""
    return [{key: each} for key, each in value.items()] if isinstance(value, dict) else value


class Condition(Part):
    """What must hold: every key of the mapping. The cheapest are looked at first."""

    mailbox: Annotated[may.MailboxOperators, Shorthand("any_of", Many[MailboxName])] | None = None
    kind: Annotated[may.KindOperators, Shorthand("any_of", Many[KindName])] | None = None
    state: Annotated[may.StateOperators, Shorthand("any_of", Many[StateName])] | None = None
    priority: Annotated[may.PriorityOperators, Shorthand("any_of", Many[Priority])] | None = None
    assignee: (
        Annotated[may.AgentOperators, Shorthand("any_of", Many[AgentName], nobody=True)] | None
    ) = None
    team: Annotated[may.TeamOperators, Shorthand("any_of", Many[TeamName], nobody=True)] | None = (
        None
    )
    sla_kind: Annotated[may.SlaKindOperators, Shorthand("any_of", Many[SlaKindName])] | None = (
        Field(None, alias="sla.kind")
    )
    sla_policy: (
        Annotated[may.SlaPolicyOperators, Shorthand("any_of", Many[SlaName], nobody=True)] | None
    ) = Field(None, alias="sla.policy")
    tags: Annotated[may.TagOperators, Shorthand("any_of", Many[Word])] | None = None
    fields: dict[FieldName, _Field] | None = Field(None, min_length=1)
    change: Annotated[may.ChangeOperators, Shorthand("any_of", Many[Word])] | None = None
    time: Annotated[may.TimeOperators, Shorthand("within", Many[Span])] | None = None
    weekday: Annotated[may.WeekdayOperators, Shorthand("any_of", Many[Weekdays])] | None = None
    business_hours: Annotated[may.FlagOperators, Shorthand("is", bool)] | None = None
    from_: _Contains | None = Field(None, alias="from")
    from_address: _AnyWord | None = Field(None, alias="from.address")
    from_name: _Contains | None = Field(None, alias="from.name")
    from_domain: _AnyWord | None = Field(None, alias="from.domain")
    to: _Contains | None = None
    to_address: _AnyWord | None = Field(None, alias="to.address")
    to_name: _Contains | None = Field(None, alias="to.name")
    to_domain: _AnyWord | None = Field(None, alias="to.domain")
    cc: _Contains | None = None
    cc_address: _AnyWord | None = Field(None, alias="cc.address")
    cc_name: _Contains | None = Field(None, alias="cc.name")
    cc_domain: _AnyWord | None = Field(None, alias="cc.domain")
    contact: _Contains | None = None
    contact_address: _AnyWord | None = Field(None, alias="contact.address")
    contact_name: _Contains | None = Field(None, alias="contact.name")
    contact_domain: _AnyWord | None = Field(None, alias="contact.domain")
    subject: _Contains | None = None
    attachments: _Count | None = None
    attachments_name: _Contains | None = Field(None, alias="attachments.name")
    attachments_type: _AnyWord | None = Field(None, alias="attachments.type")
    attachments_size: may.SizeOperators | None = Field(None, alias="attachments.size")
    age_opened: may.AgeOperators | None = Field(None, alias="age.opened")
    body: _Contains | None = None
    header: dict[HeaderName, _Header] | None = Field(None, min_length=1)
    body_all: _Contains | None = Field(None, alias="body.all")
    messages: _Count | None = None
    age_customer: may.AgeOperators | None = Field(None, alias="age.customer")
    age_agent: may.AgeOperators | None = Field(None, alias="age.agent")
    contact_tags: _AnyWord | None = Field(None, alias="contact.tags")
    contact_fields: dict[ContactFieldName, _ContactField] | None = Field(
        None, alias="contact.fields", min_length=1
    )
    contact_conversations: _Count | None = Field(None, alias="contact.conversations")
    contact_first_seen: may.AgeOperators | None = Field(None, alias="contact.first_seen")
    language: Annotated[may.LanguageOperators, Shorthand("any_of", Many[LanguageCode])] | None = (
        None
    )
    all_: Conditions | None = Field(None, alias="all")
    any_: Alternatives | None = Field(None, alias="any")
    not_: Condition | None = Field(None, alias="not")

    @model_validator(mode="before")
    @classmethod
    def _gather_named(cls, value: Any) -> Any:
        """Read `header.NAME: x` as `header: {NAME: x}`, and so with fields."""
        if not isinstance(value, dict):
            return value
        found = dict(value)
        for group in GROUPS:
            prefix = f"{group}."
            named = {k.removeprefix(prefix): found.pop(k) for k in value if k.startswith(prefix)}
            inside = found.get(group, {})
            if named and isinstance(inside, dict):
                found[group] = {**inside, **named}
        return found

    @model_validator(mode="after")
    def _asks_something(self) -> Condition:
        if not self.given:
            raise ValueError("a condition is missing")
        return self

    @field_validator("not_", mode="wrap")
    @classmethod
    def _keep_groups_inside(
        cls, value: Any, validate: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Any:
        """Let nothing refer to the groups of a pattern that must not match."""
        context = info.context
        if not isinstance(context, Context) or context.groups is None:
            return validate(value)
        outside = set(context.groups)
        try:
            return validate(value)
        finally:
            context.groups = outside


ConditionOrList: TypeAlias = Annotated[
    Condition, BeforeValidator(_all_of_list, json_schema_input_type=Condition | list[Condition])
]
Conditions: TypeAlias = Many[Condition]
Alternatives: TypeAlias = Annotated[
    Many[Condition], BeforeValidator(_one_a_key, json_schema_input_type=Condition | list[Condition])
]
