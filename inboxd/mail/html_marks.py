"""What mail clients leave in their HTML: which element is a quote, a signature, an attribution."""

from __future__ import annotations

import re
from enum import Enum, StrEnum, auto
from typing import Final

from .html_tokens import Tag


class Mark(StrEnum):
    """First character of a marked line.

    The characters are separators that folding of white space never lets through from a mail.
    """

    SIGNATURE = "\x1c"
    ATTRIBUTION = "\x1d"
    BORDER = "\x1e"

    @classmethod
    def parted(cls, line: str) -> tuple[str, str]:
        """Return the mark of `line`, or nothing, and the rest."""
        return (line[0], line[1:]) if line[:1] in MARKS else ("", line)

    @classmethod
    def removed_from(cls, text: str) -> str:
        """Return `text` without the characters that serve as marks."""
        return text.translate(_NO_MARKS)


MARKS: Final = frozenset(str(mark) for mark in Mark)
_NO_MARKS: Final = {0x1C: None, 0x1D: None, 0x1E: None}


class Zone(Enum):
    """What an element holds."""

    QUOTE = auto()
    SIGNATURE = auto()
    ATTRIBUTION = auto()
    BORDER = auto()


# Classes and ids, in lower case, by client.
_ZONES: Final[dict[str, Zone]] = {
    # Gmail: the container of an answer opens with the attribution; its quotes are blockquotes,
    # and answers written between them stand in the same container
    "gmail_quote": Zone.ATTRIBUTION,
    "gmail_attr": Zone.ATTRIBUTION,
    "gmail_signature": Zone.SIGNATURE,
    # Outlook for Windows, for the web, for phones; Hotmail
    "divrplyfwdmsg": Zone.BORDER,
    "appendonsend": Zone.BORDER,
    "stopspelling": Zone.BORDER,
    "outlookmessageheader": Zone.BORDER,
    "mail-editor-reference-message-container": Zone.BORDER,
    "ms-outlook-mobile-signature": Zone.SIGNATURE,
    "signature": Zone.SIGNATURE,
    # Apple Mail
    "applemailsignature": Zone.SIGNATURE,
    # Thunderbird
    "moz-cite-prefix": Zone.ATTRIBUTION,
    "moz-email-headers-table": Zone.ATTRIBUTION,
    "moz-signature": Zone.SIGNATURE,
    # Yahoo, AOL
    "yahoo_quoted": Zone.QUOTE,
    "yahoo-signature": Zone.SIGNATURE,
    "ymail_android_signature": Zone.SIGNATURE,
    "aolreplacedbody": Zone.QUOTE,
    # ProtonMail: like Gmail's container
    "protonmail_quote": Zone.ATTRIBUTION,
    "protonmail_signature_block": Zone.SIGNATURE,
    # Zimbra, Roundcube, Zoho, GMX and WEB.DE, Samsung, NetEase, QQ, Mail.ru, Tutanota
    "zwchr": Zone.BORDER,
    "reply-intro": Zone.ATTRIBUTION,
    "zmail_extra": Zone.ATTRIBUTION,
    "composer_signature": Zone.SIGNATURE,
    "isreplycontent": Zone.QUOTE,
    "ntes-mailmaster-quote": Zone.QUOTE,
    "qqmail_quote": Zone.QUOTE,
    "mail-quote-collapse": Zone.QUOTE,
    "tutanota_quote": Zone.QUOTE,
}
_NAMES: Final = re.compile(
    r"""(?:^|\s)(?:class|id|name|data-smartmail)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"""
)
# GMX and WEB.DE name the container of the quote `quote`; so do others' anchors, hence only here.
_QUOTE_NAME: Final = re.compile(r"""(?:^|\s)name\s*=\s*["']?quote\b""")
_OUTLOOK_BORDER: Final = re.compile(r"border-top:\s*solid\s+#(?:e1e1e1|b5c4df)\b")
# Gmail and others indent a writer's own paragraph by a blockquote without a border.
_INDENTED: Final = re.compile(
    r"margin:\s*0(?:px)?\s+0(?:px)?\s+0(?:px)?\s+40px;\s*border:\s*(?:none|medium)"
)
_HIDING: Final = ("none", "hidden", "opacity", "max-height")
_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'")
_HIDDEN_ATTRIBUTE: Final = re.compile(r"(?:^|\s)hidden(?:[\s=/]|$)")
_HIDDEN_STYLE: Final = re.compile(
    r"(?:^|[\s\"';{])(?:display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0+(?:\.0+)?\s*(?:[;!\"']|$)"
    r"|max-height\s*:\s*0(?:px)?\s*(?:[;!\"']|$))"
)


def zone_of(tag: Tag) -> Zone | None:
    """Tell what the start tag `tag` opens, by the client that wrote it; None where nothing."""
    text = tag.attributes.lower()
    found: Zone | None = None
    if "class" in text or " id" in text or "name" in text or "smartmail" in text:
        for double, single, bare in _NAMES.findall(text):
            for name in (double or single or bare).split():
                found = found or _ZONES.get(name)
    if tag.name == "blockquote":
        if found is Zone.SIGNATURE or _INDENTED.search(text):
            return found
        return Zone.QUOTE
    if tag.name == "div" and found is None:
        if "border-top" in text and _OUTLOOK_BORDER.search(text):
            return Zone.BORDER
        if "quote" in text and _QUOTE_NAME.search(text):
            return Zone.QUOTE
    return found


def is_hidden(attributes: str) -> bool:
    """Tell whether the attributes of a start tag keep their element from being seen.

    A font size of nothing does not: layouts set it on a container and undo it within.
    """
    text = attributes.lower()
    if "hidden" in text and _HIDDEN_ATTRIBUTE.search(_QUOTED.sub("", text)):
        return True
    if not any(word in text for word in _HIDING):
        return False
    return _HIDDEN_STYLE.search(text) is not None


def is_pixel(values: dict[str, str]) -> bool:
    """Tell whether the attributes of an `img` make it a tracking pixel."""
    return any(
        values.get(side, "").strip() in ("0", "1", "0px", "1px") for side in ("width", "height")
    )


def unmarked(text: str) -> str:
    """Return what `marked_text` returned, without marks and without the lines of borders."""
    if not any(mark in text for mark in MARKS):
        return text
    lines = (Mark.parted(line) for line in text.split("\n"))
    return "\n".join(line for mark, line in lines if mark != Mark.BORDER)
