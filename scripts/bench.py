"""Measures inboxd against the bare libraries, in one run on one machine.

Every figure is printed with its ratio to the library that does the same without inboxd.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import logging
import os
import platform
import resource
import shutil
import smtplib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from bench_corpus import generate

ROOT = Path(__file__).resolve().parent.parent
MAILS_DEFAULT = 2000


def quiet() -> None:
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def shop_folder(folder: Path, **replace: str) -> Path:
    """Copy the shipped configuration and return its path, with texts in it replaced."""
    shutil.copytree(ROOT / "config", folder / "config")
    path = folder / "config" / "inboxd.yaml"
    text = path.read_text(encoding="utf-8").replace("port: 2525", "port: 0")
    for old, new in replace.items():
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path


def rate(work: Callable[[], Any], count: int) -> float:
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)


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


def bench_pipeline(mails: list[bytes]) -> dict[str, float]:
    """From raw bytes through the journal to committed conversations and queued notifications."""
    import mailparser

    from inboxd.clock import SystemClock
    from inboxd.config import load_config
    from inboxd.desk.shop import load_shop
    from inboxd.ingest.journal import append_now
    from inboxd.pipeline import process_due
    from inboxd.store import journal, outbox
    from inboxd.store.db import Database
    from inboxd.store.journal import Arrival
    from inboxd.store.migrations import upgrade

    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        config = load_config(shop_folder(Path(folder)), {})
        shop = load_shop(config)
        database = Database(config.database_url)
        upgrade(database)
        sender, to = "jane@customer.example", ("support@shop.example",)
        spent = {"bare": 0.0, "journal": 0.0, "process": 0.0}

        def timed(what: str, work: Callable[[], Any]) -> None:
            begun = time.perf_counter()
            work()
            spent[what] += time.perf_counter() - begun

        def take_in(batch: list[bytes]) -> None:
            now = clock.now()
            append_now(database, [Arrival("support", "bench", m, sender, to, now) for m in batch])

        def process() -> None:
            while process_due(database, shop, clock):
                pass

        def parse_barely(batch: list[bytes]) -> None:
            for mail in batch:
                mailparser.parse_from_bytes(mail)

        # Turn by turn, so that the machine's ups and downs meet both alike.
        for start in range(0, len(mails), 50):
            batch = mails[start : start + 50]
            timed("bare", functools.partial(parse_barely, batch))
            timed("journal", functools.partial(take_in, batch))
            timed("process", process)
        with database.read() as connection:
            states = journal.counts(connection)
            queued = outbox.counts(connection).get("queued", 0)
        assert states == {"applied": len(mails)}, states
        with database.write() as connection:
            pass
        database.engine.raw_connection().cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = database.path.stat().st_size
        database.close()
    return {
        "bare": len(mails) / spent["bare"],
        "journal": len(mails) / spent["journal"],
        "process": len(mails) / spent["process"],
        "whole": len(mails) / (spent["journal"] + spent["process"]),
        "queued": queued,
        "raw_bytes": sum(map(len, mails)),
        "database_bytes": size,
        "peak_memory_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


class Nothing:
    """An aiosmtpd handler that stores nothing."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        return "250 OK"


class BareServer:
    """aiosmtpd on a loop in a thread, as the daemon's listener runs it."""

    def __init__(self, handler: Any) -> None:
        self.handler = handler
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self) -> int:
        self.thread.start()
        return asyncio.run_coroutine_threadsafe(self._listen(), self.loop).result()

    async def _listen(self) -> int:
        from aiosmtpd.smtp import SMTP

        session = functools.partial(SMTP, self.handler, hostname="bench.example", loop=self.loop)
        self.server = await self.loop.create_server(session, "127.0.0.1", 0, backlog=256)
        return int(self.server.sockets[0].getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.server.close)
        time.sleep(0.1)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()


def accept_rate(port: int, sessions: int, mails: list[bytes]) -> float:
    command = [sys.executable, str(ROOT / "scripts/bench_smtp.py"), str(port), str(sessions)]
    result = subprocess.run(
        [*command, str(len(mails))], input=b"\0".join(mails), capture_output=True, check=True
    )
    return len(mails) / float(result.stdout)


def bench_acceptance(mails: list[bytes]) -> dict[str, float]:
    """Durable acceptance by the daemon's listener against aiosmtpd that stores nothing."""
    from inboxd.clock import SystemClock
    from inboxd.config import load_config
    from inboxd.desk.shop import load_shop
    from inboxd.ingest.journal import JournalWriter
    from inboxd.ingest.smtp import SmtpListener
    from inboxd.store.db import Database
    from inboxd.store.migrations import upgrade

    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        config = load_config(shop_folder(Path(folder)), {})
        database = Database(config.database_url)
        upgrade(database)
        writer = JournalWriter(database, lambda: None)
        listener = SmtpListener(
            config.listen.all()[0],
            load_shop(config).addresses,
            frozenset({"support"}),
            writer,
            SystemClock(),
            "bench.example",
        )
        writer.start()
        listener.start()
        with BareServer(Nothing()) as port:
            for sessions in (1, 10, 50):
                for name, where in (("bare", port), ("ours", listener.port)):
                    accept_rate(where, sessions, mails[:50])
                    figures[f"{name}_{sessions}"] = accept_rate(where, sessions, mails)
        listener.stop()
        writer.stop()
        database.close()
    return figures


class Arrivals:
    """A sink that notes when each mail was accepted."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.condition = threading.Condition()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        with self.condition:
            self.times.append(time.perf_counter())
            self.condition.notify_all()
        return "250 OK"

    def wait_for(self, count: int) -> float:
        with self.condition:
            if not self.condition.wait_for(lambda: len(self.times) >= count, 30):
                raise SystemExit("a notification did not arrive within 30 s")
            return self.times[count - 1]


def bench_latency(mails: list[bytes]) -> dict[str, float]:
    """From the daemon's 250 until a loopback sink has accepted the notification of each agent."""
    from inboxd.clock import SystemClock
    from inboxd.config import load_config
    from inboxd.daemon import Daemon

    sink = Arrivals()
    first, last = [], []
    with tempfile.TemporaryDirectory() as folder, BareServer(sink) as port:
        relay = f"smtp: {{host: 127.0.0.1, port: {port}, tls: none}}"
        path = shop_folder(Path(folder), **{"maildir: ../var/sent": relay})
        for rule in (path.parent / "rules").glob("*.yaml"):
            rule.write_text("[]\n", encoding="utf-8")  # no acknowledgement: notifications alone
        daemon = Daemon(load_config(path, {}), SystemClock())
        daemon.start()
        for number, mail in enumerate(mails):
            with smtplib.SMTP("127.0.0.1", daemon.listeners[0].port) as client:
                client.sendmail("jane@customer.example", ["support@shop.example"], mail)
                accepted = time.perf_counter()
            first.append(sink.wait_for(2 * number + 1) - accepted)
            last.append(sink.wait_for(2 * number + 2) - accepted)
            time.sleep(0.01)
        daemon.stop()
    return {
        "first_p50_ms": 1000 * statistics.median(first),
        "first_p99_ms": 1000 * sorted(first)[int(len(first) * 0.99)],
        "last_p50_ms": 1000 * statistics.median(last),
        "last_p99_ms": 1000 * sorted(last)[int(len(last) * 0.99)],
    }


BENCHES = {
    "parse": bench_parse,
    "pipeline": bench_pipeline,
    "acceptance": bench_acceptance,
    "latency": bench_latency,
}
SHARE = {"acceptance": 2, "latency": 10}  # of the mails: they take long


def in_child(name: str, count: int, seed: int) -> dict[str, float]:
    """Run one bench in a process of its own, so that memory and caches are its own."""
    command = [
        sys.executable,
        __file__,
        "--child",
        name,
        "--count",
        str(count),
        "--seed",
        str(seed),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"{name} failed:\n{result.stderr[-2000:]}")
    return json.loads(result.stdout)


def report(found: dict[str, dict[str, float]]) -> None:
    def line(what: str, figure: str, ratio: str = "") -> None:
        print(f"{what:<58} {figure:>14}  {ratio}")

    if parse := found.get("parse"):
        line("bare mail-parser", f"{parse['bare']:.0f} mails/s")
        line(
            "parse, reply splitting included",
            f"{parse['ours']:.0f} mails/s",
            f"{parse['ours'] / parse['bare']:.0%} of bare mail-parser",
        )
    if pipeline := found.get("pipeline"):
        bare = pipeline["bare"]
        line("bare mail-parser, turn by turn with the pipeline", f"{bare:.0f} mails/s")
        line("journal, 50 mails a commit", f"{pipeline['journal']:.0f} mails/s")
        line(
            "journal entry to committed conversation and outbox",
            f"{pipeline['process']:.0f} mails/s",
            f"{pipeline['process'] / bare:.0%} of bare mail-parser",
        )
        line(
            "whole pipeline, journal included",
            f"{pipeline['whole']:.0f} mails/s",
            f"{pipeline['whole'] / bare:.0%} of bare mail-parser",
        )
        line("mails queued by it", f"{pipeline['queued']:.0f}")
        line(
            "database size",
            f"{pipeline['database_bytes'] / 1e6:.1f} MB",
            f"{pipeline['database_bytes'] / pipeline['raw_bytes']:.0%} of the raw mail",
        )
        line("peak memory of that process", f"{pipeline['peak_memory_kb'] / 1000:.0f} MB")
    if acceptance := found.get("acceptance"):
        for sessions in (1, 10, 50):
            ours, theirs = acceptance[f"ours_{sessions}"], acceptance[f"bare_{sessions}"]
            line(
                f"durable SMTP acceptance, {sessions} sessions",
                f"{ours:.0f} mails/s",
                f"{ours / theirs:.0%} of aiosmtpd storing nothing ({theirs:.0f})",
            )
    if latency := found.get("latency"):
        for which, what in (
            ("first", "first agent's notification"),
            ("last", "both notifications"),
        ):
            line(
                f"250 to {what} accepted, median / p99",
                f"{latency[f'{which}_p50_ms']:.1f} / {latency[f'{which}_p99_ms']:.1f} ms",
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=MAILS_DEFAULT)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", choices=sorted(BENCHES))
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
        name: in_child(name, max(20, options.count // SHARE.get(name, 1)), options.seed)
        for name in options.only or BENCHES
    }
    report(found)


if __name__ == "__main__":
    main()
