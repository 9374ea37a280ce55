"""Reads HTML as a stream of tags and text, in time linear in its length.

Mail is rarely well-formed, and a tree of it can cost more than its length: nested lists or unclosed
formatting make every HTML5 tree builder quadratic. The readers here therefore work on the stream.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape, unescape
from typing import Final, NamedTuple


class Tag(NamedTuple):
    """A start or end tag: `name` in lower case, `attributes` as written between name and `>`."""

    name: str
    attributes: str
    closing: bool


# Without the checks of the class: tags are made by the hundred.
_new_tag: Final = tuple.__new__
VOID: Final = frozenset(
    (
        "area",
        "base",
        "basefont",
        "bgsound",
        "br",
        "col",
        "embed",
        "frame",
        "hr",
        "img",
        "input",
        "keygen",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    )
)
# Elements whose content is no text for people; their content is not markup either.
_RAW: Final = frozenset(("script", "style", "title", "xmp", "noembed", "noframes", "iframe"))
# A quote opens a value only behind `=`; elsewhere it is a character like any other, as browsers
# read it. The possessive quantifiers keep one attempt linear; that an unclosed quote is looked for
# once at most follows from its being the last of its kind. The last alternative is a tag that
# never ends: behind it there is no `>` outside a value.
_TOKEN: Final = re.compile(
    r"""<(/?)([a-zA-Z][^\s/>]*+)((?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+)*+)>"""
    r"|<!--(?:-?>|(?s:.*?)--!?>)"
    r"|<[!?/](?!--)[^>]*+>"
    r"|(<(?=[a-zA-Z!/?]))"
)
_SIMPLE_TAG: Final = re.compile(r"<[^<>]*>")
_LONG_REFERENCE: Final = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{8,});?")
_ATTRIBUTE: Final = re.compile(
    r"""([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>=`]+)))?"""
)


def storable(text: str) -> str:
    """Return `text` without NUL, with lone surrogates replaced: always encodable as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text.replace("\0", "") if "\0" in text else text


def decoded(text: str) -> str:
    """Return `text` with its character references resolved; never raises.

    A number too long for any character would exceed Python's limit on digits in `int`.
    """
    if "&" not in text:
        return text
    return unescape(_LONG_REFERENCE.sub("\ufffd", text) if "&#" in text else text)


def attributes(tag: Tag) -> dict[str, str]:
    """Return the attributes of `tag`, names in lower case, values decoded; the first one wins."""
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(tag.attributes):
        found.setdefault(name.lower(), decoded(double or single or bare))
    return found


def tokens(html: str) -> Iterator[Tag | str]:
    """Yield the tags and the text between them (references unresolved), in order.

    Comments, declarations, scripts and styles are left out. What follows a tag that never ends is
    yielded as text without whatever looks like a tag.
    """
    position, length = 0, len(html)
    lower = ""
    endless: set[str] = set()
    while position < length:
        for match in _TOKEN.finditer(html, position):
            slash, name, values, broken = match.groups()
            start = match.start()
            if start > position:
                yield html[position:start]
            if broken:
                yield _SIMPLE_TAG.sub(" ", html[start:])
                return
            position = match.end()
            if not name:
                continue
            name = name.lower()
            yield _new_tag(Tag, (name, values, slash == "/"))
            if name in _RAW and not slash and name not in endless:
                lower = lower or _lower_ascii(html)
                end = lower.find(f"</{name}", position)
                if end >= 0:
                    position = end
                    break
                endless.add(name)
        else:
            break
    if position < length:
        yield html[position:]


def _lower_ascii(html: str) -> str:
    """Return `html` in lower case with every character in its place (`İ` lowers to two)."""
    lower = html.lower()
    return lower if len(lower) == len(html) else html.translate(_ASCII_LOWER)


_ASCII_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def balanced(html: str, *, max_tags: int, max_depth: int) -> str:
    """Return `html` with every element closed, at most `max_tags` tags and `max_depth` levels.

    What lies beyond keeps its text. Closing everything in order is what takes the sting out of
    hostile markup before a tree is built of it.
    """
    out: list[str] = []
    open_: list[str] = []
    waiting: dict[str, int] = {}
    tags = 0
    for token in tokens(html):
        if isinstance(token, str):
            out.append(escape(decoded(token), quote=False))
            continue
        if token.closing:
            while waiting.get(token.name):
                name = open_.pop()
                waiting[name] -= 1
                out.append(f"</{name}>")
                if name == token.name:
                    break
            continue
        tags += 1
        if tags > max_tags or (token.name not in VOID and len(open_) >= max_depth):
            continue
        out.append(_start_tag(token))
        if token.name not in VOID:
            open_.append(token.name)
            waiting[token.name] = waiting.get(token.name, 0) + 1
    out.extend(f"</{name}>" for name in reversed(open_))
    return "".join(out)


def _start_tag(tag: Tag) -> str:
    values = "".join(f' {name}="{escape(value)}"' for name, value in attributes(tag).items())
    return f"<{tag.name}{values}>"
