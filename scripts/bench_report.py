"""The figures as lines, each beside the library that does the same without inboxd."""

from __future__ import annotations

import bench_rules

Figures = dict[str, float]


def report(found: dict[str, Figures]) -> None:
    """Print the lines of every bench that was run."""
    for name, show in _SHOWN.items():
        if name in found:
            show(found[name])


def _line(what: str, figure: str, ratio: str = "") -> None:
    print(f"{what:<58} {figure:>14}  {ratio}")


def _rate(what: str, rate: float, bare: float | None = None) -> None:
    ratio = "" if bare is None else f"{rate / bare:.0%} of bare mail-parser"
    _line(what, f"{rate:.0f} mails/s", ratio)


def _parse(of: Figures) -> None:
    _rate("bare mail-parser", of["bare"])
    _rate("parse, reply splitting included", of["ours"], of["bare"])


def _command(of: Figures) -> None:
    _rate("bare mail-parser over files, a process of its own", of["bare"])
    _rate("inboxd parse over the same files", of["ours"], of["bare"])
    _rate("the same, starting the process not counted", of["ours_running"], of["bare_running"])
    _line(
        "starting inboxd parse / mail-parser",
        f"{1000 * of['ours_start']:.0f} / {1000 * of['bare_start']:.0f} ms",
    )


def _pipeline(of: Figures) -> None:
    bare = of["bare"]
    _rate("bare mail-parser, turn by turn with the pipeline", bare)
    _rate("journal, 50 mails a commit", of["journal"])
    _rate("journal entry to committed conversation and outbox", of["process"], bare)
    _rate("whole pipeline, journal included", of["whole"], bare)
    _line("mails queued by it", f"{of['queued']:.0f}")
    for name, what in (("", "all of it queued"), ("sent_", "all of it sent")):
        size = of[f"{name}database_bytes"]
        share = f"{size / of['raw_bytes']:.0%} of the raw mail"
        _line(f"database, {what}", f"{size / 1e6:.1f} MB", share)
    _line("peak memory of that process", f"{of['peak_memory_kb'] / 1000:.0f} MB")


def _acceptance(of: Figures) -> None:
    for sessions in (1, 10, 50):
        ours, theirs = of[f"ours_{sessions}"], of[f"bare_{sessions}"]
        _line(
            f"durable SMTP acceptance, {sessions} sessions",
            f"{ours:.0f} mails/s",
            f"{ours / theirs:.0%} of aiosmtpd storing nothing ({theirs:.0f})",
        )


def _latency(of: Figures) -> None:
    for which, what in (("first", "first agent's notification"), ("last", "both notifications")):
        _line(
            f"250 to {what} accepted, median / p99",
            f"{of[f'{which}_p50_ms']:.1f} / {of[f'{which}_p99_ms']:.1f} ms",
        )


def _starts(of: Figures) -> None:
    for name, what in (("help", "--help"), ("list", "list")):
        seconds, used = of[f"{name}_s"], of[f"{name}_cpu_s"]
        _line(f"inboxd {what}", f"{seconds:.2f} s", f"{used:.2f} s of processor time")


def _imap(of: Figures) -> None:
    _rate("the pipeline alone, mails out of memory", of["pipeline"])
    _line(
        "an IMAP folder, fetched and worked on",
        f"{of['imap']:.0f} mails/s",
        f"{of['imap'] / of['pipeline']:.0%} of the pipeline alone",
    )


def _memory(of: Figures) -> None:
    own = f"{of['idle_own_mb']:.0f} MB of it its own, the rest libraries' files"
    _line("memory of the daemon, idle", f"{of['idle_mb']:.0f} MB", own)
    _line("memory of the daemon under load, most", f"{of['load_mb']:.0f} MB")


def _million(of: Figures) -> None:
    _line("messages in the large database", f"{of['messages']:.0f}", f"{of['size']:.1f} GB")
    _rate("pipeline into an empty database", of["empty"])
    share = f"{of['large'] / of['empty']:.0%} of that"
    _line("pipeline into the large database", f"{of['large']:.0f} mails/s", share)
    for name in ("list", "show", "search"):
        _line(f"{name} in the large database", f"{of[f'{name}_ms']:.1f} ms")


_SHOWN = {
    "starts": _starts,
    "rules": bench_rules.show,
    "parse": _parse,
    "command": _command,
    "pipeline": _pipeline,
    "acceptance": _acceptance,
    "latency": _latency,
    "imap": _imap,
    "memory": _memory,
    "million": _million,
}
