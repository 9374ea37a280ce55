"""The sandbox in which every template runs: plain values, bounded work, no Python objects.

Jinja's immutable sandbox keeps templates from private attributes. This one goes further: a template
reaches the items of its values and nothing else of them, no method and no attribute. What it may
cost is counted in steps and characters, not in seconds, so that the same template with the same
values always succeeds or always fails.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Final

from jinja2 import BaseLoader, StrictUndefined, nodes
from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.filters import FILTERS
from jinja2.runtime import (
    Context,
    LoopContext,
    Macro,
    TemplateReference,
    Undefined,
    markup_join,
    str_join,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace
from markupsafe import Markup

from inboxd.templates.faults import unknown_name

MAX_OUTPUT_CHARS: Final = 2_000_000
MAX_STEPS: Final = 20_000
MAX_RANGE: Final = 1_000
# What a step of text costs: a template that copies long texts in a loop soon has no steps left.
_CHARS_PER_STEP: Final = 1024
_TOO_LONG: Final = "this template loops too long or copies too much text"

# Left out are those that reach attributes (attr), print Python objects (pprint, tojson, xmlattr),
# make a length out of a number (batch, center, format, indent, slice, wordwrap), draw lots
# (random), and `safe`, which would let a customer's HTML through.
_FILTERS: Final = (
    "abs capitalize count d default dictsort e escape first float groupby int items join last "
    "length list lower map max min reject rejectattr reverse select selectattr sort string "
    "striptags sum title trim truncate unique upper urlencode wordcount"
)

_SIZED: Final = (str, list, dict, tuple)
_OPEN_TYPES: Final = (Undefined, LoopContext, Macro, Namespace, TemplateModule, TemplateReference)


class TooMuchWorkError(TemplateRuntimeError):
    """A template runs too long or writes too much."""


class _Budget:
    """What one render may still cost. Long values may be shown whole."""

    __slots__ = ("chars", "steps")

    def __init__(self, value_chars: int = 0) -> None:
        self.steps = MAX_STEPS + value_chars // 64
        self.chars = max(MAX_OUTPUT_CHARS, 8 * value_chars)

    def spend(self, steps: int = 1) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise TooMuchWorkError(_TOO_LONG)

    def write(self, size: int) -> None:
        if size > self.chars:
            raise TooMuchWorkError(f"the text is longer than {self.chars} characters")
        self.steps -= 1 + size // _CHARS_PER_STEP
        if self.steps < 0:
            raise TooMuchWorkError(_TOO_LONG)


class _Renders(threading.local):
    """The budget of the render that this thread is at."""

    def __init__(self) -> None:
        self.budget = _Budget()


class PlainUndefined(StrictUndefined):
    """A value that is not there. Whatever is done with it but to ask for it fails, with advice."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        known = self._undefined_obj.keys() if isinstance(self._undefined_obj, dict) else ()
        return unknown_name(str(self._undefined_name), known)


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """Renders templates from `loader` with the given further filters.

    Templates whose name ends with `.html.j2` escape what they print. `begin` is called before
    every render.
    """

    intercepted_binops = frozenset(("+", "*", "**", "%"))

    def __init__(
        self,
        loader: BaseLoader | None,
        filters: dict[str, Callable[..., Any]],
        finalize: Callable[..., Any] | None = None,
    ) -> None:
        self._at = _Renders()
        super().__init__(
            loader=loader,
            undefined=PlainUndefined,
            autoescape=lambda name: name is not None and name.endswith(".html.j2"),
            finalize=finalize,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        allowed = {name: FILTERS[name] for name in _FILTERS.split()} | filters
        self.filters = {name: self._counted(filter_) for name, filter_ in allowed.items()}
        self.filters |= {"replace": self._replace, " loop": self._loop, " joined": self._joined}
        self.globals = {"range": self._range, "namespace": Namespace}

    def begin(self, value_chars: int) -> None:
        """Give this thread a new budget, for a render with so many characters of values."""
        self._at.budget = _Budget(value_chars)

    def concat(self, pieces: Iterable[str]) -> str:
        """Join what a template, a macro or a block wrote. Jinja's hook; its own is `"".join`."""
        parts = list(pieces)  # of references: the text itself is copied by the join alone
        self._at.budget.write(sum(map(len, parts)))
        return "".join(parts)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return the item of this name; only Jinja's own objects have attributes."""
        return self._item(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return the item of this name or number."""
        return self._item(obj, argument)

    def _item(self, obj: Any, key: Any) -> Any:
        if isinstance(obj, _OPEN_TYPES):
            return super().getattr(obj, str(key))
        if isinstance(obj, _SIZED):
            try:
                return obj[key]
            except (LookupError, TypeError):
                return self.undefined(obj=obj, name=key)
        return self.undefined(obj=obj, name=key)

    def call(self, context: Context, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a macro or a global and count it."""
        self._at.budget.spend()
        return super().call(context, obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute with numbers; of texts and lists only `+`, and that within limits."""
        if isinstance(left, int | float) and isinstance(right, int | float):
            if operator == "**" and (abs(left) > 1_000_000 or abs(right) > 64):
                raise TooMuchWorkError("this power is too large")
            if any(isinstance(v, int) and v.bit_length() > 10_000 for v in (left, right)):
                raise TooMuchWorkError("this number is too large")
        elif operator != "+":
            raise SecurityError(f"`{operator}` works on numbers only")
        else:
            self._at.budget.write(sum(len(v) for v in (left, right) if isinstance(v, _SIZED)))
        return super().call_binop(context, operator, left, right)

    def _generate(
        self,
        source: nodes.Template,
        name: str | None,
        filename: str | None,
        defer_init: bool = False,
    ) -> str:
        """Make the work of loops and of `~` count, then compile. Jinja's hook."""
        for loop in source.find_all(nodes.For):
            loop.iter = _filtered(loop.iter, " loop")
        for concat in list(source.find_all(nodes.Concat)):
            operands = nodes.List(concat.nodes, lineno=concat.lineno, environment=self)
            concat.nodes = [_filtered(operands, " joined")]
        rendering = self._at.budget  # of a template that includes this one
        self._at.budget = _Budget()  # constant expressions are computed while compiling
        try:
            return super()._generate(source, name, filename, defer_init)
        finally:
            self._at.budget = rendering

    def _loop(self, values: Iterable[Any]) -> Any:
        if isinstance(values, Undefined):
            return values
        if not isinstance(values, _SIZED):
            values = list(values)
        self._at.budget.spend(len(values))
        return values

    def _joined(self, values: list[Any]) -> str:
        texts = [v if isinstance(v, Markup) else str(v) for v in values]
        self._at.budget.write(sum(map(len, texts)))
        return markup_join(texts) if any(isinstance(t, Markup) for t in texts) else str_join(texts)

    def _replace(self, value: Any, old: str, new: str) -> str:
        text, old, new = str(value), str(old), str(new)
        self._at.budget.write(len(text) + text.count(old) * len(new))
        # The result is text again, never markup, and is escaped where it is printed.
        return str.__str__(text).replace(old, new)

    def _range(self, *bounds: int) -> range:
        numbers = range(*bounds)
        if len(numbers) > MAX_RANGE:
            raise TooMuchWorkError(f"a range holds at most {MAX_RANGE} numbers")
        return numbers

    def _counted(self, filter_: Callable[..., Any]) -> Callable[..., Any]:
        at = self._at

        @wraps(filter_)  # keeps the marks by which Jinja passes its context
        def counted(*args: Any, **kwargs: Any) -> Any:
            result = filter_(*args, **kwargs)
            at.budget.write(len(result) if isinstance(result, _SIZED) else 0)
            return result

        return counted


def _filtered(node: Any, name: str) -> nodes.Filter:
    return nodes.Filter(
        node, name, [], [], None, None, lineno=node.lineno, environment=node.environment
    )
