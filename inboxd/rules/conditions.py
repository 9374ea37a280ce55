"""What the `if` of a rule may say, as strict models."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from inboxd.rules.part import Part
from inboxd.rules.terms import Context, MailboxName, Many, PatternText, Word


class Operators(Part):
    """What a text, an address or a set of tags is asked; several operators must all hold."""

    is_: Many[Word] | None = Field(None, alias="is")
    contains: Many[Word] | None = None
    matches: Many[PatternText] | None = None
    any_of: Many[Word] | None = None
    none_of: Many[Word] | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Operators:
        if not self.given:
            operators = ", ".join(
                each.alias or name for name, each in Operators.model_fields.items()
            )
            raise ValueError(f"an operator is missing: one of {operators}")
        return self


class MailboxOperators(Operators):
    """The same for a mailbox, whose names are known."""

    is_: Many[MailboxName] | None = Field(None, alias="is")
    any_of: Many[MailboxName] | None = None
    none_of: Many[MailboxName] | None = None


class Shorthand:
    """Marks a test that may be written as the bare value of one of its operators."""

    def __init__(self, operator: str) -> None:
        self.operator = operator

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        text, test = core_schema.str_schema(), handler(source)
        return core_schema.no_info_before_validator_function(
            self._spell_out,
            test,
            json_schema_input_schema=core_schema.union_schema(
                [text, core_schema.list_schema(text), test]
            ),
        )

    def _spell_out(self, value: object) -> object:
        return {self.operator: value} if isinstance(value, str | list) else value


Contains: TypeAlias = Annotated[Operators, Shorthand("contains")]
AnyOf: TypeAlias = Annotated[Operators, Shorthand("any_of")]
AnyMailbox: TypeAlias = Annotated[MailboxOperators, Shorthand("any_of")]


def _all_of_list(value: object) -> object:
    return {"all": value} if isinstance(value, list) else value


def _one_a_key(value: object) -> object:
    """Read the keys of one mapping under `any` as the alternatives that they look like."""
    return [{key: each} for key, each in value.items()] if isinstance(value, dict) else value


class Condition(Part):
    """What must hold: every key of the mapping. The cheapest are looked at first."""

    mailbox: AnyMailbox | None = None
    tags: AnyOf | None = None
    from_: Contains | None = Field(None, alias="from")
    to: Contains | None = None
    contact: Contains | None = None
    subject: Contains | None = None
    body: Contains | None = None
    body_all: Contains | None = Field(None, alias="body.all")
    all_: Conditions | None = Field(None, alias="all")
    any_: Alternatives | None = Field(None, alias="any")
    not_: Condition | None = Field(None, alias="not")

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
