"""Who of a team gets a conversation: the ways of choosing, of what is known of everybody (pure)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Strategy: TypeAlias = Literal["round_robin", "least_loaded", "skill"]

NEVER: Final = 0
"""The turn of who has not had one."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of a team, as far as handing out goes.

    `absent` says why they are not there ("away", "not at work"), or is empty; `load` is how many
    open conversations they have, of at most `max_open`; `turn` counts up with every conversation
    that is handed out in the team.
    """

    name: str
    absent: str = ""
    load: int = 0
    max_open: int | None = None
    skills: frozenset[str] = frozenset()
    turn: int = NEVER

    def obstacle(self, needed: Collection[str]) -> str:
        """Return why this one cannot get a conversation that needs these skills, or ""."""
        if self.absent:
            return self.absent
        lacking = sorted(set(needed) - self.skills)
        if lacking:
            return f"does not know {', '.join(lacking)}"
        if self.max_open is not None and self.load >= self.max_open:
            return f"has {self.load} of {self.max_open} open"
        return ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Who was chosen (None: nobody can get it now), and why, in words for the history."""

    name: str | None
    why: str

    def __str__(self) -> str:
        return f"{self.name or 'nobody'}, {self.why}"


def choose(team: Sequence[Candidate], by: Strategy, needed: Collection[str] = ()) -> Choice:
    """Return who of a team gets a conversation that needs these skills.

    `round_robin` takes whose last turn is longest ago; `least_loaded` and `skill` whoever has the
    fewest open conversations, of several the one whose turn is longest ago. Where that leaves
    several, it is the first of them. Nobody gets anything who is absent, lacks a skill or has as
    many open conversations as they may have.
    """
    obstacles = {each.name: each.obstacle(needed) for each in team}
    free = [each for each in team if not obstacles[each.name]]
    others = "; ".join(f"{name} {why}" for name, why in obstacles.items() if why)
    if not free:
        return Choice(None, f"nobody is free: {others}" if others else "the team has no members")
    if by == "round_robin":
        chosen = min(free, key=lambda each: each.turn)
        why = "round robin"
    else:
        chosen = min(free, key=lambda each: (each.load, each.turn))
        known = f" of those who know {', '.join(sorted(needed))}" if needed else ""
        why = f"fewest open ({chosen.load}){known}"
    return Choice(chosen.name, f"{why}; {others}" if others else why)


@dataclass(frozen=True, slots=True)
class Need:
    """Which skills a conversation needs, and which of those asked for nobody in the team has."""

    skills: frozenset[str]
    unknown: frozenset[str] = frozenset()


def skills_needed(
    by: Strategy,
    skill: str | None,
    fields: Mapping[str, str],
    tags: Collection[str],
    known: Collection[str],
) -> Need:
    """Return which skills a conversation needs, of those `known` in the team.

    That is the rule's own `skill`. A rule that says `by: skill` without one leaves it to the
    conversation: its field `skill` (one or several, with commas or spaces between), else those of
    its tags that are skills. What nobody in the team knows is no reason to let a customer wait.
    """
    if skill is not None:
        wanted = {skill}
    elif by != "skill":
        return Need(frozenset())
    elif fields.get("skill", "").strip():
        wanted = set(fields["skill"].casefold().replace(",", " ").split())
    else:
        wanted = set(tags) & set(known)
    return Need(frozenset(wanted & set(known)), frozenset(wanted - set(known)))
