"""HTML from outside: as text to read, and as HTML that is safe to show."""

from __future__ import annotations

from .html_clean import clean_html
from .html_marks import unmarked
from .html_text import marked_text

__all__ = ["clean_html", "html_to_text"]


def html_to_text(html: str) -> str:
    """Return the visible text of `html`, to be read by people; total and linear in its length.

    Links are followed by their target in angle brackets, quotes become `> `, hidden elements,
    scripts, styles, comments and images are left out. A document that shows nothing else gives
    what it hides, its images' alternative texts and its links.
    """
    return unmarked(marked_text(html))
