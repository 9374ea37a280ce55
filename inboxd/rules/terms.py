"""The single words of a rule file: names, tags, words to look for, patterns, texts.

Names of agents, teams, mailboxes and canned replies are checked against the `Known` ones of the
validation's `Context`; without a context (for a schema, say) every name passes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
)
from pydantic_core import CoreSchema, core_schema

from inboxd.mail.language import called
from inboxd.rules.patterns import Pattern
from inboxd.rules.placeholders import parse_text
from inboxd.rules.text import folded
from inboxd.suggest import hint

# In a schema, by what a name is looked up in `Known`.
NAMES_KEY = "x-inboxd-names"

_TAG = re.compile(r"\w[\w.\-/]{0,49}")
_HEADER_NAME = re.compile(r"[!-9;-~]{1,76}")  # RFC 5322 section 2.2
_ADDRESS = re.compile(r"[^\s@<>(),;:\\\"\[\]{}]{1,64}@[^\s@<>(),;:\\\"\[\]{}]{1,253}")
_SET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_NUMBER = re.compile(r"#?[1-9][0-9]{0,17}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}")  # ISO 639
_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class Known:
    """The names that rules may use: what the configuration and the canned replies define.

    `canned` is None where the canned replies could not be read: then any name passes, for the
    fault is theirs. `skills` are those that somebody of a team has, by the team's name;
    `slas` are the SLA policies, `none` among them. `own_addresses` are those
    of mailboxes and agents, case-folded. `tags` and `fields` are the only ones that may be used
    (None: any). `sets` are the sets of rules that the rule files define, and `included` says by a
    set's name which mailboxes include it.
    """

    agents: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    mailboxes: frozenset[str] = frozenset()
    canned: frozenset[str] | None = frozenset()
    skills: Mapping[str, frozenset[str]] = field(default_factory=dict)
    slas: frozenset[str] = frozenset({"none"})
    own_addresses: frozenset[str] = frozenset()
    sets: frozenset[str] = frozenset()
    tags: frozenset[str] | None = None
    fields: frozenset[str] | None = None
    included: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Context:
    """What one rule is validated against.

    `groups` collects the named groups of the conditions as they are read, for the actions that
    come after; None once a bad pattern leaves them uncertain.
    """

    known: Known
    groups: set[str] | None = field(default_factory=set)


def _context(info: ValidationInfo) -> Context | None:
    return info.context if isinstance(info.context, Context) else None


def _one_of(kind: str, names: Iterable[str], value: str) -> str:
    if value not in names:
        raise ValueError(f"no {kind} is called {value!r}{hint(value, names)}")
    return value


class Names:
    """Marks a text as the name of something that the shop has; `kinds` are fields of `Known`."""

    def __init__(self, kinds: str) -> None:
        self.kinds = kinds

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), NAMES_KEY: self.kinds}


def _named(kind: str, names_of: Callable[[Known], Iterable[str] | None]) -> AfterValidator:
    def check(value: str, info: ValidationInfo) -> str:
        context = _context(info)
        names = None if context is None else names_of(context.known)
        return value if names is None else _one_of(kind, names, value)

    return AfterValidator(check)


def _check_agent(value: str, info: ValidationInfo) -> str:
    context = _context(info)
    if context is None:
        return value
    known = context.known
    if value in known.teams and value not in known.agents:
        raise ValueError(f"{value!r} is a team: write {{team: {value}}}")
    return _one_of("agent", known.agents, value)


def check_skill(team: str, skill: str, info: ValidationInfo) -> None:
    """Raise `ValueError` where nobody of a team has a skill: what asks for it would only wait."""
    context = _context(info)
    if context is None:
        return
    known = context.known.skills.get(team, frozenset())
    if skill not in known:
        raise ValueError(f"nobody of team {team!r} has the skill {skill!r}{hint(skill, known)}")


def check_tag(value: str) -> str:
    """Return a tag as it is kept; ValueError where it is none."""
    tag = folded(value)
    if not _TAG.fullmatch(tag):
        raise ValueError("a tag is made of letters, digits, '-', '_', '.' and '/', at most 50")
    return tag


def _check_new_tag(value: str, info: ValidationInfo) -> str:
    tag, context = check_tag(value), _context(info)
    if context is None or context.known.tags is None:
        return tag
    return _one_of("tag", context.known.tags, tag)


def _check_word(value: str) -> str:
    if not folded(value):
        raise ValueError("an empty text is contained in every other")
    return value


def _check_pattern(value: str, info: ValidationInfo) -> str:
    context = _context(info)
    try:
        groups = Pattern(value).groups
    except ValueError:
        if context is not None:
            context.groups = None
        raise
    if context is not None and context.groups is not None:
        context.groups |= groups
    return value


def _check_text(value: str, info: ValidationInfo) -> str:
    names = parse_text(value).groups
    context = _context(info)
    groups = context.groups if context is not None else None
    for name in names if groups is not None else ():
        if name not in (groups or ()):
            raise ValueError(
                f"no pattern of this rule's conditions has a group {name!r}"
                f"{hint(name, groups or ()) or ', such as (?P<' + name + '>…)'}"
            )
    return value


def _check_outside(value: str, info: ValidationInfo) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError(f"{value[:60]!r} is not an address such as jane@partner.example")
    context = _context(info)
    if context is not None and value.casefold() in context.known.own_addresses:
        raise ValueError(f"{value} is one of our own; 'notify' tells agents")
    return value


def _read_number(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _check_number(value: str, info: ValidationInfo) -> str:
    if not parse_text(value).names and not _NUMBER.fullmatch(value):
        raise ValueError("a conversation's number, or {{ match.NAME }} for one")
    return _check_text(value, info)


def check_field_name(value: str) -> str:
    """Return the name of a field; ValueError where it is none."""
    if not _FIELD_NAME.fullmatch(value):
        raise ValueError("a field's name is made of letters, digits, '_' and '-'")
    return value


def _check_known_field(value: str, info: ValidationInfo) -> str:
    check_field_name(value)
    context = _context(info)
    if context is None or context.known.fields is None:
        return value
    return _one_of("field", context.known.fields, value)


def _check_header_name(value: str) -> str:
    if not _HEADER_NAME.fullmatch(value):
        raise ValueError("a header field's name has no spaces and no colon, such as X-Customer")
    return value


def _check_set_name(value: str) -> str:
    if not _SET_NAME.fullmatch(value):
        raise ValueError("the name of a set is made of letters, digits, '-', '_' and '.'")
    return value


def _check_timer_name(value: str) -> str:
    if not value.strip() or len(value) > 100 or not value.isprintable():
        raise ValueError("a timer's name is one line of at most 100 characters")
    return value


def _check_language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise ValueError("a language is written as two or three letters, such as de or en")
    return called(value)


def _check_rule_name(value: str) -> str:
    if not value.strip() or len(value) > 200 or not value.isprintable():
        raise ValueError("a rule's name is one line of at most 200 characters")
    return value


class OneOrMany:
    """Marks a tuple that is written as a list (of `least` items), or as its one item alone."""

    def __init__(self, least: int = 1) -> None:
        self.least = least

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        item = handler.generate_schema(get_args(source)[0])
        return core_schema.no_info_before_validator_function(
            _listed,
            handler(source),
            json_schema_input_schema=core_schema.union_schema(
                [item, core_schema.list_schema(item, min_length=self.least)]
            ),
        )


def _listed(value: object) -> object:
    if isinstance(value, list):
        return tuple(value)
    return value if isinstance(value, tuple) else (value,)


_Item = TypeVar("_Item")

Many: TypeAlias = Annotated[tuple[_Item, ...], Field(min_length=1), OneOrMany()]
AgentName: TypeAlias = Annotated[str, AfterValidator(_check_agent), Names("agents")]
TeamName: TypeAlias = Annotated[str, _named("team", lambda known: known.teams), Names("teams")]
AgentOrTeam: TypeAlias = Annotated[
    str, _named("agent or team", lambda known: known.agents | known.teams), Names("agents teams")
]
MailboxName: TypeAlias = Annotated[
    str, _named("mailbox", lambda known: known.mailboxes), Names("mailboxes")
]
CannedName: TypeAlias = Annotated[
    str, _named("canned reply", lambda known: known.canned), Names("canned")
]
SlaName: TypeAlias = Annotated[str, _named("SLA policy", lambda known: known.slas), Names("slas")]
Tag: TypeAlias = Annotated[str, AfterValidator(_check_new_tag), Names("tags")]
Word: TypeAlias = Annotated[str, AfterValidator(_check_word)]
PatternText: TypeAlias = Annotated[str, AfterValidator(_check_pattern)]
FieldName: TypeAlias = Annotated[str, AfterValidator(_check_known_field)]
ContactFieldName: TypeAlias = Annotated[str, AfterValidator(check_field_name)]
FieldText: TypeAlias = Annotated[str, AfterValidator(_check_text)]
HeaderName: TypeAlias = Annotated[str, AfterValidator(_check_header_name)]
Skill: TypeAlias = Annotated[str, AfterValidator(check_tag)]
OutsideAddress: TypeAlias = Annotated[str, AfterValidator(_check_outside)]
NumberText: TypeAlias = Annotated[
    str,
    AfterValidator(_check_number),
    BeforeValidator(_read_number, json_schema_input_type=int | str),
]
NewSetName: TypeAlias = Annotated[str, AfterValidator(_check_set_name)]
SetName: TypeAlias = Annotated[str, _named("set of rules", lambda known: known.sets), Names("sets")]
TimerName: TypeAlias = Annotated[str, AfterValidator(_check_timer_name)]
LanguageCode: TypeAlias = Annotated[str, AfterValidator(_check_language)]
Priority: TypeAlias = Literal["low", "normal", "high", "urgent"]
RANKS: Mapping[str, int] = {name: rank for rank, name in enumerate(get_args(Priority))}
StateName: TypeAlias = Literal["open", "pending", "snoozed", "closed", "spam"]
KindName: TypeAlias = Literal[
    "customer",
    "agent",
    "auto-reply",
    "out-of-office",
    "bounce",
    "receipt",
    "feedback-report",
    "list",
    "bulk",
    "loop",
    "empty",
    "spam",
]
SlaKindName: TypeAlias = Literal["first_response", "next_response", "resolution"]
RuleName: TypeAlias = Annotated[str, AfterValidator(_check_rule_name)]
