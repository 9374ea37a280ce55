"""How a mail folder shows states, and what to make of what people did there: pure decisions."""

from __future__ import annotations

import enum
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from inboxd.conversations.states import ConversationState

_MOST_UIDS = 100_000  # of one answer; a range in it could name four billion
_COPYUID = re.compile(rb"(\d+) ([\d:,]+) ([\d:,]+)")  # RFC 4315 section 3


@dataclass(frozen=True, slots=True)
class Mirroring:
    """How one source shows states: `names` are folders or keywords, by state.

    `folder` is the source's own folder, in which new mail arrives.
    """

    folder: str
    by_folders: bool
    names: Mapping[str, str]

    @property
    def shows_in_source(self) -> bool:
        """Whether the source's own folder stands for a state."""
        return self.by_folders and self.folder in self.names.values()


class Verdict(enum.Enum):
    """What to make of a mail that shows something else than we last put there."""

    AGREED = "it shows what is wanted"
    ASKED = "somebody asks for this state"
    REFUSED = "somebody asks for a snooze, which needs a time"
    OVERTAKEN = "the conversation has changed since, or the change was our own: it goes back"


def judge(*, shown: str, moving: str, wanted: str, observed: str) -> Verdict:
    """Return what a mail in `observed` means that we left in `shown`, or were moving to `moving`.

    `wanted` is the conversation's state. Only where nothing else explains it, a person did it; so
    our own moves, even those cut off half-way, never change a conversation.
    """
    if observed == wanted:
        return Verdict.AGREED
    if not shown or wanted != shown or observed == moving:
        return Verdict.OVERTAKEN
    if observed == ConversationState.SNOOZED.value:
        return Verdict.REFUSED
    return Verdict.ASKED


@dataclass(frozen=True, slots=True)
class Wish:
    """A state that somebody asks for by moving the mail of message `message`."""

    conversation: int
    message: int
    state: str


def decisive(wishes: Iterable[Wish]) -> list[Wish]:
    """Return one wish for each conversation: where several mails were moved, the newest decides."""
    chosen: dict[int, Wish] = {}
    for wish in sorted(wishes, key=lambda each: each.message):
        chosen[wish.conversation] = wish
    return list(chosen.values())


def asked_by_keywords(shown: str, borne: Collection[str]) -> str | None:
    """Return the one state besides `shown` whose keyword a mail bears, None where that is unclear.

    A mail without any of our keywords asks for nothing: other programs take keywords away.
    """
    others = sorted(set(borne) - {shown})
    return others[0] if len(others) == 1 else None


def can_keep(permanent: Collection[bytes], keywords: Iterable[str]) -> bool:
    r"""Return whether a folder keeps `keywords`, from its PERMANENTFLAGS (RFC 3501 section 7.1).

    Without that answer all flags are kept; `\*` says that new keywords may be made.
    """
    kept = {flag.strip(b"()").lower() for flag in permanent}
    wanted = {name.lower().encode() for name in keywords}
    return not kept or rb"\*" in kept or wanted <= kept


def new_uids(answer: Sequence[bytes]) -> tuple[int, dict[int, int]]:
    """Return the UIDVALIDITY and the new UIDs, by the old ones, out of COPYUID answers.

    An answer that makes no sense tells nothing (0 and none).
    """
    validity = 0
    pairs: dict[int, int] = {}
    for data in answer:
        found = _COPYUID.fullmatch(data.strip())
        if found is None:
            continue
        old, new = list(_uids(found[2])), list(_uids(found[3]))
        if len(old) == len(new):
            validity = int(found[1])
            pairs |= dict(zip(old, new, strict=True))
    return validity, pairs


def _uids(text: bytes) -> Iterator[int]:
    """Yield the UIDs of a set such as 3,7:9; a range may be written backwards."""
    given = 0
    for part in text.split(b","):
        ends = [int(end) for end in part.split(b":") if end]
        if not ends:
            continue
        low, high = min(ends), max(ends)
        given += high - low + 1
        if given > _MOST_UIDS:
            return
        yield from range(low, high + 1)


def uid_set(uids: Iterable[int]) -> str:
    """Return UIDs as an IMAP command takes them."""
    return ",".join(map(str, sorted(uids)))
