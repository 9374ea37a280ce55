"""Canned replies: written once by the shop, filled in for each customer.

Placeholders are Jinja in the sandbox. What they stand for is data: neither Jinja nor Markdown
ever reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Template, TemplateSyntaxError, pass_context
from jinja2.runtime import Context

from inboxd.errors import ConfigError, Fault
from inboxd.mail.encoded_words import one_line
from inboxd.suggest import hint
from inboxd.templates.canned_attachments import CannedAttachment
from inboxd.templates.canned_check import sample, unknown_placeholders
from inboxd.templates.canned_context import CannedContext
from inboxd.templates.canned_files import CannedFile, read_canned
from inboxd.templates.faults import template_fault
from inboxd.templates.markdown_html import (
    fill_html,
    fill_text,
    holds_mark,
    mark,
    without_marks,
)
from inboxd.templates.moments import MOMENT_FILTERS, READER, Moment, Reader
from inboxd.templates.plain_values import Plain, text_size
from inboxd.templates.sandbox import BoundedEnvironment

_VALUES: Final = " values"  # no placeholder can have this name
_NO_LANGUAGE: Final = "en"  # for times, where nobody says what a file is written in


@dataclass(frozen=True, slots=True)
class RenderedCanned:
    """A canned reply for one customer. `subject` is None where it has none of its own.

    `language` is what it is written in, as far as that is known, else empty.
    """

    subject: str | None
    text: str
    html: str
    language: str = ""
    attachments: tuple[CannedAttachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """One file of a canned reply: its language is a tag, or empty for everybody else's."""

    language: str
    title: str
    file: str
    attachments: tuple[CannedAttachment, ...]


@dataclass(frozen=True, slots=True)
class _Compiled:
    file: CannedFile
    subject: Template | None
    body: Template


class CannedSet:
    """The shop's canned replies by name and language.

    `languages` (lower-case tags) are those to fall back to, in their order.
    """

    def __init__(
        self,
        compiled: Mapping[tuple[str, str], _Compiled],
        environment: BoundedEnvironment,
        languages: tuple[str, ...] = (),
    ) -> None:
        self._compiled = compiled
        self._environment = environment
        self._languages = languages
        self._by_name: dict[str, dict[CannedFile, None]] = {}
        for (name, _), each in compiled.items():
            self._by_name.setdefault(name, {})[each.file] = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all canned replies, sorted."""
        return tuple(sorted({name for name, _ in self._compiled}))

    def title(self, name: str) -> str:
        """Return what agents call the canned reply `name`; raise ConfigError if there is none."""
        return self._find(name, ()).file.title

    def variants(self, name: str) -> tuple[Variant, ...]:
        """Return the files of the canned reply `name`, sorted by language."""
        return tuple(
            Variant(each.language or each.written_in, each.title, each.path.name, each.attachments)
            for each in self._files(name)
        )

    def mentions(self, name: str, word: str) -> bool:
        """Return whether a file of the canned reply `name` may look at the placeholder `word`.

        What it does not look at need not be read for it.
        """
        return any(word in each.source for each in self._files(name))

    def is_translated(self, name: str) -> bool:
        """Return whether there are several languages of the canned reply `name` to choose from."""
        return len(self._files(name)) > 1

    def render(
        self, name: str, wanted: str | Sequence[str] | None, context: CannedContext
    ) -> RenderedCanned:
        """Return the canned reply `name` in the nearest language that it is written in.

        `wanted` are tags, the best first: for `de-AT`, `de-AT` and `de` are looked for, then those
        of the next one, then of the languages to fall back to, then the file without a language.
        Every value is one line of text. Raises ConfigError if there is no such canned reply or if a
        placeholder stands for nothing.
        """
        compiled = self._find(name, [wanted] if isinstance(wanted, str) else wanted or ())
        written_in = compiled.file.language or compiled.file.written_in
        reader = context.reader(written_in or next(iter(self._languages), _NO_LANGUAGE))
        values = _one_line_values(context.values(reader))
        subject = compiled.subject and self._fill(compiled.file, compiled.subject, values, reader)
        source, filled = self._fill(compiled.file, compiled.body, values, reader)
        return RenderedCanned(
            subject=one_line(fill_text(*subject)) if subject else None,
            text=f"{fill_text(source, filled).strip()}\n",
            html=fill_html(source, filled),
            language=written_in,
            attachments=compiled.file.attachments,
        )

    def _files(self, name: str) -> list[CannedFile]:
        return sorted(self._by_name.get(name, ()), key=lambda file: file.language)

    def _find(self, name: str, wanted: Sequence[str]) -> _Compiled:
        tags = (tag for each in (*wanted, *self._languages) for tag in _widened(each))
        for tag in (*tags, ""):
            compiled = self._compiled.get((name, tag))
            if compiled is not None:
                return compiled
        message = f"there is no canned reply {name!r}{hint(name, self.names)}"
        raise ConfigError([Fault(f"{name}.md", 0, 0, message)])

    def _fill(
        self, file: CannedFile, template: Template, values: dict[str, Plain], reader: Reader
    ) -> tuple[str, list[str]]:
        """Return the text with marks for its values, and the values."""
        filled: list[str] = []
        self._environment.begin(text_size(values))
        try:
            return template.render({**values, _VALUES: filled, READER: reader}).strip("\n"), filled
        except MemoryError:
            raise
        except Exception as error:  # whatever a template raises is the fault of the template
            raise ConfigError([_fault_of(error, file)]) from error


def _read_all(
    folders: Sequence[Path], languages: tuple[str, ...]
) -> tuple[list[CannedFile], list[Fault]]:
    files: list[CannedFile] = []
    faults: list[Fault] = []
    for folder in folders:
        taken = {file.name for file in files}
        found, wrong = read_canned(folder, languages)
        files += [file for file in found if file.name not in taken]
        faults += wrong
    return files, faults


def load_canned(folders: Path | Sequence[Path], languages: Sequence[str] = ()) -> CannedSet:
    """Read and compile the canned replies in `folders`; a missing folder holds none.

    Of two canned replies of one name, that of the first folder counts, in all of its languages.

    `languages` are those to fall back to. Raises ConfigError with every fault of every file: of its
    front matter, its attachments, its syntax, its placeholders, and of what goes wrong when it is
    filled with samples.
    """
    order = tuple(language.lower() for language in languages)
    files, faults = _read_all([folders] if isinstance(folders, Path) else folders, order)
    environment = BoundedEnvironment(None, MOMENT_FILTERS, finalize=_marked)
    compiled: dict[tuple[str, str], _Compiled] = {}
    for file in files:
        found = list(unknown_placeholders(environment, file))
        try:
            ready = _compile(environment, file)
        except TemplateSyntaxError as error:
            faults.append(_fault_of(error, file))
            continue
        compiled[file.name, file.language] = ready
        if file.written_in:
            compiled.setdefault((file.name, file.written_in), ready)
        faults += found or _sample_faults(environment, ready)
    if faults:
        raise ConfigError(sorted(set(faults)))
    return CannedSet(compiled, environment, order)


def _widened(language: str) -> Iterator[str]:
    """Yield a language's tag in lower case, and those of which it is a form: de-at, then de."""
    tag = language.lower()
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]


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
    if isinstance(value, Moment):
        return value
    if isinstance(value, str):
        return without_marks(one_line(value))
    return _one_line_values(value) if isinstance(value, dict) else value


def _fault_of(error: Exception, file: CannedFile) -> Fault:
    return template_fault(error, str(file.path), file.source, str(file.path))


def _sample_faults(environment: BoundedEnvironment, compiled: _Compiled) -> list[Fault]:
    """Fill a canned reply with samples, also for every field and match that it names."""
    file = compiled.file
    try:
        alone = CannedSet({(file.name, ""): compiled}, environment)
        alone.render(file.name, None, sample(environment, file))
    except ConfigError as error:
        return error.faults
    return []
