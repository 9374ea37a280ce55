"""What rules would have done otherwise, for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inboxd.backtest.difference import Difference, Otherwise, Sample
from inboxd.backtest.run import Question
from inboxd.cli.output import console, line
from inboxd.desk.views import moment
from inboxd.desk.words import counted

_SHOWN = 40


def as_document(asked: Question, found: Difference) -> dict[str, Any]:
    """Return the whole difference as plain values."""
    return {
        "since": moment(asked.since),
        "until": moment(asked.until),
        "mailbox": asked.mailbox,
        "compared": "rules" if asked.rules is not None else "history",
        "mails": found.mails,
        "conversations": found.conversations,
        "otherwise": found.touched,
        "kinds": found.kinds,
        "changes": [
            {
                "what": each.what,
                "value": each.value,
                "more": each.more_count,
                "fewer": each.fewer_count,
                "samples": {"more": _samples(each.more), "fewer": _samples(each.fewer)},
            }
            for each in found.items
        ],
        "ends": [
            {"what": what, "from": from_, "to": to, "count": count, "samples": _samples(samples)}
            for what, from_, to, count, samples in found.ends
        ],
    }


def _samples(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    return [{"number": s.number, "subject": s.subject, "rule": s.rule} for s in samples]


def print_difference(asked: Question, found: Difference) -> None:
    """Print how much is otherwise, each thing with a few conversations, and how those end."""
    out = console()
    what = f"the rules in {asked.rules}" if asked.rules is not None else "the rules as they are now"
    against = "the shop's rules" if asked.rules is not None else "what really happened"
    where = f" in {asked.mailbox}" if asked.mailbox is not None else ""
    out.print(
        line(f"{counted(found.mails, 'mail')}, {counted(found.conversations, 'conversation')}")
        + line(f"{where} since {asked.since:%Y-%m-%d %H:%M} UTC: {what}, compared with {against}.")
    )
    if not found.touched:
        out.print(line("Nothing would have been otherwise.", "green"), soft_wrap=True)
        return
    kinds = ", ".join(f"{kind} {count}" for kind, count in found.kinds.items())
    out.print(
        line(f"Otherwise in {counted(found.touched, 'conversation')}: {kinds}", "bold"),
        soft_wrap=True,
    )
    for item in found.items[:_SHOWN]:
        _print_item(item)
    if len(found.items) > _SHOWN:
        out.print(
            line(f"… and {len(found.items) - _SHOWN} more; --json has them all", "dim"),
            soft_wrap=True,
        )
    for each, from_, to, count, samples in found.ends[:_SHOWN]:
        numbers = ", ".join(f"#{sample.number}" for sample in samples)
        out.print(
            line(f"\nends with {each} {to}, not {from_}: ", "bold") + line(str(count)),
            soft_wrap=True,
        )
        out.print(line(f"    {numbers}", "dim"), soft_wrap=True)


def _print_item(item: Otherwise) -> None:
    out = console()
    counts = [f"+{item.more_count}"] if item.more_count else []
    counts += [f"−{item.fewer_count}"] if item.fewer_count else []
    out.print(
        line(f"\n{item.what} {item.value}".rstrip(), "bold") + line("  " + " ".join(counts)),
        soft_wrap=True,
    )
    for sign, colour, samples in (("+", "green", item.more), ("−", "red", item.fewer)):
        for sample in samples:
            rule = f"  ({sample.rule})" if sample.rule else ""
            out.print(
                line(f"    {sign} #{sample.number} {sample.subject}", colour) + line(rule),
                soft_wrap=True,
            )
