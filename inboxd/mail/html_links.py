"""Links in text: which of them are worth naming, and when a link's words already do."""

from __future__ import annotations

from typing import Final

_SCHEMES: Final = ("http://", "https://", "mailto:", "tel:", "ftp://")
_MAX_HREF: Final = 2000


def target(href: str) -> str | None:
    """Return the address that a decoded `href` leads to, None where it is not for people."""
    href = href.strip()
    if len(href) > _MAX_HREF or not href.lower().startswith(_SCHEMES):
        return None
    return "".join(href.split())


def says_same(label: str, href: str) -> bool:
    """Tell whether a link's text already names its target."""
    kind, _, target = href.partition(":")
    if kind.lower() in ("mailto", "tel"):
        target = target.partition("?")[0]
        return target.lower() in label.lower() or not target
    bare = target.strip("/").removeprefix("www.")
    return label.partition("://")[2].strip("/").removeprefix("www.") == bare or (
        label.strip("/").removeprefix("www.") == bare
    )
