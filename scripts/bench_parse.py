"""Reading mail: our `parse` and the command `inboxd parse` against bare mail-parser."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench_shop import rate

ROUNDS = 3
OURS = [sys.executable, "-m", "inboxd", "parse"]
BARE = [
    sys.executable,
    "-c",
    "import sys, mailparser\n"
    "for name in sys.argv[1:]:\n"
    "    with open(name, 'rb') as file:\n"
    "        mailparser.parse_from_bytes(file.read())\n",
]


def bench_parse(mails: list[bytes]) -> dict[str, float]:
    """Bare mail-parser, and our own parse with reply splitting, on the same mails."""
    import mailparser

    from inboxd.mail.mime import parse

    for mail in mails[:20]:
        mailparser.parse_from_bytes(mail)
        parse(mail)

    def bare() -> None:
        for mail in mails:
            mailparser.parse_from_bytes(mail)

    def ours() -> None:
        for mail in mails:
            parse(mail)

    return {"bare": rate(bare, len(mails)), "ours": rate(ours, len(mails))}


def bench_command(mails: list[bytes]) -> dict[str, float]:
    """`inboxd parse` over files on the disk and mail-parser over the same, as they are used.

    They take turns, each in a process of its own whose start counts; one mail alone shows how long
    a start takes.
    """
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder) / f"{number:06}.eml") for number in range(len(mails))]
        for name, mail in zip(files, mails, strict=True):
            Path(name).write_bytes(mail)
        spent = {"ours": 0.0, "bare": 0.0, "ours_start": 0.0, "bare_start": 0.0}
        for command in (OURS, BARE):
            _seconds(command, files[:20])  # so that nobody is first to read from the disk
        for _ in range(ROUNDS):
            for name, command in (("ours", OURS), ("bare", BARE)):
                spent[name] += _seconds(command, files)
                spent[f"{name}_start"] += _seconds(command, files[:1])
    count = ROUNDS * len(mails)
    figures = {name: count / spent[name] for name in ("ours", "bare")}
    for name in ("ours", "bare"):
        start = f"{name}_start"
        figures[start] = spent[start] / ROUNDS
        figures[f"{name}_running"] = (count - ROUNDS) / (spent[name] - spent[start])
    return figures


def _seconds(command: Sequence[str], files: Sequence[str]) -> float:
    begun = time.perf_counter()
    subprocess.run([*command, *files], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun
