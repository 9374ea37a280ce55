"""Why a conversation is as it is, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from inboxd.cli.conversation import timer_name
from inboxd.cli.output import console, line

if TYPE_CHECKING:
    from rich.console import Console

_TITLES = {"mail": "mail, journal entry", "timer": "timer", "command": "command"}


def print_explanation(found: Mapping[str, Any]) -> None:
    """Print each cause: how it was read and threaded, and what the rules made of it."""
    out = console()
    out.print(line(f"#{found['number']} {found['subject']} ({found['state']})", "bold"))
    for key in ("linked", "merged"):
        if found[key]:
            out.print(line(f"{key}: " + ", ".join(f"#{number}" for number in found[key])))
    for timer in found["timers"]:
        what = timer_name(timer["kind"], timer["rule"])
        out.print(line(f"armed timer: {what}, due {timer['due_at']}"))
    for cause in found["causes"]:
        _print_cause(out, cause)
    if not found["causes"]:
        out.print(line("Nothing was kept of how it came about."))


def _print_cause(out: Console, cause: Mapping[str, Any]) -> None:
    title = _TITLES.get(cause["kind"], cause["kind"])
    out.print(line(f"\n{cause['at']}  {title} {cause['id']}".lstrip(), "bold cyan"))
    read = cause["read"]
    if read is not None:
        answer = "may be answered" if read["may_answer"] else "no automatic mail goes back"
        out.print(line(f"  read as {read['kind']}; {answer}"))
        for reason in read["reasons"]:
            out.print(line(f"    because: {reason}"))
        to = read.get("answers_to")  # not kept by earlier releases
        if to is not None:
            out.print(line(f"    answers go to {to['address'] or 'nobody'}: {to['why']}"))
        for defect in read["defects"]:
            out.print(line(f"    defect: {defect}", "yellow"))
    for i, step in enumerate(cause["thread"]):
        out.print(line(("  threaded: " if i == 0 else "            ") + step))
    for ruling in cause["rulings"]:
        _print_ruling(out, ruling)


def _print_ruling(out: Console, ruling: Mapping[str, Any]) -> None:
    out.print(line(f"  rules on {ruling['event']}:"))
    for each in ruling["matched"]:
        out.print(line(f"    ✓ {each['rule']}", "green") + line(f": {each['why']}"))
        would = "would " if each.get("shadow") else ""
        for did in each["did"]:
            out.print(line(f"        → {would}{did}"))
    for each in ruling["missed"]:
        out.print(line(f"    ✗ {each['rule']}: {each['why']}", "dim"))
    if ruling["missed_more"]:
        out.print(line(f"    ✗ and {ruling['missed_more']} more", "dim"))
    if not ruling["matched"] and not ruling["missed"]:
        out.print(line("    none asks about it", "dim"))
    if ruling["stopped"]:
        out.print(line(f"    stopped by: {ruling['stopped']}"))
    for note in ruling["notes"]:
        out.print(line(f"    note: {note}", "yellow"))
