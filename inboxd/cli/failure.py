"""How a command that failed says so: a sentence on standard error and an exit code."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from inboxd.desk.printable import printable_line
from inboxd.errors import ConfigError, Fault, InboxdError, Transient

FAILED, TRY_AGAIN, BAD_CONFIG = 1, 75, 78


def complain(sentence: str) -> None:
    """Write a sentence to standard error."""
    print(f"inboxd: {printable_line(sentence)}", file=sys.stderr)


def end(error: Exception) -> NoReturn:
    """Say what went wrong and exit with the code that it stands for."""
    if isinstance(error, ConfigError):
        for fault in error.faults:
            # A line of the configuration may hold a secret: it is for the eyes of a person alone.
            show(fault, line_too=sys.stderr.isatty())
        sys.exit(BAD_CONFIG)
    if isinstance(error, InboxdError):
        complain(str(error))
        sys.exit(TRY_AGAIN if isinstance(error, Transient) else FAILED)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        complain(f"{place}{error.strerror or type(error).__name__}")
        sys.exit(FAILED)
    complain(
        f"this is a fault of inboxd ({type(error).__name__}); INBOXD_DEBUG=1 shows where it is"
    )
    sys.exit(FAILED)


def show(fault: Fault, kind: str = "", *, line_too: bool = True) -> None:
    """Write a fault to standard error, and (`line_too`) the line that it is in with a mark.

    `kind` is put before its message.
    """
    said = replace(fault, message=f"{kind}: {fault.message}") if kind else fault
    print(printable_line(str(said)), file=sys.stderr)
    if fault.line and line_too:
        line = _line(Path(fault.file), fault.line)
        if line.strip():
            shown = printable_line(line)
            print(f"    {shown}\n    {' ' * (fault.column - 1)}^", file=sys.stderr)


def _line(path: Path, number: int) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return lines[number - 1] if number <= len(lines) else ""
