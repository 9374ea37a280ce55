"""What became of rules' tests, for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inboxd.cli.output import console, line
from inboxd.desk.words import counted
from inboxd.rehearsal.play import Failure, Result


def as_rows(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return each case with its place and what went wrong in it, as plain values."""
    return [
        {
            "name": each.script.case.name,
            "file": str(each.script.document.path),
            "line": each.script.fault("").line,
            "ok": each.passed,
            "failures": [_row(failure) for failure in each.failures],
        }
        for each in results
    ]


def _row(failure: Failure) -> dict[str, Any]:
    place = failure.place
    row = {"line": place.line, "column": place.column, "key": failure.key}
    if failure.expected is None:
        return {**row, "said": failure.said}
    return {**row, "expected": failure.expected, "got": failure.got}


def print_result(result: Result) -> None:
    """Print a case that did not go as expected; nothing where it did."""
    if result.passed:
        return
    out = console()
    place = result.failures[0].place
    where = f"{place.file}:{place.line}:{place.column}: "
    title = line(where) + line(f"✗ {result.script.case.name}", "bold red")
    out.print(title, soft_wrap=True)  # so that editors find the place
    for each in result.failures:
        at = f" (line {each.place.line})" if each.place.line != place.line else ""
        out.print(line(f"    {each.key}{at}", "bold"), soft_wrap=True)
        if each.expected is None:
            out.print(line(f"        {each.said}", "red"), soft_wrap=True)
        else:
            out.print(line(f"        expected  {each.expected}", "green"), soft_wrap=True)
            out.print(line(f"        got       {each.got}", "red"), soft_wrap=True)


def summed_up(results: Sequence[Result]) -> str:
    """Return how many cases passed and how many did not."""
    failed = sum(not each.passed for each in results)
    if not results:
        return "There are no tests."
    passed = f"{counted(len(results) - failed, 'case')} as expected"
    return f"{passed}, {failed} not" if failed else f"{passed}."
