"""What a file of rule tests may say, as strict models."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from inboxd.conversations.states import ConversationState
from inboxd.conversations.tag_table import TAGS
from inboxd.durations import Duration
from inboxd.mail.people import one_address
from inboxd.rules.part import Part
from inboxd.rules.terms import (
    AgentName,
    AgentOrTeam,
    CannedName,
    Context,
    FieldName,
    HeaderName,
    MailboxName,
    Many,
    OneOrMany,
    Priority,
    RuleName,
    Tag,
    TeamName,
)
from inboxd.suggest import hint

State: TypeAlias = Literal["open", "pending", "snoozed", "closed", "spam", "none"]
assert {each.value for each in ConversationState} | {"none"} == set(get_args(State))

NONE = "none"
SENDER = "Jane Doe <jane@customer.example>"
BODY = "Hello,\n\nplease see the subject.\n"


class CaseContext(Context):
    """What a case is validated against: the shop's names and those of its rules."""

    def __init__(self, context: Context, rules: frozenset[str]) -> None:
        super().__init__(context.known, None)
        self.rules = rules


def _check_address(value: str) -> str:
    if one_address(value) is None:
        raise ValueError("this is not one address, such as Jane Doe <jane@customer.example>")
    return value


def _check_moment(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("a moment is written as 2030-06-04 10:00")
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise ValueError("a moment is written as 2030-06-04 10:00") from None
    if moment.tzinfo is not None:
        raise ValueError("a moment is local, in the mailbox's time zone: leave the offset out")
    return moment


def _check_words(value: str) -> str:
    name = value.strip().lstrip("#").partition(" ")[0]
    if name not in TAGS:
        raise ValueError(f"no reply tag is called {name!r}{hint(name, TAGS)}")
    return value


def _check_rule(value: str, info: ValidationInfo) -> str:
    rules = info.context.rules if isinstance(info.context, CaseContext) else None
    if rules is not None and value not in rules:
        raise ValueError(f"no rule is called {value!r}{hint(value, rules)}")
    return value


def _unless_none(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    return value if value == NONE else check(value)


def _no_items(value: object) -> object:
    return [] if value == NONE else value


MailAddress: TypeAlias = Annotated[str, AfterValidator(_check_address)]
Moment: TypeAlias = Annotated[datetime, BeforeValidator(_check_moment, json_schema_input_type=str)]
TagWords: TypeAlias = Annotated[str, AfterValidator(_check_words)]
KnownRule: TypeAlias = Annotated[RuleName, AfterValidator(_check_rule)]
OrNone: Any = WrapValidator(_unless_none)
_Item = TypeVar("_Item")
# A list that may be empty: `[]`, or `none`.
Several: TypeAlias = Annotated[
    tuple[_Item, ...], OneOrMany(least=0), BeforeValidator(_no_items, json_schema_input_type=Any)
]


class Attached(Part):
    """A file that comes with a mail; `text` is what it holds, else `size` bytes of nothing."""

    name: str
    type: str = "application/octet-stream"
    text: str | None = None
    size: Annotated[int, Field(ge=0, le=20_000_000)] | None = None


class Letter(Part):
    """A mail from outside: written out, or a `file` (.eml) taken from the test file's folder.

    The first one opens a conversation. Later ones of the same sender answer our last mail to them,
    unless they are `new`.
    """

    file: str | None = None
    from_: MailAddress | None = Field(None, alias="from")
    to: Many[MailAddress] | None = None
    cc: Many[MailAddress] | None = None
    reply_to: MailAddress | None = None
    subject: str | None = None
    body: str | None = None
    headers: dict[HeaderName, str] | None = None
    attachments: Many[Attached] | None = None
    envelope_from: str | None = None
    new: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Letter:
        written = self.given - {"file", "envelope_from", "new"}
        if self.file is not None and written:
            raise ValueError("a mail is a 'file' or is written out, not both")
        return self


class Sent(Part):
    """A reply that rules sent the customer."""

    canned: CannedName | None = None
    contains: Many[str] | None = None
    subject: str | None = None

    @model_validator(mode="after")
    def _something(self) -> Sent:
        if not self.given:
            raise ValueError("a reply is expected by 'canned', 'contains' or 'subject'")
        return self


def _sent(value: object) -> object:
    """Spell out a reply's shorthand: the name of its canned reply."""
    return {"canned": value} if isinstance(value, str) else value


Reply: TypeAlias = Annotated[Sent, BeforeValidator(_sent, json_schema_input_type=str | Sent)]


class Expectation(Part):
    """What must be so: the conversation as it stands, and what went out since the last `expect`."""

    state: State | None = None
    tags: Several[Tag] | None = None
    with_tags: Many[Tag] | None = None
    without_tags: Many[Tag] | None = None
    assignee: Annotated[AgentName, OrNone] | None = None
    team: Annotated[TeamName, OrNone] | None = None
    priority: Priority | None = None
    fields: dict[FieldName, str] | None = None
    replies: Several[Reply] | None = None
    sent: Many[CannedName] | None = None
    not_sent: Many[CannedName] | None = None
    notified: Many[AgentOrTeam] | None = None
    not_notified: Many[AgentOrTeam] | None = None
    forwarded: Several[MailAddress] | None = None
    matched: Many[KnownRule] | None = None
    not_matched: Many[KnownRule] | None = None

    @model_validator(mode="after")
    def _something(self) -> Expectation:
        if not self.given:
            raise ValueError("nothing is expected here")
        return self


class Answer(Part):
    """What an agent sends the customer."""

    text: str
    as_: AgentName | None = Field(None, alias="as")


class Note(Part):
    """What an agent keeps to the team."""

    text: str
    as_: AgentName | None = Field(None, alias="as")


class Deed(Part):
    """What an agent does, in the words of reply tags without their `#`."""

    tags: Many[TagWords]
    as_: AgentName | None = Field(None, alias="as")


def _spelled_out(key: str) -> Any:
    """Return the validator that reads a bare text (or list) as the value of `key`."""

    def spell(value: object) -> object:
        return {key: value} if isinstance(value, str | list) else value

    return spell


class Step(Part):
    """One thing that happens: exactly one key."""

    mail: Letter | None = None
    answer: (
        Annotated[
            Answer, BeforeValidator(_spelled_out("text"), json_schema_input_type=str | Answer)
        ]
        | None
    ) = None
    note: (
        Annotated[Note, BeforeValidator(_spelled_out("text"), json_schema_input_type=str | Note)]
        | None
    ) = None
    do: (
        Annotated[
            Deed,
            BeforeValidator(_spelled_out("tags"), json_schema_input_type=str | list[str] | Deed),
        ]
        | None
    ) = None
    bounce: Literal["failed", "delayed"] | None = None
    wait: Duration | None = None
    until: Moment | None = None
    expect: Expectation | None = None

    @model_validator(mode="after")
    def _one(self) -> Step:
        if len(self.given) != 1:
            raise ValueError(f"one thing a step, not {', '.join(self.written()) or 'none'}")
        return self


class Case(Part):
    """A named case: a `mail`, or `steps`, and what is expected at the end.

    `at` is when it begins, in the mailbox's time zone.
    """

    name: RuleName
    mailbox: MailboxName | None = None
    at: Moment | None = None
    mail: Letter | None = None
    steps: Many[Step] | None = None
    expect: Expectation | None = None

    @model_validator(mode="after")
    def _complete(self) -> Case:
        if (self.mail is None) == (self.steps is None):
            raise ValueError("a case has a 'mail' or 'steps'")
        steps = self.steps or ()
        if self.expect is None and not any(step.expect for step in steps):
            raise ValueError("a case expects something: the key 'expect' is missing")
        if steps and steps[0].mail is None and steps[0].wait is None and steps[0].until is None:
            raise ValueError("a case begins with a mail")
        return self
