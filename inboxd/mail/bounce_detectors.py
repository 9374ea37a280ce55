"""Asks flufl.bounce, which knows the forms of many servers, who was not reached.

The library reads an `email.message.Message` with patterns that take quadratic time on long lines
and that pass over the body once each. So it gets the beginning of the report only, in short lines:
what a server says about a failure stands there.
"""

from __future__ import annotations

import logging
import re
from email import message_from_bytes

from flufl.bounce import all_failures

# It logs exceptions with their text, and so words out of mail.
logging.getLogger("flufl.bounce").disabled = True

_MAX_HEADER = 64_000
_MAX_BODY = 24_000
_MAX_LINES = 600
_MAX_LINE = 300
_BLANKS = re.compile(rb"[ \t]{9,}")
_HEADER_END = re.compile(rb"\r?\n\r?\n")


def detected_failures(raw: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the addresses that failed for good and those that are delayed, each sorted.

    `raw` is a whole report. Nothing is found where the library cannot cope with it.
    """
    try:
        delayed, failed = all_failures(message_from_bytes(_beginning(raw)))
    except Exception:  # `email` and the detectors raise all sorts on hostile mail
        return (), ()
    return _texts(failed), _texts(delayed - failed)


def _beginning(raw: bytes) -> bytes:
    end = _HEADER_END.search(raw, 0, _MAX_HEADER)
    body_at = end.end() if end else _MAX_HEADER
    lines = raw[body_at : body_at + _MAX_BODY].splitlines()[:_MAX_LINES]
    return raw[:body_at] + b"\n".join(_BLANKS.sub(b" " * 8, line[:_MAX_LINE]) for line in lines)


def _texts(addresses: frozenset[bytes]) -> tuple[str, ...]:
    found = (address.decode("ascii", "replace").strip() for address in addresses)
    return tuple(sorted(address for address in found if "@" in address and " " not in address))
