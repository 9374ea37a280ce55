"""Reads the files of a corpus, each under a guard and against the clock, and checks what came out.

A message goes the way that the daemon lets it go (parse, classify, thread, the JSON that commands
print), a bare body through the function that tells a sender's new words from the rest.
"""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from score_checks import Check, Read, check, check_threads, unknown_keys
from score_corpus import Entry, Folder
from score_threads import Archive

from inboxd.desk import views
from inboxd.mail.classify import TrustPolicy, classify
from inboxd.mail.mime import parse
from inboxd.mail.model import Kind, ParsedMail, Verdict
from inboxd.mail.quotes import split_reply

SLOW_SECONDS = 2.0
_GIVE_UP_SECONDS = 60
# Defects by which `parse` says that a fault of its own was caught: nothing was lost, but it failed.
_FAULTS = re.compile(r"^(?:parse|quotes|html): ?\w*(?:Error|Exception)\b")
_BODY_KINDS = frozenset({"reply_plain", "reply_html"})
_MESSAGE_SUFFIXES = frozenset({".eml", ".box", ".mbox", ".msg"})


class Overlong(BaseException):
    """A file took so long that it was given up; nothing between here and there may catch it."""


@dataclass(frozen=True, slots=True)
class Readers:
    """What reads, and what tells the time (processor seconds): others come in for tests."""

    parse: Callable[[bytes], ParsedMail] = parse
    split: Callable[[str, str | None], str] = lambda text, html: split_reply(text, html).reply_text
    clock: Callable[[], float] = time.process_time


@dataclass(slots=True)
class Result:
    """What came of one entry of a corpus."""

    file: str
    checks: list[Check] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    unscored: set[str] = field(default_factory=set)
    bounce: bool = False

    @property
    def slowest(self) -> tuple[float, str]:
        """Seconds and name of the file that took longest."""
        return max(((spent, file) for file, spent in self.seconds.items()), default=(0.0, ""))

    @property
    def right(self) -> bool:
        """Whether everything that was expected came true."""
        return not self.crashes and all(each.right for each in self.checks)


def score(folder: Folder, readers: Readers | None = None) -> Iterator[Result]:
    """Yield the result of each entry of a folder, in order."""
    for entry in folder.entries:
        result = Result(entry.file, unscored=unknown_keys(entry.expect))
        if entry.path.is_dir():
            _score_threads(entry, result, readers or Readers())
        else:
            _score_file(entry, result, readers or Readers())
        yield result


def _score_file(entry: Entry, result: Result, readers: Readers) -> None:
    with _guarded(result, entry.file):
        raw = entry.path.read_bytes()
        with _timed(result, entry.file, readers):
            read = _read_body(entry, raw, readers) if _is_body(entry) else _read_mail(raw, readers)
        if read.mail is not None and read.verdict is not None:
            result.crashes += _faults(entry.file, read.mail)
            result.bounce = _claims_too_much(read.verdict, raw)
        result.checks += check(entry.expect, read)


def _is_body(entry: Entry) -> bool:
    return entry.kind in _BODY_KINDS and entry.path.suffix.lower() not in _MESSAGE_SUFFIXES


def _read_body(entry: Entry, raw: bytes, readers: Readers) -> Read:
    text = raw.decode("utf-8", "replace")
    is_html = entry.kind == "reply_html" or entry.path.suffix.lower() in (".html", ".htm")
    return Read(readers.split("", text) if is_html else readers.split(text, None))


def _read_mail(raw: bytes, readers: Readers) -> Read:
    mail = readers.parse(raw)
    verdict = _judged(mail, raw)
    shown = json.dumps(views.mail("", mail, verdict), ensure_ascii=False)
    shown.encode()  # what cannot be written down cannot be stored either
    return Read(mail.reply_text, mail, verdict, raw)


def _judged(mail: ParsedMail, raw: bytes) -> Verdict:
    """Judge the mail as the mailbox would that it was sent to."""
    ours = frozenset(address.key for address in (*mail.to, *mail.cc))
    return classify(mail, TrustPolicy(own_addresses=ours), None, raw)


def _faults(file: str, mail: ParsedMail) -> list[str]:
    return [f"{file}: {defect}" for defect in mail.defects if _FAULTS.match(defect)]


def _claims_too_much(verdict: Verdict, raw: bytes) -> bool:
    """Whether this is called a bounce although it carries no delivery status."""
    return verdict.kind is Kind.BOUNCE and b"delivery-status" not in raw.lower()


def _score_threads(entry: Entry, result: Result, readers: Readers) -> None:
    """Thread a folder's messages in the order of their names."""
    archive, placed = Archive(), dict[int, int]()
    paths = sorted(path for path in entry.path.iterdir() if path.is_file())
    numbers = [_number(path) for path in paths]
    if None in numbers or len(set(numbers)) < len(numbers):
        numbers = list(range(1, len(paths) + 1))
    alone = 0
    for number, path in zip(numbers, paths, strict=True):
        name = f"{entry.file}/{path.name}"
        with _guarded(result, name):
            raw = path.read_bytes()
            with _timed(result, name, readers):
                mail = readers.parse(raw)
                found = archive.receive(mail, classify(mail, TrustPolicy(), None, raw))
            result.crashes += _faults(name, mail)
            alone -= 1
            placed[number or 0] = found or alone
    groups: dict[int, list[int]] = {}
    for number, conversation in placed.items():
        groups.setdefault(archive.living(conversation), []).append(number)
    if "threads" in entry.expect:
        result.checks.append(check_threads(entry.expect["threads"], groups.values()))


def _number(path: Path) -> int | None:
    return int(path.stem) if path.stem.isascii() and path.stem.isdigit() else None


@contextmanager
def _timed(result: Result, file: str, readers: Readers) -> Iterator[None]:
    begun = readers.clock()
    try:
        yield
    finally:
        result.seconds[file] = readers.clock() - begun


@contextmanager
def _guarded(result: Result, file: str) -> Iterator[None]:
    """Count whatever goes wrong with a file against it, and go on with the next."""
    try:
        with _alarm() if hasattr(signal, "setitimer") else nullcontext():
            yield
    # Broad on purpose: a fault is what is looked for here.
    except (Exception, Overlong) as error:
        result.crashes.append(f"{file}: {type(error).__name__}: {error}"[:300])


@contextmanager
def _alarm() -> Iterator[None]:
    def give_up(_signal: int, _frame: object) -> None:
        raise Overlong(f"not read within {_GIVE_UP_SECONDS} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, _GIVE_UP_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
