"""What mail clients leave in their HTML: which element is a quote, a signature, an attribution.

The names are those that each client itself writes, so they hold in any language.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from typing import Final


class Zone(Enum):
    """What an element holds.

    `BORDER` has no content that matters: all that follows it is quoted. `ORIGINAL` is a border
    where a header follows, and `SIGNATURE_NEXT` says that the next block is a signature. In a
    `FORWARD` nothing but quotes is marked: what was forwarded is there to be read.
    """

    QUOTE = auto()
    SIGNATURE = auto()
    SIGNATURE_NEXT = auto()
    ATTRIBUTION = auto()
    BORDER = auto()
    ORIGINAL = auto()
    FORWARD = auto()


# Classes, ids and names, in lower case, by client.
_ZONES: Final[dict[str, Zone]] = {
    # Gmail: the container of an answer opens with the attribution; its quotes are blockquotes,
    # and answers written between them stand in the same container. Others write the same: K-9,
    # Superhuman, Mailspring, HubSpot.
    "gmail_quote": Zone.ATTRIBUTION,
    "gmail_attr": Zone.ATTRIBUTION,
    "gmail_signature": Zone.SIGNATURE,
    "gmail_signature_prefix": Zone.SIGNATURE,
    "k9mail-signature": Zone.SIGNATURE,
    "sh-signature": Zone.SIGNATURE,
    # Outlook for Windows, for the web, for phones, for Mac; Hotmail, Windows Mail
    "divrplyfwdmsg": Zone.BORDER,
    "appendonsend": Zone.BORDER,
    "stopspelling": Zone.BORDER,
    "outlookmessageheader": Zone.BORDER,
    "mail-editor-reference-message-container": Zone.BORDER,
    "ms-outlook-mobile-reference-message": Zone.BORDER,
    "olk_src_body_section": Zone.BORDER,
    "_____replyseparator": Zone.BORDER,
    "_mailoriginal": Zone.ORIGINAL,
    "_mailautosig": Zone.SIGNATURE,
    "ms-outlook-mobile-signature": Zone.SIGNATURE,
    "signature": Zone.SIGNATURE,
    "data-signatureblock": Zone.SIGNATURE,
    # Apple Mail
    "applemailsignature": Zone.SIGNATURE,
    "linebreakatbeginningofsignature": Zone.SIGNATURE_NEXT,
    # Thunderbird
    "moz-cite-prefix": Zone.ATTRIBUTION,
    "moz-signature": Zone.SIGNATURE,
    "moz-forward-container": Zone.FORWARD,
    # Yahoo, AOL
    "yahoo_quoted": Zone.QUOTE,
    "yahoo-quoted-begin": Zone.ATTRIBUTION,
    "yahoo-signature": Zone.SIGNATURE,
    "ymail_android_signature": Zone.SIGNATURE,
    "ymail_ios_signature": Zone.SIGNATURE,
    "aolreplacedbody": Zone.QUOTE,
    # Proton: like Gmail's container. Tuta, Skiff
    "protonmail_quote": Zone.ATTRIBUTION,
    "protonmail_signature_block": Zone.SIGNATURE,
    "tutanota_quote": Zone.QUOTE,
    "skiff_quote": Zone.QUOTE,
    # Zimbra, Zoho
    "zwchr": Zone.BORDER,
    "__divider__": Zone.BORDER,
    "__headers__": Zone.BORDER,
    "__quoted_text__": Zone.BORDER,
    "__sig_pre__": Zone.SIGNATURE,
    "__sig_post__": Zone.SIGNATURE,
    "zmail_extra": Zone.ATTRIBUTION,
    "zm-_id_-sgn": Zone.SIGNATURE,
    "zm-_id_-sgn1": Zone.ATTRIBUTION,
    # Roundcube, Open-Xchange, eM Client, Evolution, FairEmail, Mail.ru
    "reply-intro": Zone.ATTRIBUTION,
    "_rc_sig": Zone.SIGNATURE,
    "io-ox-signature": Zone.SIGNATURE,
    "signature_old": Zone.SIGNATURE,
    "-x-evo-signature": Zone.SIGNATURE,
    "-x-evo-attribution": Zone.ATTRIBUTION,
    "fairemail-signature": Zone.SIGNATURE,
    "fairemail-reference": Zone.ATTRIBUTION,
    "data-signature-widget": Zone.SIGNATURE,
    # Spark, Airmail, Mailbird, Samsung, Edison
    "messagesignaturesection": Zone.SIGNATURE,
    "messagereplysection": Zone.ATTRIBUTION,
    "bloop_sign": Zone.SIGNATURE,
    "airmail_on": Zone.ATTRIBUTION,
    "mb_sig": Zone.SIGNATURE,
    "composer_signature": Zone.SIGNATURE,
    "edo-signature": Zone.SIGNATURE,
    # NetEase, QQ, 139, 263, Alibaba
    "isreplycontent": Zone.QUOTE,
    "isforwardcontent": Zone.FORWARD,
    "ntes-mailmaster-quote": Zone.QUOTE,
    "qqmail_quote": Zone.QUOTE,
    "reply139content": Zone.QUOTE,
    "origbody": Zone.QUOTE,
    "alimail-quote": Zone.QUOTE,
    "__aliyun_signature_wrap": Zone.SIGNATURE,
    "mail-quote-collapse": Zone.QUOTE,
    # Help desks: Front, Freshdesk, Zendesk, Missive, Outreach, Fernand
    "front-signature": Zone.SIGNATURE,
    "freshdesk_quote": Zone.QUOTE,
    "quotedreply": Zone.QUOTE,
    "missive_quote": Zone.ATTRIBUTION,
    "outreach-quote": Zone.ATTRIBUTION,
    "fernand_quote": Zone.QUOTE,
}
# What may name something within a line, too; the other names are of blocks alone.
_INLINE: Final = frozenset((
    "gmail_signature_prefix", "olk_src_body_section", "_____replyseparator", "_mailoriginal",
    "_mailautosig", "ymail_android_signature", "-x-evo-signature", "moz-signature",
    "linebreakatbeginningofsignature",
))  # fmt: skip
_NAMES: Final = re.compile(
    r"(?:^|\s)(?:class|id|name|data-smartmail|data-marker)\s*=\s*"
    r"""(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"""
)
_NAMING: Final = ("class", "id", "name", "data-", "fairemail")
# Gmail's, Outlook's and Yahoo's own mark before the names in mail that they take in.
_TAKEN_IN: Final = re.compile(r"(?:x_|m_-?\d{4,}|ydp[0-9a-f]{6,9}|yiv\d{6,})+")
_NUMBERED: Final = re.compile(r"_\d+$")
_OWN_ATTRIBUTES: Final = re.compile(
    r"(?:^|\s)(?:(data-signature-widget)\s*=\s*[\"']?container|(data-signatureblock)\s*=\s*[\"']?true"
    r"|(fairemail)\s*=\s*[\"']?(signature|reference)\b)|mso-bookmark:\s*(_mailautosig)\b"
)
# GMX and WEB.DE name the container of the quote `quote`; so do others' anchors, hence only here.
_QUOTE_NAME: Final = re.compile(r"""(?:^|\s)name\s*=\s*["']?quote\b""")
# The line that Word draws above the header of the mail that is answered: grey or blue, or of any
# colour with Word's own padding; as Outlook writes it, and as Outlook for Mac, Windows Mail, the
# new Outlook and Gmail write it anew.
_RULED: Final = re.compile(
    r"border-top:\s*solid\s+#(?:e1e1e1|b5c4df)\b|border-top:\s*#(?:e1e1e1|b5c4df)\s+1(?:\.0)?pt\s+solid"
    r"|border:\s*none;\s*border-top:\s*solid\s+[^\s;]{1,20}\s+[\d.]{1,5}pt;\s*padding:\s*3(?:\.0)?pt\s+0"
    r"|border-top:\s*1(?:\.0)?pt\s+solid\s+rgb\((?:225,\s*225,\s*225|181,\s*196,\s*223)\)"
    r"|padding-top:\s*5px;\s*border-top-color:\s*rgb\(229,\s*229,\s*229\);\s*border-top-width:\s*1px"
    r"|border-style:\s*solid none none;\s*border-color:\s*rgb\((?:225,\s*225,\s*225|181,\s*196)"
)
# Samsung's container of the header of the mail that is answered.
_SAMSUNG: Final = re.compile(r"""align\s*=\s*["']left["'][^>]*font-size:100%;color:#000000""")
# Foxmail draws it above its signature, with the quote right below.
_FOXMAIL: Final = re.compile(r"#b5c4df\b")
# Gmail and others indent a writer's own paragraph by a blockquote without a border.
_INDENTED: Final = re.compile(
    r"margin:\s*0(?:px)?\s+0(?:px)?\s+0(?:px)?\s+40px;\s*border:\s*(?:none|medium)"
)
_LONGEST: Final = 2000


def zone_of(name: str, attributes: str) -> Zone | None:
    """Tell what a block's start tag opens, by the client that wrote it; None where nothing.

    `name` is in lower case, `attributes` as they were written; only their beginning is looked at.
    """
    return _zone_of(name, attributes[:_LONGEST])


@lru_cache(maxsize=512)
def _zone_of(name: str, attributes: str) -> Zone | None:
    text = attributes.lower()
    found = next(filter(None, (_ZONES.get(each) for each in _names(text))), None)
    if name == "blockquote":
        own = found is Zone.SIGNATURE or found is Zone.FORWARD
        return found if own or _INDENTED.search(text) else Zone.QUOTE
    if name == "signature":
        return Zone.SIGNATURE
    if found is None and name in ("div", "hr", "p"):
        return _zone_by_looks(name, text)
    return found


def _zone_by_looks(name: str, text: str) -> Zone | None:
    if "border-" in text and _RULED.search(text):
        return Zone.BORDER
    if name == "hr":
        return Zone.BORDER if _FOXMAIL.search(text) else None
    if "quote" in text and _QUOTE_NAME.search(text):
        return Zone.QUOTE
    if "font-size:100%" in text and _SAMSUNG.search(text):
        return Zone.BORDER
    return None


def inline_zone_of(attributes: str) -> Zone | None:
    """Tell what the start tag of an element within a line opens: an anchor, a span, a `br`."""
    text = attributes[:_LONGEST].lower()
    if "sig" not in text and "_mailoriginal" not in text and "_____reply" not in text:
        return Zone.BORDER if "olk_src" in text else None
    found = (each for each in _names(text) if each in _INLINE)
    return next(filter(None, map(_ZONES.get, found)), None)


def _names(text: str) -> list[str]:
    """Return the names in a tag's attributes, as the client that wrote them gave them."""
    if not any(word in text for word in _NAMING) and "mso-bookmark" not in text:
        return []
    names: list[str] = []
    for double, single, bare in _NAMES.findall(text):
        names += (double or single or bare).split()
    names = [name if name in _ZONES else _as_given(name) for name in names]
    if "data-sig" in text or "fairemail" in text or "_mailautosig" in text:
        names += ("-".join(filter(None, each)) for each in _OWN_ATTRIBUTES.findall(text))
    return names


def _as_given(name: str) -> str:
    """Return a name without what another client put before it, and without its number."""
    if name[:1] in "xmy":
        taken = _TAKEN_IN.match(name)
        name = name[taken.end() :] if taken else name
    return _NUMBERED.sub("", name) if name[-1:].isdigit() and name not in _ZONES else name
