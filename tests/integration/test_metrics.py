"""Counters and gauges for Prometheus: what the page shows, and that nobody pays who has none."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from intake import CONFIG, Dialogue, letter, new_database, write_config
from loopback import HOST, eventually
from prometheus_client.parser import text_string_to_metric_families

from inboxd.clock import SystemClock
from inboxd.config import load_config
from inboxd.counters import ALL, Counter, Histogram
from inboxd.daemon import Daemon
from inboxd.errors import Permanent
from inboxd.store import folders

NO_IMAP = CONFIG.partition("  - name: fetched")[0] + "send: {maildir: sent}\n"
AGENTS = "agents: [{name: anna, address: anna@shop.example, role: admin}]\n"
RULES = "- name: Tag it\n  when: conversation.opened\n  then: [{tag: tea}, {notify: [anna]}]\n"
PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()


def make(folder: Path, port: int = 0) -> Daemon:
    more = f"{AGENTS}listen: {{smtp: {{port: 0}}}}\nmetrics: {{port: {port}}}"
    path = write_config(folder, more, NO_IMAP)
    (folder / "rules" / "1.yaml").write_text(RULES)
    config = load_config(path, {})
    new_database(config).close()
    return Daemon(config, SystemClock())


@contextmanager
def serving(daemon: Daemon) -> Iterator[Daemon]:
    daemon.start()
    try:
        yield daemon
    finally:
        assert daemon.stop()


def look(daemon: Daemon) -> dict[tuple[str, str], float]:
    """Return the figures by name and by their labels' values."""
    assert daemon.metrics is not None
    with urlopen(f"http://{HOST}:{daemon.metrics.port}/metrics", timeout=20) as answer:
        text = answer.read().decode()
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_page_shows_what_happens(tmp_path: Path) -> None:
    with serving(make(tmp_path)) as daemon:
        name = daemon.listeners[0].name
        before = look(daemon)
        with Dialogue(daemon.listeners[0].port) as line:
            line.greet()
            assert line.send(letter()).startswith("250")
            line.ask("MAIL FROM:<j@c.example>")
            assert line.ask("RCPT TO:<nobody@shop.example>").startswith("550")
            during = look(daemon)
        sent = ("inboxd_delivery_attempts_total", "sent")
        eventually(lambda: look(daemon).get(sent, 0) > before.get(sent, 0), 15)
        with daemon.database.write() as connection:
            folders.set_problem(connection, "imap:x", "it is away", daemon.clock.now())
        after = look(daemon)

    def grew(metric: str, labels: str = "") -> float:
        return after[metric, labels] - before.get((metric, labels), 0)

    assert during["inboxd_smtp_open_sessions", name] == 1
    assert grew("inboxd_mails_received_total", "smtp") == 1
    assert grew("inboxd_mails_processed_total", "applied") == 1
    assert grew("inboxd_mail_latency_seconds_count") == 1
    assert grew("inboxd_mail_latency_seconds_bucket", "+Inf") == 1
    assert grew("inboxd_delivery_seconds_count") >= 1
    assert grew("inboxd_smtp_sessions_total", "smtp") == 1
    assert grew("inboxd_smtp_refused_total", "smtp,recipient") == 1
    assert grew("inboxd_rule_matches_total", "Tag it") == 1
    assert grew("inboxd_rule_actions_total", "AddTags") == 1
    assert after["inboxd_conversations", "open"] == 1
    assert after["inboxd_outbox_mails", "dead"] == 0
    assert after["inboxd_journal_entries", "received"] == 0
    assert after["inboxd_journal_oldest_seconds", ""] == 0
    assert after["inboxd_imap_problem", "imap:x"] == 1
    assert after["inboxd_service_well", "processor"] == 1
    assert after["inboxd_database_bytes", "database"] > 100_000
    assert after["inboxd_disk_free_bytes", ""] > 0


def test_the_documentation_names_every_figure(tmp_path: Path) -> None:
    with (
        serving(make(tmp_path)) as daemon,
        urlopen(
            f"http://{HOST}:{daemon.metrics.port}/metrics"  # type: ignore[union-attr]
        ) as answer,
    ):
        shown = set(re.findall(r"^# HELP (inboxd_\w+)", answer.read().decode(), re.MULTILINE))
    documented = set(re.findall(r"^\| `(inboxd_\w+)` \|", PAGE, re.MULTILINE))
    assert documented == shown
    assert len(documented) > 25


def test_a_taken_port_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Permanent, match=f"cannot show metrics on 127.0.0.1:{port}"):
            make(tmp_path, port).start()


def test_whoever_has_no_metrics_loads_no_library() -> None:
    code = "import sys, inboxd.daemon, inboxd.foreground; print('prometheus_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_names_of_counters_are_there_once() -> None:
    assert len({each.name for each in ALL}) == len(ALL)
    counter = Counter("x", "words", "a", "b")
    counter.add("1", "2")
    counter.add("1", "2", by=3)
    assert counter.read() == {("1", "2"): 4}
    histogram = Histogram("y", "words", (1, 2))
    for seconds in (-1, 0.5, 1, 1.5, 9):
        histogram.observe(seconds)
    assert histogram.read() == ([3, 4, 5], 12)
