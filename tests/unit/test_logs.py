"""How log lines look: for people, for programs, and for systemd's journal."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest
import structlog

from inboxd.logs import _Discreet, log_lines, log_trouble, where


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """Catch standard error while log lines are set up; all is as before afterwards."""
    hooks = threading.excepthook, sys.unraisablehook, warnings.showwarning
    root = logging.getLogger()
    yield capfd
    logging.captureWarnings(capture=False)
    threading.excepthook, sys.unraisablehook, warnings.showwarning = hooks
    for handler in [each for each in root.handlers if isinstance(each, _Discreet)]:
        root.removeHandler(handler)
    structlog.reset_defaults()


def lines(said: pytest.CaptureFixture[str]) -> list[str]:
    return said.readouterr().err.splitlines()


def test_json_is_one_object_a_line(said: pytest.CaptureFixture[str]) -> None:
    log_lines("json")
    structlog.get_logger("x").info("mail.processed", journal=7, conversation=None)
    (line,) = lines(said)
    found = json.loads(line)
    assert (found["event"], found["journal"], found["level"]) == ("mail.processed", 7, "info")
    assert found["timestamp"].endswith("Z")


@pytest.mark.parametrize("form", [None, "auto", "logfmt", "nonsense"])
def test_elsewhere_than_on_a_terminal_it_is_logfmt(
    said: pytest.CaptureFixture[str], form: str | None
) -> None:
    log_lines(form)
    structlog.get_logger("x").warning("imap.interrupted", retry_in=1.5)
    (line,) = lines(said)
    assert line.startswith("timestamp=")
    assert line.endswith("level=warning event=imap.interrupted retry_in=1.5")


def test_the_console_form_can_be_asked_for(said: pytest.CaptureFixture[str]) -> None:
    log_lines("console")
    structlog.get_logger("x").info("listening", port=25)
    (line,) = lines(said)
    assert "[info     ] listening" in line
    assert "\x1b" not in line, "no colours off a terminal"


def test_the_journal_gets_priorities(
    said: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    about = os.fstat(sys.stderr.fileno())
    monkeypatch.setenv("JOURNAL_STREAM", f"{about.st_dev}:{about.st_ino}")
    log_lines("logfmt")
    for level in ("info", "warning", "error"):
        getattr(structlog.get_logger("x"), level)("x")
    assert [line[:3] for line in lines(said)] == ["<6>", "<4>", "<3>"]
    monkeypatch.setenv("JOURNAL_STREAM", "1:1")
    log_lines("logfmt")
    structlog.get_logger("x").info("x")
    assert lines(said)[-1].startswith("timestamp="), "standard error was sent elsewhere"


def test_commands_say_errors_alone(said: pytest.CaptureFixture[str]) -> None:
    log_trouble()
    structlog.get_logger("x").info("quiet")
    structlog.get_logger("x").error("loud")
    assert [line.partition("event=")[2] for line in lines(said)] == ["loud"]


def test_an_exception_is_told_by_kind_and_place(said: pytest.CaptureFixture[str]) -> None:
    log_lines("json")
    try:
        raise ValueError("Jane's secret")
    except ValueError as error:
        place = where(error)
        structlog.get_logger("x").exception("failed")
        logging.getLogger("somebody").exception("Jane %s", "Doe")
    assert place.startswith("unit/test_logs.py:")
    ours, theirs = map(json.loads, lines(said))
    assert (ours["error"], ours["where"][:18]) == ("ValueError", "unit/test_logs.py:")
    assert (theirs["event"], theirs["library"]) == ("library.said", "somebody")
    assert "Jane" not in str((ours, theirs))


def test_libraries_say_nothing_below_a_warning(said: pytest.CaptureFixture[str]) -> None:
    log_lines("json")
    log_lines("json")  # set up twice, said once
    logging.getLogger("somebody").info("Jane")
    logging.getLogger("imapclient").warning("Jane")
    logging.getLogger("somebody").warning("Jane")
    (line,) = lines(said)
    assert json.loads(line)["level"] == "warning"
