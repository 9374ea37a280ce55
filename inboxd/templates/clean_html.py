"""What HTML may leave the house: text, lists, tables and links, and nothing that loads."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

_TAGS: Final = (
    "a b blockquote br code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i li ol p pre s span strong "
    "sub sup table tbody td th thead tr u ul"
)
_ATTRIBUTES: Final = {"a": {"href", "title"}, "ol": {"start"}, "td": {"align"}, "th": {"align"}}
_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})


@lru_cache(maxsize=1)
def _cleaner() -> Any:
    import nh3  # compiled code that only mail with HTML needs

    return nh3.Cleaner(
        tags=set(_TAGS.split()),
        clean_content_tags={"script", "style", "title", "template", "noscript"},
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes=set(_SCHEMES),
        link_rel=None,
        strip_comments=True,
    )


def clean(html: str) -> str:
    """Return `html` with harmless elements and links to http, https, mailto and tel, no images."""
    return str(_cleaner().clean(html))
