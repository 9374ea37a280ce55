"""What conditions may be asked: one model for each kind of thing that they look at.

An operator stands in the models of the conditions that it makes sense for; elsewhere it is refused
with those that there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Final

from pydantic import (
    Field,
    GetCoreSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from inboxd.config.types import Size
from inboxd.durations import Duration
from inboxd.rules.part import Part
from inboxd.rules.quantities import (
    Ages,
    Between,
    Clock,
    Count,
    Number,
    Pair,
    Span,
    Weekdays,
)
from inboxd.rules.terms import (
    RANKS,
    AgentName,
    KindName,
    LanguageCode,
    MailboxName,
    Many,
    PatternText,
    Priority,
    SlaKindName,
    SlaName,
    StateName,
    TeamName,
    Word,
)

OPERATORS: Final = (
    "is",
    "is_not",
    "contains",
    "starts_with",
    "ends_with",
    "matches",
    "any_of",
    "none_of",
    "all_of",
    "exists",
    "above",
    "below",
    "between",
    "within",
    "older_than",
    "changed_to",
)
"""Every operator that there is, as files write them."""

WRONG_OPERATOR: Final = "wrong_key"


class Operators(Part):
    """What a condition is asked; several operators must all hold."""

    example: ClassVar[str] = ""

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """Return the operators of this model as files write them, in their order."""
        found = {each.alias or name for name, each in cls.model_fields.items()}
        return tuple(each for each in OPERATORS if each in found)

    @model_validator(mode="wrap")
    @classmethod
    def _refuse_what_cannot_apply(
        cls, value: Any, validate: ModelWrapValidatorHandler[Operators], info: ValidationInfo
    ) -> Operators:
        """Say of an operator that belongs to other conditions which ones belong here."""
        if isinstance(value, Operators):
            return validate(value)
        if not isinstance(value, dict):
            raise ValueError(
                f"an operator is missing: one of {', '.join(cls.words())}{cls.example}"
            )
        wrong = [each for each in value if each in OPERATORS and each not in cls.words()]
        if not wrong:
            return validate(value)
        errors = [_wrong(each, cls.words()) for each in wrong]
        rest = {key: each for key, each in value.items() if key not in wrong}
        if rest:
            try:
                validate(rest)
            except ValidationError as error:
                errors += _again(error)
        raise ValidationError.from_exception_data(cls.__name__, errors)

    @model_validator(mode="after")
    def _asks_something(self) -> Operators:
        if not self.given:
            raise ValueError(f"an operator is missing: one of {', '.join(self.words())}")
        return self


def _wrong(operator: str, words: tuple[str, ...]) -> InitErrorDetails:
    message = f"{operator!r} does not apply here; what does: {', '.join(words)}"
    kind = PydanticCustomError(WRONG_OPERATOR, "{message}", {"message": message})
    return InitErrorDetails(type=kind, loc=(operator,), input=None)


def _again(error: ValidationError) -> Iterator[InitErrorDetails]:
    """Yield what is wrong besides, so that all is told at once."""
    for each in error.errors(include_url=False):
        kind: str | PydanticCustomError = each["type"]
        if kind in ("value_error", WRONG_OPERATOR):
            message = each["msg"].removeprefix("Value error, ")
            kind = PydanticCustomError("value_error", "{message}", {"message": message})
        yield InitErrorDetails(
            type=kind, loc=each["loc"], input=each["input"], ctx=each.get("ctx", {})
        )


class Shorthand:
    """Marks a test that may be written as a bare value, which stands for one of its operators.

    `value` is the type of that value; `flag` is the operator that a bare true or false stands for,
    and `nobody` says that the word none means that nothing is there.
    """

    def __init__(
        self, operator: str, value: Any, *, flag: str | None = None, nobody: bool = False
    ) -> None:
        self.operator = operator
        self.value = value
        self.flag = flag
        self.nobody = nobody

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        test = handler(source)
        choices: list[CoreSchema | tuple[CoreSchema, str]]
        choices = [handler.generate_schema(self.value), test]
        if self.flag is not None:
            choices.insert(0, core_schema.bool_schema())
        if self.nobody:
            choices.insert(0, core_schema.literal_schema(["none"]))
        return core_schema.no_info_before_validator_function(
            self._spell_out, test, json_schema_input_schema=core_schema.union_schema(choices)
        )

    def _spell_out(self, value: object) -> object:
        if self.nobody and value == "none":
            return {"exists": False}
        if self.flag is not None and isinstance(value, bool):
            return {self.flag: value}
        if isinstance(value, dict) or value is None:
            return value
        return {self.operator: value}


class TextOperators(Operators):
    """For texts: subject, body, header fields, names."""

    is_: Many[Word] | None = Field(None, alias="is")
    is_not: Many[Word] | None = None
    contains: Many[Word] | None = None
    starts_with: Many[Word] | None = None
    ends_with: Many[Word] | None = None
    matches: Many[PatternText] | None = None
    any_of: Many[Word] | None = None
    none_of: Many[Word] | None = None
    all_of: Many[Word] | None = None
    exists: bool | None = None


class ValueOperators(TextOperators):
    """For texts that may be numbers: header fields and fields of the shop's own."""

    above: Number | None = None
    below: Number | None = None
    between: Between[Number] | None = None


class FieldOperators(ValueOperators):
    """For the fields of a conversation, which change."""

    changed_to: Many[Word] | None = None


class TagOperators(TextOperators):
    """For the tags of a conversation, which change."""

    changed_to: Many[Word] | None = None


class MailboxOperators(Operators):
    """For the mailbox, whose names are known."""

    is_: Many[MailboxName] | None = Field(None, alias="is")
    is_not: Many[MailboxName] | None = None
    contains: Many[Word] | None = None
    starts_with: Many[Word] | None = None
    ends_with: Many[Word] | None = None
    matches: Many[PatternText] | None = None
    any_of: Many[MailboxName] | None = None
    none_of: Many[MailboxName] | None = None


class KindOperators(Operators):
    """For what a mail is."""

    is_: Many[KindName] | None = Field(None, alias="is")
    is_not: Many[KindName] | None = None
    any_of: Many[KindName] | None = None
    none_of: Many[KindName] | None = None


class StateOperators(Operators):
    """For the conversation's state."""

    is_: Many[StateName] | None = Field(None, alias="is")
    is_not: Many[StateName] | None = None
    any_of: Many[StateName] | None = None
    none_of: Many[StateName] | None = None
    changed_to: Many[StateName] | None = None


class PriorityOperators(Operators):
    """For the priority: low, normal, high and urgent, in this order."""

    is_: Many[Priority] | None = Field(None, alias="is")
    is_not: Many[Priority] | None = None
    any_of: Many[Priority] | None = None
    none_of: Many[Priority] | None = None
    above: Priority | None = None
    below: Priority | None = None
    between: Annotated[tuple[Priority, Priority], Pair(RANKS.__getitem__)] | None = None
    changed_to: Many[Priority] | None = None


class AgentOperators(Operators):
    """For the agent who has the conversation."""

    is_: Many[AgentName] | None = Field(None, alias="is")
    is_not: Many[AgentName] | None = None
    any_of: Many[AgentName] | None = None
    none_of: Many[AgentName] | None = None
    exists: bool | None = None
    changed_to: Many[AgentName] | None = None


class TeamOperators(Operators):
    """For the team that has the conversation."""

    is_: Many[TeamName] | None = Field(None, alias="is")
    is_not: Many[TeamName] | None = None
    any_of: Many[TeamName] | None = None
    none_of: Many[TeamName] | None = None
    exists: bool | None = None
    changed_to: Many[TeamName] | None = None


class SlaKindOperators(Operators):
    """For the promise that an event is about."""

    is_: Many[SlaKindName] | None = Field(None, alias="is")
    is_not: Many[SlaKindName] | None = None
    any_of: Many[SlaKindName] | None = None
    none_of: Many[SlaKindName] | None = None
    exists: bool | None = None


class SlaPolicyOperators(Operators):
    """For the SLA policy of the conversation."""

    is_: Many[SlaName] | None = Field(None, alias="is")
    is_not: Many[SlaName] | None = None
    any_of: Many[SlaName] | None = None
    none_of: Many[SlaName] | None = None
    exists: bool | None = None


class LanguageOperators(Operators):
    """For the language of the message."""

    is_: Many[LanguageCode] | None = Field(None, alias="is")
    is_not: Many[LanguageCode] | None = None
    any_of: Many[LanguageCode] | None = None
    none_of: Many[LanguageCode] | None = None
    exists: bool | None = None


class CountOperators(Operators):
    """For how many of something there are."""

    is_: Many[Count] | None = Field(None, alias="is")
    is_not: Many[Count] | None = None
    any_of: Many[Count] | None = None
    none_of: Many[Count] | None = None
    exists: bool | None = None
    above: Count | None = None
    below: Count | None = None
    between: Between[Count] | None = None


class SizeOperators(Operators):
    """For how large something is."""

    example: ClassVar[str] = "; such as {above: 5 MB}"

    exists: bool | None = None
    above: Size | None = None
    below: Size | None = None
    between: Between[Size] | None = None


class AgeOperators(Operators):
    """For how long ago something was."""

    example: ClassVar[str] = "; such as {older_than: 3 days} or {within: 2 business hours}"

    exists: bool | None = None
    between: Ages | None = None
    within: Duration | None = None
    older_than: Duration | None = None


class TimeOperators(Operators):
    """For the time of day."""

    any_of: Many[Span] | None = None
    none_of: Many[Span] | None = None
    above: Clock | None = None
    below: Clock | None = None
    between: Between[Clock] | None = None
    within: Many[Span] | None = None


class WeekdayOperators(Operators):
    """For the day of the week."""

    is_: Many[Weekdays] | None = Field(None, alias="is")
    is_not: Many[Weekdays] | None = None
    any_of: Many[Weekdays] | None = None
    none_of: Many[Weekdays] | None = None


class FlagOperators(Operators):
    """For what is so or is not."""

    is_: bool | None = Field(None, alias="is")
    is_not: bool | None = None


class ChangeOperators(TextOperators):
    """For what the event has changed."""

    changed_to: Many[Word] | None = None
