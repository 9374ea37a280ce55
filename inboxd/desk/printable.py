"""Foreign text made harmless for terminals (pure).

A mail may hold escape sequences that retitle, repaint or type into the terminal of whoever looks at
it, and characters that turn the reading direction around.
"""

from __future__ import annotations

import json
import re

_VISIBLE = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡"}
_REPLACED = (
    *range(0x80, 0xA0),  # C1 controls: U+009B alone is CSI to many terminals
    0x061C,
    0x200E,
    0x200F,
    *range(0x2028, 0x202F),  # separators, embeddings and overrides
    *range(0x2060, 0x2070),  # invisible operators and isolates
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),
)
_HARMLESS = dict.fromkeys(_REPLACED, "�") | _VISIBLE
_TEXT = _HARMLESS | {0x0A: "\n", 0x09: "    "}
_LINE = _HARMLESS | {0x0A: " ", 0x0D: " ", 0x09: " "}
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNSAFE_IN_JSON = re.compile(
    "[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def printable_text(text: str) -> str:
    """Return text of several lines in which nothing but line ends moves the cursor."""
    plain = text.replace("\r\n", "\n").translate(_TEXT)
    return _SURROGATE.sub("�", plain)


def printable_line(text: str) -> str:
    """Return text on one line in which nothing moves the cursor or hides."""
    return _SURROGATE.sub("�", text.replace("\r\n", "\n").translate(_LINE))


def harmless_json(document: str) -> str:
    """Return a JSON document with what a terminal might obey escaped (RFC 8259 section 7)."""
    return _UNSAFE_IN_JSON.sub(lambda match: json.dumps(match[0])[1:-1], document)
