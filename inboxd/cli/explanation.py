"""Why a conversation is as it is, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from inboxd.cli.conversation import timer_name
from inboxd.cli.output import console, line

if TYPE_CHECKING:
    from rich.console import Console

_TITLES = {
    "mail": "mail, journal entry",
    "timer": "timer",
    "command": "command",
    "handout": "handed out",
    "requeue": "taken back",
    "history": "",
}


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
    timer, details = cause["timer"], ""
    if timer is not None:
        what = timer_name(timer["kind"], timer["rule"])
        details = f" ({what}, set {timer['armed_at']}, due {timer['due_at']})"
    out.print(line(f"\n{cause['at']}  {title} {cause['id']}{details}".rstrip(), "bold cyan"))
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
    for handed in cause["handed_out"]:
        out.print(line(f"  {handed}"))
    for ruling in cause["rulings"]:
        _print_ruling(out, ruling)
    for remark in cause["remarks"]:
        out.print(line(f"  {remark}", "yellow"))


def _print_ruling(out: Console, ruling: Mapping[str, Any]) -> None:
    after = f", after {' → '.join(ruling['after'])}" if ruling["after"] else ""
    version = f"  (rules {ruling['version']})" if ruling["version"] else ""
    title = line(f"  rules on {ruling['event']}{_changed(ruling['change'])}{after}:")
    out.print(title + line(version, "dim"))
    for each in ruling["matched"]:
        _print_match(out, each)
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


def _print_match(out: Console, each: Mapping[str, Any]) -> None:
    where = f"  {each['file']}" if each["file"] else ""
    why = line(f": {each['why']}") + line(where, "dim")
    if each["shadow"]:
        out.print(line(f"    ◌ {each['rule']} (shadow, nothing was done)", "magenta") + why)
    else:
        out.print(line(f"    ✓ {each['rule']}", "green") + why)
    for did in each["did"]:
        out.print(line(f"        → {'would ' if each['shadow'] else ''}{did}"))


def _changed(change: list[str | None] | None) -> str:
    """Return what an event changed, in words."""
    if change is None:
        return ""
    name, before, after = change
    if before and after:
        return f" ({before} → {after})"
    return f" ({after or before or name})"
