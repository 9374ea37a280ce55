"""What one parse may still spend, and what it has noticed on the way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from inboxd.mail.model import MimeBudget

DEFAULT_BUDGET = MimeBudget()
MAX_DEFECTS = 100
MAX_DEFECT_CHARS = 300


@dataclass(slots=True)
class Reading:
    """The running account of one parse.

    `defects` are sentences "what: where: how it was read", without words of the mail. `guesses`
    counts the charset guesses that are left, `decoded_bytes` the bytes already decoded, `chars` the
    characters of text and of HTML already read.
    """

    budget: MimeBudget = field(default_factory=MimeBudget)
    defects: list[str] = field(default_factory=list)
    guesses: int = 20
    decoded_bytes: int = 0
    chars: Counter[str] = field(default_factory=Counter)

    def note(self, defect: str) -> None:
        """Record a defect once; a hostile mail cannot make the list grow without bound."""
        defect = defect[:MAX_DEFECT_CHARS]
        if len(self.defects) < MAX_DEFECTS and defect not in self.defects:
            self.defects.append(defect)
