"""What was read in one mail against what its collector expects: one check for each expectation.

What is checked follows from the keys of `expect` alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import getaddresses
from typing import Any

from score_threads import Archive

from inboxd.desk.views import moment
from inboxd.mail.model import Address, Kind, ParsedMail, Verdict

# What collectors write where a mail shows no text, and how some file a mail's own HTML and what
# has no name: for us these are no attachments but the mail's words.
NO_TEXT = "no visible content"
NO_FILES = frozenset({"message.html", "file"})
SHARE_OF_WORDS = 0.95
_MESSAGE_ID = re.compile(rb"^[ \t>]*Message-ID:\s*<([^<>\s]{1,300})>", re.IGNORECASE | re.MULTILINE)
_WORD = re.compile(r"\w+")
# How many messages and threads, and in which languages a collector's own reader was asked: what
# `threads` and the other keys say as well.
IMPLIED = frozenset({"languages", "n_messages", "n_threads"})


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation, met or not; `group` holds what belongs together for one aim."""

    group: str
    name: str
    right: bool
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class Read:
    """What we made of a file: of a mail everything, of a bare body the reply alone."""

    reply_text: str
    mail: ParsedMail | None = None
    verdict: Verdict | None = None
    raw: bytes = b""


def check(expect: Mapping[str, Any], read: Read) -> list[Check]:
    """Return a check for each expectation that can be scored."""
    found = [_reply(key, value, read) for key, value in expect.items() if key in _REPLY]
    if read.mail is None or read.verdict is None:
        return found
    for key, value in expect.items():
        if key in _MAIL:
            found += _MAIL[key](value, read.mail)
        elif key in _VERDICT:
            found += _VERDICT[key](value, read.verdict)
        elif key == "joins_thread_of_embedded_original":
            joins = _joins(read.mail, read.verdict, read.raw)
            found.append(_equal("automatic", key, value, joins))
    return found


def unknown_keys(expect: Mapping[str, Any]) -> set[str]:
    """Return the keys that nothing here scores."""
    known = _REPLY.keys() | _MAIL.keys() | _VERDICT.keys() | IMPLIED
    unknown = set(expect) - known - {"joins_thread_of_embedded_original", "threads"}
    if "from_email" in expect and not _scorable_senders(expect["from_email"]):
        unknown.add("from_email that is no address")
    return unknown


def folded(text: str) -> str:
    """Return the text with each run of white space as one blank."""
    return " ".join(text.split())


def check_threads(expected: Iterable[Iterable[int | str]], got: Iterable[Iterable[int]]) -> Check:
    """Compare two partitions of the numbers of a folder's files; `007.eml` is the number 7."""
    wanted, found = _partition(expected), _partition(got)
    missing, extra = sorted(wanted - found), sorted(found - wanted)
    return Check("threads", "threads", wanted == found, f"{missing}", f"{extra}")


def _partition(groups: Iterable[Iterable[int | str]]) -> set[tuple[int, ...]]:
    return {tuple(sorted(map(_number, group))) for group in groups}


def _number(file: int | str) -> int:
    return int(file.partition(".")[0]) if isinstance(file, str) else file


def _equal(group: str, name: str, expected: Any, got: Any) -> Check:
    return Check(group, name, expected == got, repr(expected), repr(got))


# -- what the sender newly wrote


def _reply(key: str, expected: Any, read: Read) -> Check:
    got = read.reply_text
    return Check("reply", key, _REPLY[key](expected, got), repr(expected), repr(got))


def _each(texts: Any) -> list[str]:
    return [folded(text) for text in ([texts] if isinstance(texts, str) else texts or ())]


_REPLY: dict[str, Callable[[Any, str], bool]] = {
    "reply_text": lambda text, got: folded(text or "") == folded(got),
    "reply_text_nows": lambda text, got: "".join((text or "").split()) == "".join(got.split()),
    "reply_contains": lambda texts, got: all(each in folded(got) for each in _each(texts)),
    "reply_not_contains": lambda texts, got: not any(each in folded(got) for each in _each(texts)),
}


# -- what the header and the body say


def _subject(expected: Any, mail: ParsedMail) -> Iterator[Check]:
    yield _equal("subject", "subject", folded(expected or ""), folded(mail.subject))


def _sender(expected: Any, mail: ParsedMail) -> Iterator[Check]:
    wanted = _scorable_senders(expected)
    if wanted:
        yield _equal("sender", "sender", wanted, [each.address for each in mail.from_])


def _scorable_senders(expected: Any) -> list[str]:
    """Return the addresses expected, or none where a broken field was copied for one."""
    wanted = [expected.strip()] if isinstance(expected, str) else _addresses(expected)
    return [] if any(re.search(r"\s", each) for each in wanted) else wanted


def _display_name(expected: Any, mail: ParsedMail) -> Iterator[Check]:
    got = folded(mail.from_[0].name) if mail.from_ else ""
    yield _equal("display name", "display name", folded(expected or ""), got)


def _list_of(field: str) -> Callable[[Any, ParsedMail], Iterator[Check]]:
    def compare(expected: Any, mail: ParsedMail) -> Iterator[Check]:
        of: tuple[Address, ...] = getattr(mail, field)
        yield _equal(field, field, _addresses(expected), [each.address for each in of])

    return compare


def _addresses(value: Any) -> list[str]:
    """Return the addresses in a header's text, a list of such texts, or a list of objects."""
    if isinstance(value, Mapping):
        return [str(value.get("address") or value.get("email") or "")]
    if not isinstance(value, str):
        return [address for each in value or () for address in _addresses(each)]
    named = [each.rpartition("<")[2].strip("> \t\r\n") for each in value.split(",")]
    if any("@" not in each for each in named):  # a comma stands in a name
        named = [address for _, address in getaddresses([value])]
    return [each for each in named if each]


def _text_of(name: str) -> Callable[[Any, ParsedMail], Iterator[Check]]:
    def compare(expected: Any, mail: ParsedMail) -> Iterator[Check]:
        yield _equal(name, name, expected or None, getattr(mail, name))

    return compare


def _ids_of(name: str) -> Callable[[Any, ParsedMail], Iterator[Check]]:
    def compare(expected: Any, mail: ParsedMail) -> Iterator[Check]:
        words = expected.split() if isinstance(expected, str) else expected or ()
        got = list(getattr(mail, name))
        yield _equal(name, name, [each.strip("<>") for each in words], got)

    return compare


def _message_id(expected: Any, mail: ParsedMail) -> Iterator[Check]:
    wanted = str(expected).strip("<> ") if expected else None
    yield _equal("message_id", "message_id", wanted, mail.message_id)


def _date(expected: Any, mail: ParsedMail) -> Iterator[Check]:
    got = moment(mail.date)
    right = (expected or None) == got or (bool(expected) and _same_moment(str(expected), mail))
    yield Check("date", "date", right, repr(expected), repr(got))


def _same_moment(expected: str, mail: ParsedMail) -> bool:
    from datetime import UTC, datetime

    try:
        wanted = datetime.fromisoformat(expected)
    except ValueError:
        return False
    wanted = wanted if wanted.tzinfo else wanted.replace(tzinfo=UTC)
    return mail.date == wanted


def _body_text(expected: Any, mail: ParsedMail) -> Iterator[Check]:
    """Compare the whole text, and how many of its words are read at all, in any order.

    Collectors strip tags; we render HTML, with bullets, marks of quotes and targets of links.
    """
    wanted, got = folded(expected or ""), folded(mail.text)
    if wanted.casefold() == NO_TEXT:
        wanted = ""
    yield _equal("body_text", "body_text", wanted, got)
    words = Counter(_WORD.findall(wanted))
    there = (words & Counter(_WORD.findall(got))).total()
    missing = words - Counter(_WORD.findall(got))
    enough = there >= SHARE_OF_WORDS * words.total()
    shown = f"without {sorted(missing)[:10]}"
    yield Check("body words", "body words", enough, f"{words.total()} words", shown)


def _attachments(expected: Any, mail: ParsedMail) -> Iterator[Check]:
    files = [{"name": each} if isinstance(each, str) else each for each in expected or ()]
    wanted = [each for each in files if each.get("name") not in NO_FILES]
    of = mail.attachments
    names = _equal(
        "attachment names",
        "attachment names",
        [folded(each.get("name") or "") for each in wanted],
        [folded(each.filename) for each in of],
    )
    yield names
    if not names.right or not wanted:
        return
    for key, got in (
        ("type", [each.content_type for each in of]),
        ("size", [each.size for each in of]),
    ):
        pairs = [(w[key], g) for w, g in zip(wanted, got, strict=True) if w.get(key) is not None]
        if pairs:
            name = f"attachment {key}s"
            yield _equal(name, name, [w for w, _ in pairs], [g for _, g in pairs])


_MAIL: dict[str, Callable[[Any, ParsedMail], Iterable[Check]]] = {
    "subject": _subject,
    "from_email": _sender,
    "from_display_name": _display_name,
    "to": _list_of("to"),
    "cc": _list_of("cc"),
    "reply_to": _list_of("reply_to"),
    "date": _date,
    "message_id": _message_id,
    "in_reply_to": _ids_of("in_reply_to"),
    "references": _ids_of("references"),
    "body_text": _body_text,
    "attachments": _attachments,
}


# -- what kind of mail it is


def _flag(
    group: str, name: str, fact: Callable[[Verdict], bool]
) -> Callable[[Any, Verdict], list[Check]]:
    return lambda expected, verdict: [_equal(group, name, bool(expected), fact(verdict))]


def _recipients(name: str, action: str) -> Callable[[Any, Verdict], list[Check]]:
    def compare(expected: Any, verdict: Verdict) -> list[Check]:
        named = verdict.bounce.recipients if verdict.bounce else ()
        got = sorted({each.address for each in named if each.action == action})
        return [_equal("recipients", name, sorted(set(expected or ())), got)]

    return compare


def _is_automatic(verdict: Verdict) -> bool:
    return verdict.kind in (Kind.AUTO_REPLY, Kind.OUT_OF_OFFICE)


_VERDICT: dict[str, Callable[[Any, Verdict], list[Check]]] = {
    "is_bounce": _flag("bounce", "is_bounce", lambda v: v.kind is Kind.BOUNCE),
    "bounced_recipients": _recipients("permanent recipients", "failed"),
    "temporary_recipients": _recipients("temporary recipients", "delayed"),
    "is_auto_reply": _flag("automatic", "is_auto_reply", _is_automatic),
    "is_auto_reply_or_bulk": _flag(
        "automatic", "is_auto_reply_or_bulk", lambda v: _is_automatic(v) or v.kind is Kind.BULK
    ),
    "may_auto_respond": _flag("automatic", "may_auto_respond", lambda v: v.may_answer),
}


def _joins(mail: ParsedMail, verdict: Verdict, raw: bytes) -> bool:
    """Whether a report joins the conversation of the mail in it, had we sent that mail."""
    archive = Archive()
    ids = {each.decode("ascii", "replace") for each in _MESSAGE_ID.findall(raw)}
    sent = {archive.send(each) for each in sorted(ids - {mail.message_id})}
    return archive.receive(mail, verdict) in sent
