"""Measures inboxd against the bare libraries, in one run on one machine.

Every figure is printed with its ratio to the library that does the same without inboxd.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys

from bench_corpus import generate
from bench_daemon import bench_memory, bench_starts
from bench_imap import bench_imap
from bench_million import bench_million
from bench_parse import bench_command, bench_parse
from bench_pipeline import bench_pipeline
from bench_report import report
from bench_rules import bench_rules
from bench_shop import quiet
from bench_wire import bench_acceptance, bench_latency

MAILS_DEFAULT = 2000
BENCHES = {
    "starts": bench_starts,
    "parse": bench_parse,
    "rules": bench_rules,
    "command": bench_command,
    "pipeline": bench_pipeline,
    "acceptance": bench_acceptance,
    "latency": bench_latency,
    "imap": bench_imap,
    "memory": bench_memory,
    "million": bench_million,
}
# Of the mails: latency and the database of a million take long, the others need enough of them.
SHARE = {"latency": 10, "starts": 10, "acceptance": 2, "imap": 0.4, "memory": 1, "million": 2}


def in_child(name: str, count: int, seed: int) -> dict[str, float]:
    """Run one bench in a process of its own, so that memory and caches are its own."""
    options = ["--child", name, "--count", str(count), "--seed", str(seed)]
    command = [sys.executable, __file__, *options]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"{name} failed:\n{result.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(result.stdout)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=MAILS_DEFAULT)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--only",
        nargs="*",
        choices=sorted(BENCHES),
        help="run these alone, and print their figures",
    )
    parser.add_argument("--child", choices=sorted(BENCHES), help=argparse.SUPPRESS)
    options = parser.parse_args()
    quiet()
    if options.child:
        mails = generate(options.count, options.seed)
        print(json.dumps(BENCHES[options.child](mails)))
        return
    print(
        f"# {options.count} mails, seed {options.seed}; Python {platform.python_version()}, "
        f"{os.cpu_count()} cores"
    )
    found = {
        name: in_child(name, max(20, int(options.count / SHARE.get(name, 1))), options.seed)
        for name in options.only or BENCHES
    }
    report(found)


if __name__ == "__main__":
    main()
