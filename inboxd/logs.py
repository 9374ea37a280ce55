"""How the daemon's log reads: lines on standard error, without anybody's mail in them.

Our own lines hold ids, names from the configuration and words of ours. What libraries say, and what
exceptions say that are not ours, may quote a mail, an address or a password: of those a line tells
who spoke, what kind of exception it was and where it came up, and never a word of the text.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import structlog

FORMATS = ("auto", "console", "logfmt", "json")
# Below that they tell addresses, commands and whole answers of servers at every step.
_QUIET_LIBRARIES = ("mail.log", "mail.debug", "imapclient", "apscheduler", "asyncio", "watchfiles")
_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}  # syslog(3)


def log_lines(form: str | None = None) -> None:
    """Log everything from `info` on, in one of `FORMATS`.

    `auto` (and what is none of them) is for people on a terminal, and logfmt elsewhere.
    """
    _configure(logging.INFO, _renderer(form))


def log_trouble() -> None:
    """Log errors alone, for commands that print their results."""
    _configure(logging.ERROR, _renderer(None))


def where(error: BaseException) -> str:
    """Return the place in the code where an error came up, without the error's own text."""
    frames = list(traceback.walk_tb(error.__traceback__))
    return f"{_short(frames[-1][0].f_code.co_filename)}:{frames[-1][1]}" if frames else ""


def _configure(level: int, renderer: Any) -> None:
    for name in _QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(logging.ERROR)
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, _Discreet)]:
        root.removeHandler(handler)
    root.addHandler(_Discreet(logging.WARNING))
    logging.captureWarnings(capture=True)
    threading.excepthook = _thread_died
    sys.unraisablehook = _unraisable
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _discreet,
            renderer,
            *([_with_priority] if _goes_to_the_journal() else []),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


class _Discreet(logging.Handler):
    """Tells of a library's record who spoke, where and about what kind of error; not the words."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        error = record.exc_info[1] if record.exc_info else None
        facts: dict[str, Any] = {
            "library": record.name,
            "at": f"{_short(record.pathname)}:{record.lineno}",
        }
        if error is not None:
            facts |= {"error": type(error).__name__, "where": where(error)}
        log = structlog.get_logger(__name__)
        level = "error" if record.levelno >= logging.ERROR else "warning"
        getattr(log, level)("library.said", **facts)


def _discreet(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put the kind of an exception, and its place, where its text would stand."""
    info = line.pop("exc_info", None)
    error = info if isinstance(info, BaseException) else sys.exc_info()[1] if info else None
    if error is not None:
        line.update(error=type(error).__name__, where=where(error))
    line.pop("stack_info", None)
    return line


def _thread_died(args: threading.ExceptHookArgs) -> None:
    """Say which thread has died, and of what: Python itself would print the error's text."""
    name = args.thread.name if args.thread is not None else ""
    error = args.exc_value
    kind, place = args.exc_type.__name__, where(error) if error is not None else ""
    structlog.get_logger(__name__).error("thread.died", thread=name, error=kind, where=place)


def _unraisable(args: Any) -> None:
    trace: TracebackType | None = args.exc_traceback
    error = args.exc_value.with_traceback(trace) if args.exc_value is not None else None
    place = where(error) if error is not None else ""
    structlog.get_logger(__name__).error("error.ignored", error=args.exc_type.__name__, where=place)


def _short(path: str) -> str:
    """Return a file's place in its package: people need no more, and machines are different."""
    return "/".join(path.rsplit("/", 3)[-2:])


def _renderer(form: str | None) -> Any:
    if form == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=True)
    if form == "console" or (form != "logfmt" and sys.stderr.isatty()):
        return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty() and _wants_colours())
    return structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"])


def _goes_to_the_journal() -> bool:
    """Whether standard error is systemd's journal (`JOURNAL_STREAM`, systemd.exec(5))."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        about = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):  # closed, or no file at all
        return False
    return (device, inode) == (str(about.st_dev), str(about.st_ino))


def _with_priority(_logger: Any, name: str, line: Any) -> str:
    """Put the level where the journal reads it (sd-daemon(3))."""
    return f"<{_PRIORITIES.get(name, 6)}>{line}"


def _wants_colours() -> bool:
    return "NO_COLOR" not in os.environ
