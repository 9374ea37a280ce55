"""Running a shop: `check`, `work`, `outbox`, `journal`, `backup`, `doctor`, and exit codes."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_kit import CONFIG, MAIL, Shop, run, write_shop

from inboxd.errors import Poison

HEAVY = ("pydantic", "sqlalchemy", "sqlmodel", "rich", "structlog", "alembic", "ruamel", "jinja2")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return write_shop(tmp_path)


@pytest.mark.parametrize("args", [["--help"], ["list", "--help"], ["outbox", "--help"]])
def test_help_imports_nothing_heavy(args: list[str]) -> None:
    code = (
        "import sys; from inboxd.cli.app import app\n"
        f"try: app({args!r})\n"
        "except SystemExit: pass\n"
        f"print('LOADED', *[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage:" in done.stdout
    loaded = set(done.stdout.rpartition("LOADED")[2].split())
    # Newer releases of typer read the options of a command with pydantic themselves.
    assert loaded <= (set() if args == ["--help"] else {"pydantic"})


def test_parse_loads_no_database_and_no_tables() -> None:
    code = (
        "import sys; from inboxd.cli.app import app\n"
        "try: app(['parse', '-'])\n"
        "except SystemExit: pass\n"
        "names = ('sqlalchemy', 'sqlmodel', 'rich', 'structlog', 'inboxd.config')\n"
        "print([name for name in names if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=b"Subject: x\n\ny\n", capture_output=True, check=True
    )
    assert done.stderr == b"[]\n"


def test_a_missing_configuration_says_how_to_get_one(tmp_path: Path) -> None:
    ended = run("--config", tmp_path / "none.yaml", "list")
    assert ended.code == 78
    assert "INBOXD_CONFIG" in ended.err


def test_the_environment_names_the_configuration(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INBOXD_CONFIG", str(shop.config))
    assert run("check").code == 0


def test_usage_errors_end_with_2() -> None:
    for args in ([], ["frobnicate"], ["show"], ["show", "x"], ["list", "--state", "nowhere"]):
        assert run(*args).code == 2, args


def test_check_sums_up_what_is_configured(shop: Shop) -> None:
    said = shop.run("check").out
    for words in ("support@shop.example", "billing: smtp", "anna", "Refunds", "All is well."):
        assert words in said
    assert shop.run("check", "--json").json["rules"] == ["Refunds", "Nudge"]
    assert not (shop.folder / "var").exists()


def test_check_names_every_fault_with_its_place(shop: Shop) -> None:
    (shop.folder / "rules" / "bad.yaml").write_text("- name: X\n  when: nowhere\n  then: []\n")
    (shop.folder / "canned" / "bad.md").write_text("---\ntitel: x\n---\n{{ nothing }}\n")
    ended = shop.run("check")
    assert ended.code == 78
    assert f"{shop.folder}/rules/bad.yaml:2:9: " in ended.err
    assert f"{shop.folder}/canned/bad.md:" in ended.err
    rules = shop.run("rules", "check")
    assert (rules.code, "canned/bad.md" in rules.err) == (78, False)
    shop.config.write_text(CONFIG.replace("send:", "sned:"))
    assert f"{shop.config}:7:1: unknown key 'sned'" in shop.run("check").err


def test_a_terminal_shows_the_line_of_a_fault(shop: Shop) -> None:
    shop.config.write_text(CONFIG.replace("send:", "sned:"))
    assert "    sned:\n    ^\n" in shop.run("check", tty=True).err
    assert "^" not in shop.run("check").err


def test_rules_check(shop: Shop) -> None:
    assert shop.run("rules", "check", "--json").json == {
        "ok": True,
        "rules": ["Refunds", "Nudge"],
        "warnings": [],
    }


def test_work_says_what_was_deferred(shop: Shop) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        relay = f"  smtp: {{host: 127.0.0.1, port: {port}, tls: none}}"
        shop.config.write_text(CONFIG.replace("  maildir: sent", relay))
        assert shop.run("ingest", "-", stdin=MAIL.encode()).code == 0
        ended = shop.run("work")
    assert ended.code == 0
    assert ended.out.startswith("1 mail processed, 0 timers fired, 1 mail tried\ndeferred: mail 1")
    [row] = shop.run("outbox", "list", "--state", "deferred", "--json").json
    assert row["recipients"] == [
        {"address": "ben@shop.example", "state": "deferred", "reply": row["error"]}
    ]
    shop.config.write_text(CONFIG)
    assert "due now: 1 mail" in shop.run("outbox", "retry").out
    assert shop.run("outbox", "retry", "99").code == 1
    shop.run("work")
    assert [row["state"] for row in shop.run("outbox", "list", "--json").json] == ["sent"]


def test_quarantined_mail_is_replayed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise Poison("it cannot be worked on")

    with monkeypatch.context() as broken:
        broken.setattr("inboxd.pipeline.read", fail)
        shop.take()
        assert shop.run("journal", "replay").code == 1
    [row] = shop.run("journal", "list", "--state", "quarantined", "--json").json
    assert (row["id"], row["error"]) == (1, "it cannot be worked on")
    checks = shop.run("doctor", "--offline", "--json").json["checks"]
    warned = [each["check"] for each in checks if each["status"] == "warn"]
    assert warned == ["mailbox billing", "daemon", "quarantine"]
    assert shop.run("journal", "replay", "1").out == "1: applied\n"
    assert [each["number"] for each in shop.run("list", "--json").json] == [1]
    refused = shop.run("journal", "replay", "1", "7")
    assert (refused.code, "1 is applied, 7 is not there" in refused.err) == (1, True)
    assert shop.run("journal", "replay").out == "No mail is quarantined.\n"


def test_a_backup_is_a_whole_database_and_overwrites_nothing(shop: Shop, tmp_path: Path) -> None:
    shop.take()
    target = tmp_path / "copy.db"
    assert shop.run("backup", target).code == 0
    assert target.stat().st_mode & 0o077 == 0
    copy = sqlite3.connect(target)
    assert copy.execute("SELECT subject FROM conversation").fetchone() == ("Where is my refund?",)
    copy.close()
    target.write_text("mine")
    refused = shop.run("backup", target)
    assert (refused.code, target.read_text()) == (1, "mine")
    assert shop.run("backup", target, "--force").code == 0
    assert target.read_bytes().startswith(b"SQLite format 3")
    assert shop.run("backup", tmp_path / "no" / "copy.db").code == 1
    assert [path.name for path in tmp_path.glob(".copy*")] == []


def test_doctor_finds_a_healthy_shop_healthy(shop: Shop) -> None:
    shop.take()
    found = shop.run("doctor", "--json")
    assert found.code == 0
    assert found.json["healthy"] is True
    checks = {each["check"]: each for each in found.json["checks"]}
    for name in ("configuration", "database", "integrity", "schema", "journal", "outbox", "relay"):
        assert checks[name]["status"] == "ok", checks[name]
    assert list(checks["schema"]) == ["group", "check", "status", "words", "advice"]


def test_doctor_looks_before_the_first_start_and_makes_nothing(shop: Shop) -> None:
    ended = shop.run("doctor", "--offline")
    assert ended.code == 0
    assert "does not exist yet" in ended.out
    assert not (shop.folder / "var").exists()


def test_doctor_fails_for_damage_late_mail_and_a_silent_relay(shop: Shop) -> None:
    shop.run("ingest", "-", stdin=MAIL.encode())
    database = sqlite3.connect(shop.folder / "var" / "inboxd.db")
    database.execute("UPDATE journal SET next_attempt_at = 0")
    database.commit()
    database.close()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        relay = f"  smtp: {{host: 127.0.0.1, port: {closed.getsockname()[1]}, tls: none}}"
        shop.config.write_text(CONFIG.replace("  maildir: sent", relay))
        found = shop.run("doctor", "--json")
    failed = {each["check"] for each in found.json["checks"] if each["status"] == "fail"}
    assert (found.code, failed) == (1, {"journal", "relay"})
    (shop.folder / "var" / "inboxd.db").write_bytes(b"not a database at all" * 500)
    for suffix in ("-wal", "-shm"):
        (shop.folder / "var" / f"inboxd.db{suffix}").unlink(missing_ok=True)
    assert shop.run("doctor", "--offline").code == 1
    damaged = shop.run("list")
    assert (damaged.code, damaged.err.count("\n")) == (1, 1)


def test_a_fault_of_ours_is_a_sentence_and_a_trace_where_asked_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise KeyError("secret words of a mail")

    monkeypatch.setattr("inboxd.desk.listing.find", fail)
    ended = shop.run("list", "--json")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "KeyError" in ended.err
    assert "secret words" not in ended.err
    monkeypatch.setenv("INBOXD_DEBUG", "1")
    with pytest.raises(KeyError):
        shop.run("list", "--json")


def test_a_reader_that_goes_away_is_no_error(shop: Shop) -> None:
    shop.take()
    command = f"'{sys.executable}' -m inboxd --config '{shop.config}' list --json | head -c 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[", "")


def _serve(shop: Shop, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "inboxd", "--config", str(shop.config), "serve"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_serve_tells_where_it_listens_reloads_and_stops(shop: Shop, how: signal.Signals) -> None:
    notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path = shop.folder / "notify"
    notified.bind(str(path))
    notified.settimeout(30)
    daemon = _serve(shop, NOTIFY_SOCKET=str(path), INBOXD_LOG="json")
    try:
        assert _next_step(notified) == "READY=1"
        daemon.send_signal(signal.SIGHUP)
        assert [_next_step(notified), _next_step(notified)] == ["RELOADING=1", "READY=1"]
        began = time.monotonic()
        daemon.send_signal(how)
        out, err = daemon.communicate(timeout=30)
        assert time.monotonic() - began < 10
        assert _next_step(notified) == "STOPPING=1"
    finally:
        daemon.kill()
        daemon.wait()
        notified.close()
    assert daemon.returncode == 0
    assert "inboxd takes SMTP on 127.0.0.1:" in out
    assert "127.0.0.1:0" not in out
    assert f"inboxd --config {shop.config} list" in out
    assert '"event": "reloaded"' in err
    assert "Traceback" not in err


def _next_step(notified: socket.socket) -> str:
    """Return the next step that a service manager is told of; statuses are passed over."""
    while True:
        for line in notified.recv(4096).decode().split("\n"):
            if line in ("READY=1", "RELOADING=1", "STOPPING=1"):
                return line


def test_serve_says_in_a_sentence_that_an_address_is_taken(shop: Shop) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        shop.config.write_text(CONFIG.replace("port: 0", f"port: {port}"))
        daemon = _serve(shop)
        _, err = daemon.communicate(timeout=60)
    assert daemon.returncode == 1
    assert err == f"inboxd: cannot listen on 127.0.0.1:{port}: address already in use\n"


def test_demo_is_a_command() -> None:
    ended = run("demo", "--help")
    assert (ended.code, "--json" in ended.out) == (0, True)
