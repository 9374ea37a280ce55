"""Renders the shipped templates, and the shop's own in their place.

A mail has three templates: `NAME.subject.j2`, `NAME.txt.j2` and `NAME.html.j2`. A file of the same
name in the shop's folder replaces the shipped one; a file whose name begins with `_` is a piece
that others include. `shipped/NAME…` names the shipped template from within the shop's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    Template,
    TemplateSyntaxError,
    nodes,
)
from jinja2.exceptions import TemplateNotFound
from jinja2.meta import find_undeclared_variables
from markupsafe import Markup

from inboxd.errors import ConfigError, Fault
from inboxd.mail.encoded_words import one_line
from inboxd.mail.html_clean import clean_html
from inboxd.suggest import hint
from inboxd.templates.contexts import (
    CONTEXTS,
    MARKER,
    BaseContext,
    TemplateName,
)
from inboxd.templates.faults import column_of, display_path, template_fault, unknown_name
from inboxd.templates.plain_values import fields_of, text_size
from inboxd.templates.samples import SAMPLES
from inboxd.templates.sandbox import BoundedEnvironment
from inboxd.templates.text_html import text_to_html

_TAG = re.compile("<[^>]*>")
FORMS: Final = ("subject", "txt", "html")
_ANSWER_PREFIX = re.compile(
    r"(?:re|aw|sv|vs|antw|odp|rif|res|回复|答复)\s*(?:\[\d+\])?\s*[:：]", re.I
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail's subject (one line), plain text and HTML."""

    subject: str
    text: str
    html: str


class Renderer:
    """Renders mails; templates are read and compiled when first used and kept from then on.

    `folder` holds the shop's own templates, or is None. Safe to use from several threads.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._shipped = PackageLoader("inboxd", "templates")
        loaders: list[BaseLoader] = [self._shipped, PrefixLoader({"shipped": self._shipped})]
        if folder:
            loaders.insert(0, FileSystemLoader(folder))
        self._environment = BoundedEnvironment(ChoiceLoader(loaders), _FILTERS)
        self._compiled: dict[str, Template] = {}
        self._uses: dict[tuple[str, str], bool] = {}
        self._own: list[str] | None = None  # the shop's files, looked for once

    def render(self, name: TemplateName, context: BaseContext) -> Rendered:
        """Return the mail `name` for `context`.

        Raises ConfigError if a template is wrong, TypeError if the context is another mail's.
        """
        if not isinstance(context, CONTEXTS[name]):
            raise TypeError(f"The mail {name} needs a {CONTEXTS[name].__name__}.")
        values = fields_of(context)
        size = text_size(values)
        subject, text, html = (self._render(f"{name}.{form}.j2", values, size) for form in FORMS)
        return Rendered(one_line(subject), f"{text.rstrip()}\n", html)

    def uses(self, name: TemplateName, variable: str) -> bool:
        """Return whether a mail's templates, or those that they include, may look at `variable`.

        Asked once for each mail and variable; a template that cannot be read counts as using it.
        """
        key = (name, variable)
        if key not in self._uses:
            files = [file for file in self._environment.list_templates() if file.endswith(".j2")]
            self._uses[key] = any(
                variable in self._source(file)[0]
                for file in files
                if file.startswith((f"{name}.", "_", "shipped/_", f"shipped/{name}."))
            )
        return self._uses[key]

    def is_shipped(self, name: TemplateName) -> bool:
        """Return whether a mail is written with the shipped templates, not with the shop's own."""
        if self._own is None:
            self._own = [] if self._folder is None else [p.name for p in self._folder.glob("*.j2")]
        return not any(file.startswith((f"{name}.", "_")) for file in self._own)

    def check(self) -> list[Fault]:
        """Return every fault of the shop's templates and the shipped ones, in order.

        Every template is compiled, its names are compared with what it will be told, and it is
        rendered with sample contexts.
        """
        faults = self._strays()
        for name, kind in CONTEXTS.items():
            for form in FORMS:
                faults += self._check_template(f"{name}.{form}.j2", name, kind)
        return sorted(set(faults))

    def _render(self, file: str, values: Mapping[str, object], size: int) -> str:
        try:
            template = self._compiled.get(file) or self._load(file)
            self._environment.begin(size)
            return template.render(values)
        except MemoryError:
            raise
        except Exception as error:  # whatever a template raises is the fault of the template
            raise ConfigError([self._fault(error, file)]) from error

    def _load(self, file: str) -> Template:
        template = self._environment.get_template(file)
        self._compiled[file] = template
        return template

    def _source(self, file: str) -> tuple[str, str]:
        """Return a template's text and the name under which Jinja compiles it; "" if unreadable."""
        loader = cast(BaseLoader, self._environment.loader)
        try:
            source, filename, _ = loader.get_source(self._environment, file)
        except (TemplateNotFound, UnicodeDecodeError):
            return "", ""
        return source, filename or ""

    def _fault(self, error: Exception, file: str) -> Fault:
        return template_fault(error, display_path(self._folder, file), *self._source(file))

    def _check_template(
        self, file: str, name: TemplateName, kind: type[BaseContext]
    ) -> list[Fault]:
        faults = self._unknown_names(file, kind)
        for sample in () if faults else SAMPLES[name]:
            values = fields_of(sample)
            try:
                written = self._render(file, values, text_size(values))
            except ConfigError as error:
                faults += error.faults
                continue
            to_agents = "marker" in kind.__dataclass_fields__
            if to_agents and not _begins_safely(file, written):
                shown = display_path(self._folder, file)
                faults.append(Fault(shown, 1, 1, "'marker' is not the first that is printed"))
        return faults

    def _unknown_names(self, file: str, kind: type[BaseContext]) -> list[Fault]:
        source, _ = self._source(file)
        try:
            tree = self._environment.parse(source)
            outside = find_undeclared_variables(tree)
        except TemplateSyntaxError:
            return []  # rendering says it, with its place
        known = {*kind.__dataclass_fields__, *self._environment.globals}
        unknown = outside - known
        shown = display_path(self._folder, file)
        return [
            Fault(shown, n.lineno, column_of(source, n.lineno, n.name), unknown_name(n.name, known))
            for n in tree.find_all(nodes.Name)
            if n.name in unknown
        ]

    def _strays(self) -> list[Fault]:
        """Return a fault for each file in the shop's folder that no mail would ever use."""
        if self._folder is None or not self._folder.is_dir():
            return []
        known = [*(f"{name}.{form}.j2" for name in CONTEXTS for form in FORMS)]
        return [
            Fault(str(path), 0, 0, _stray_words(path.name, known))
            for path in sorted(self._folder.glob("*.j2"))
            if path.name not in known and not path.name.startswith("_")
        ]


def _begins_safely(file: str, written: str) -> bool:
    """Whether a mail to an agent opens with the marker: what stands above it, answers may quote."""
    if file.endswith(".subject.j2"):
        return True
    shown = _TAG.sub("", clean_html(written)) if file.endswith(".html.j2") else written
    return shown.lstrip().startswith(MARKER)


def _stray_words(name: str, known: list[str]) -> str:
    return (
        f"no mail has a template {name!r} (a piece to include begins with '_'){hint(name, known)}"
    )


def _reply_subject(subject: str) -> str:
    """Return the subject of an answer: with one `Re:`, unless it is marked as an answer already."""
    line = one_line(subject)
    return line if _ANSWER_PREFIX.match(line) else f"Re: {line}".rstrip()


def _prefixed(text: str, prefix: str) -> str:
    return "\n".join([f"{prefix}{line}".rstrip() for line in text.strip("\n").split("\n")])


def _shortened(text: str, limit: int) -> str:
    """Return text for an agent's overview; the whole of it is kept in the conversation."""
    if len(text) <= limit:
        return text
    return f"{text[:limit].rstrip()}\n\n[… shortened: {len(text)} characters in all]"


_FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "paragraphs": lambda text: Markup(text_to_html(str(text))),  # noqa: S704 - escaped in there
    "cleaned": lambda html: Markup(clean_html(str(html))),  # noqa: S704 - cleaned in there
    "line": lambda text: one_line(str(text)),
    "mail_link": lambda url: url if str(url).startswith("mailto:") else "mailto:",
    "prefixed": lambda text, prefix: _prefixed(str(text), str(prefix)),
    "shortened": lambda text, limit: _shortened(str(text), int(limit)),
    "reply_subject": lambda subject: _reply_subject(str(subject)),
}
