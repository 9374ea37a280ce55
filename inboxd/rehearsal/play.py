"""Acts a case out on a stage, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from inboxd.config import Config
from inboxd.errors import Fault, InboxdError
from inboxd.rehearsal.cases import Case, Expectation, Step
from inboxd.rehearsal.files import Script
from inboxd.rehearsal.judge import Mismatch, mismatches
from inboxd.rehearsal.performance import Performance
from inboxd.rehearsal.stage import Theatre, open_theatre
from inboxd.yaml_values import Loc

# A Tuesday without a holiday in most places.
BEGINS = datetime(2030, 6, 4, 10)


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong in a case, and where the case says otherwise.

    `expected` and `got` are None where a step could not be done at all; `said` tells then why.
    """

    place: Fault
    key: str
    expected: str | None
    got: str | None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one case."""

    script: Script
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.failures


def play_all(config: Config, scripts: Iterable[Script]) -> Iterator[Result]:
    """Yield what becomes of each case, played on a stage of its own.

    Raises `ConfigError` with every fault in the shop's files.
    """
    with open_theatre(config) as theatre:
        for script in scripts:
            yield Result(script, tuple(_play(theatre, script)))


def _play(theatre: Theatre, script: Script) -> Iterator[Failure]:
    case = script.case
    performance = Performance(theatre.stage(_begins(theatre, case)), script)
    for loc, step in _steps(case):
        try:
            if step.expect is not None:
                yield from _judged(performance, script, loc, step.expect)
            else:
                performance.act(step)
        except InboxdError as error:
            place = script.fault(str(error), loc)
            yield Failure(place, str(loc[-1]), None, None, str(error))
            return


def _begins(theatre: Theatre, case: Case) -> datetime:
    zone = theatre.zone(case.mailbox)
    return (case.at or BEGINS).replace(tzinfo=zone).astimezone(UTC)


def _steps(case: Case) -> Iterator[tuple[Loc, Step]]:
    """Yield the case's steps, each with its place; a `mail` alone and the last `expect` are two."""
    if case.mail is not None:
        yield ("mail",), Step(mail=case.mail)
    for i, step in enumerate(case.steps or ()):
        yield ("steps", i, *step.written()[:1]), step
    if case.expect is not None:
        yield ("expect",), Step(expect=case.expect)


def _judged(
    performance: Performance, script: Script, loc: Loc, wanted: Expectation
) -> Iterator[Failure]:
    for each in mismatches(wanted, performance.look(), performance.members):
        place = script.fault(f"expected {each.expected}", (*loc, *_path(each)))
        yield Failure(place, each.key, each.expected, each.got)


def _path(mismatch: Mismatch) -> Loc:
    return tuple(int(each) if each.isdigit() else each for each in mismatch.key.split("."))
