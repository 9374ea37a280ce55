"""Acceptance by SMTP, and the time until notifications have gone out again."""

from __future__ import annotations

import asyncio
import functools
import smtplib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from bench_shop import ROOT, shop_folder


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
