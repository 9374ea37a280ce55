"""What became of asking rules: what they want done, and the trace that explains it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from inboxd.rules.effects import Effect
from inboxd.rules.facts import ConversationFacts
from inboxd.rules.ruleset import CompiledRule
from inboxd.rules.verdict import Verdict

# How many rules that did not match are written down one by one.
MISSES_KEPT = 20


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that was looked at; what a `shadow` one wants is not done."""

    rule: str
    verdict: Verdict
    shadow: bool = False

    @property
    def matched(self) -> bool:
        """Whether the rule's conditions held."""
        return self.verdict.held

    @property
    def why(self) -> str:
        """Which condition decided, with which value, in at most 200 characters."""
        return self.verdict.why


@dataclass(frozen=True, slots=True)
class Passed:
    """Rules that the index passed over: they are `rules` from `begin` to before `end`."""

    rules: Sequence[CompiledRule]
    begin: int
    end: int
    shadow: bool = False

    def __len__(self) -> int:
        return self.end - self.begin

    def steps(self, most: int) -> Iterator[Step]:
        """Yield the first `most` of them, each with what it would have had to see."""
        for rule in self.rules[self.begin : min(self.end, self.begin + most)]:
            assert rule.guard is not None  # a rule without one is always asked
            yield Step(rule.name, Verdict(False, rule.guard.unmet), self.shadow or rule.shadow)


Looks: TypeAlias = tuple[Step | Passed, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the rules want.

    `effects` are in the order in which they take effect, `shadowed` what shadow rules wanted;
    `looks` holds the rules that were looked at, in their order; `stopped` is the name of the rule
    after which none was; `conversation` is how the conversation stands when all effects have been
    applied.
    """

    effects: tuple[Effect, ...]
    looks: Looks
    stopped: str | None
    conversation: ConversationFacts
    shadowed: tuple[Effect, ...] = ()

    @property
    def trace(self) -> tuple[Step, ...]:
        """Each rule that was looked at, in their order, and why it matched or did not."""
        steps: list[Step] = []
        for look in self.looks:
            steps += [look] if isinstance(look, Step) else look.steps(len(look))
        return tuple(steps)

    @property
    def matched(self) -> tuple[Step, ...]:
        """The rules whose conditions held, in their order."""
        return tuple(look for look in self.looks if isinstance(look, Step) and look.matched)

    def to_json(self) -> dict[str, Any]:
        """Return the trace as a few plain values, for whoever asks later why this was done.

        `matched` has rule, why and what it did; `missed` has rule and why of some rules that did
        not match, those first whose conditions were asked, and `missed_more` counts the others.
        Mail text in it is cut short.
        """
        did: dict[str, list[str]] = {}
        for effect in (*self.effects, *self.shadowed):
            did.setdefault(effect.rule, []).append(str(effect))
        matched, missed = self.matched, self._missed()
        told: dict[str, Any] = {
            "matched": [
                {
                    "rule": step.rule,
                    "why": step.why,
                    "did": did.get(step.rule, []),
                    **({"shadow": True} if step.shadow else {}),
                }
                for step in matched
            ],
            "missed": [{"rule": rule, "why": why} for rule, why in missed],
        }
        all_of_them = sum(1 if isinstance(look, Step) else len(look) for look in self.looks)
        if more := all_of_them - len(matched) - len(missed):
            told["missed_more"] = more
        if self.stopped is not None:
            told["stopped"] = self.stopped
        return told

    def _missed(self) -> list[tuple[str, str]]:
        """Return rules that did not match, each with the reason."""
        asked = sum(1 for look in self.looks if isinstance(look, Step) and not look.matched)
        room = MISSES_KEPT - asked
        missed: list[tuple[str, str]] = []
        for look in self.looks:
            if isinstance(look, Passed):
                if room > 0:
                    shown = [(step.rule, step.why) for step in look.steps(room)]
                    room -= len(shown)
                    missed += shown
            elif not look.matched:
                missed.append((look.rule, look.why))
        return missed[:MISSES_KEPT]
