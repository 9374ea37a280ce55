"""What became of a condition that was asked: whether it holds, why, and what its groups caught."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from inboxd.rules.text import shortened
from inboxd.rules.view import View

MAX_WHY_CHARS = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition holds, the reason, and what the named groups of its patterns caught.

    The reason is `words` with what was `seen`, and those of the `parts` that decided; it is put
    together when asked for, because of a thousand rules on one mail few are ever explained.
    """

    held: bool
    words: str = ""
    parts: tuple[Verdict, ...] = ()
    match: Mapping[str, str] = field(default_factory=dict)
    seen: str | None = None

    @property
    def why(self) -> str:
        """The reason in at most `MAX_WHY_CHARS` characters."""
        if not self.parts and self.seen is None and len(self.words) <= MAX_WHY_CHARS:
            return self.words
        inner = "; ".join(each.why for each in self.parts)
        words = self.words if self.seen is None else f"{self.words} {shortened(self.seen, 60)}"
        text = f"{words} ({inner})" if words and inner else words or inner
        return shortened(text, MAX_WHY_CHARS)


Check: TypeAlias = Callable[[View], Verdict]
