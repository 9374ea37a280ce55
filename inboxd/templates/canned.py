"""Canned replies: written once by the shop, filled in for each customer.

Placeholders are Jinja in the sandbox. What they stand for is data: neither Jinja nor Markdown
ever reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Template, TemplateSyntaxError, pass_context
from jinja2.runtime import Context

from inboxd.errors import ConfigError, Fault
from inboxd.mail.encoded_words import one_line
from inboxd.suggest import hint
from inboxd.templates.canned_check import open_items, unknown_placeholders
from inboxd.templates.canned_files import CannedFile, read_canned
from inboxd.templates.contexts import (
    CannedContext,
    CannedConversation,
    CannedShop,
    Person,
)
from inboxd.templates.faults import template_fault
from inboxd.templates.markdown_html import (
    fill_html,
    fill_text,
    holds_mark,
    mark,
    without_marks,
)
from inboxd.templates.plain_values import Plain, fields_of, text_size
from inboxd.templates.sandbox import BoundedEnvironment

_VALUES: Final = " values"  # no placeholder can have this name


@dataclass(frozen=True, slots=True)
class RenderedCanned:
    """A canned reply for one customer. `subject` is None where it has none of its own."""

    subject: str | None
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class _Compiled:
    file: CannedFile
    subject: Template | None
    body: Template


class CannedSet:
    """The shop's canned replies by name and language."""

    def __init__(
        self, compiled: Mapping[tuple[str, str], _Compiled], environment: BoundedEnvironment
    ) -> None:
        self._compiled = compiled
        self._environment = environment

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all canned replies, sorted."""
        return tuple(sorted({name for name, _ in self._compiled}))

    def title(self, name: str) -> str:
        """Return what agents call the canned reply `name`; raise ConfigError if there is none."""
        return self._find(name, None).file.title

    def render(self, name: str, language: str | None, context: CannedContext) -> RenderedCanned:
        """Return the canned reply `name` in the nearest language that it is written in.

        `language` is a tag such as `de-AT`; the file without a language serves all others. Every
        value is one line of text. Raises ConfigError if there is no such canned reply or if a
        placeholder stands for nothing.
        """
        compiled = self._find(name, language)
        values = _one_line_values(fields_of(context))
        subject = compiled.subject and self._fill(compiled.file, compiled.subject, values)
        source, filled = self._fill(compiled.file, compiled.body, values)
        return RenderedCanned(
            subject=one_line(fill_text(*subject)) if subject else None,
            text=f"{fill_text(source, filled).strip()}\n",
            html=fill_html(source, filled),
        )

    def _find(self, name: str, language: str | None) -> _Compiled:
        tag = (language or "").lower()
        while True:
            compiled = self._compiled.get((name, tag))
            if compiled is not None:
                return compiled
            if not tag:
                message = f"there is no canned reply {name!r}{hint(name, self.names)}"
                raise ConfigError([Fault(f"{name}.md", 0, 0, message)])
            tag = tag.rpartition("-")[0]

    def _fill(
        self, file: CannedFile, template: Template, values: dict[str, Plain]
    ) -> tuple[str, list[str]]:
        """Return the text with marks for its values, and the values."""
        filled: list[str] = []
        self._environment.begin(text_size(values))
        try:
            return template.render({**values, _VALUES: filled}).strip("\n"), filled
        except MemoryError:
            raise
        except Exception as error:  # whatever a template raises is the fault of the template
            raise ConfigError([_fault_of(error, file)]) from error


def load_canned(folder: Path) -> CannedSet:
    """Read and compile the canned replies in `folder`; a missing folder holds none.

    Raises ConfigError with every fault of every file: of its front matter, its syntax, its
    placeholders, and of what goes wrong when it is filled with samples.
    """
    files, faults = read_canned(folder)
    environment = BoundedEnvironment(None, {}, finalize=_marked)
    compiled: dict[tuple[str, str], _Compiled] = {}
    for file in files:
        found = list(unknown_placeholders(environment, file))
        try:
            compiled[file.name, file.language] = _compile(environment, file)
        except TemplateSyntaxError as error:
            found = [_fault_of(error, file)]
        faults += found or _sample_faults(environment, compiled[file.name, file.language])
    if faults:
        raise ConfigError(sorted(set(faults)))
    return CannedSet(compiled, environment)


def _compile(environment: BoundedEnvironment, file: CannedFile) -> _Compiled:
    *subject, body = [
        Template.from_code(
            environment,
            environment.compile(source, file.path.name, str(file.path)),
            environment.make_globals(None),
        )
        for source in file.templates
    ]
    return _Compiled(file, subject[0] if subject else None, body)


@pass_context
def _marked(context: Context, value: Any) -> str:
    """Put a mark in the place of a value that is printed, and keep the value."""
    text = "" if value is None else str(value)
    if holds_mark(text):  # printed before, into a block that was set aside
        return text
    filled: list[str] = context[_VALUES]
    filled.append(text)
    return mark(len(filled) - 1)


def _one_line_values(values: dict[str, Plain]) -> dict[str, Plain]:
    return {key: _one_line_value(value) for key, value in values.items()}


def _one_line_value(value: Plain) -> Plain:
    if isinstance(value, str):
        return without_marks(one_line(value))
    return _one_line_values(value) if isinstance(value, dict) else value


def _fault_of(error: Exception, file: CannedFile) -> Fault:
    return template_fault(error, str(file.path), file.source, str(file.path))


def _sample_faults(environment: BoundedEnvironment, compiled: _Compiled) -> list[Fault]:
    """Fill a canned reply with samples, also for every field and match that it names."""
    named = open_items(environment, compiled.file)
    context = CannedContext(
        contact=Person("Eva Kunde", "eva@customer.example"),
        conversation=CannedConversation(1042, "Where is my order?", "open", "Monday, 14:00"),
        shop=CannedShop("Example Shop", "support@shop.example"),
        agent=Person("Anna", "anna@shop.example"),
        fields=named["fields"],
        match=named["match"],
    )
    file = compiled.file
    try:
        CannedSet({(file.name, ""): compiled}, environment).render(file.name, None, context)
    except ConfigError as error:
        return error.faults
    return []
