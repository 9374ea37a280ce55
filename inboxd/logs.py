"""How the daemon's log reads: lines on standard error, without anybody's mail in them."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import structlog

_QUIET_LIBRARIES = ("mail.log", "mail.debug", "imapclient", "apscheduler", "asyncio", "watchfiles")


def log_lines(form: str | None = None) -> None:
    """Log everything from `info` on: for people on a terminal, else logfmt; JSON for `json`."""
    _configure(logging.INFO, _renderer(form))


def log_trouble() -> None:
    """Log errors alone, for commands that print their results."""
    _configure(logging.ERROR, _renderer(None))


def _configure(level: int, renderer: Any) -> None:
    for name in _QUIET_LIBRARIES:
        # Below that they tell addresses, commands and whole answers of servers.
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _renderer(form: str | None) -> Any:
    if form == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=True)
    if sys.stderr.isatty():
        return structlog.dev.ConsoleRenderer(colors=_wants_colours())
    return structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"])


def _wants_colours() -> bool:
    return "NO_COLOR" not in os.environ
