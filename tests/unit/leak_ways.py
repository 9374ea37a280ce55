"""Further ways in which answers quote our notification, and what becomes of its marker."""

from __future__ import annotations

import html as html_module
import re
from collections.abc import Callable

from leak_kit import (
    APPLE,
    GMAIL,
    Bodies,
    Client,
    Quote,
    divs,
    gmail_html,
    header_block,
    html_block,
    line_of,
    signed_lines,
)

# -- other ways to quote


def above_the_answer(words: str, quote: Quote, language: str) -> Bodies:
    """The quote first, the answer below it."""
    return Bodies(f"{line_of(APPLE, language)}\n{signed_lines(quote.text)}\n\n{words}\n")


def above_the_answer_html(words: str, quote: Quote, language: str) -> Bodies:
    line = html_module.escape(line_of(GMAIL, language))
    return Bodies(
        None,
        f'<div class="gmail_quote">{line}<br><blockquote class="gmail_quote">{quote.body}'
        f"</blockquote></div><div>{divs(words)}</div>",
    )


def interleaved(words: str, quote: Quote, language: str) -> Bodies:
    """The answer between the quoted lines, where the customer's question ends."""
    quoted = signed_lines(quote.text)
    asked = "> And is it organic?"
    body = quoted.replace(asked, f"{asked}\n\n{words}\n", 1) if asked in quoted else quoted + words
    return Bodies(f"{line_of(GMAIL, language)}\n{body}\n")


def indented(words: str, quote: Quote, language: str) -> Bodies:
    return Bodies(f"{words}\n\n{line_of(GMAIL, language)}\n{signed_lines(quote.text, '    ')}\n")


def barred(words: str, quote: Quote, language: str) -> Bodies:
    return Bodies(f"{words}\n\n{line_of(GMAIL, language)}\n{signed_lines(quote.text, '| ')}\n")


def unquoted(words: str, quote: Quote, language: str) -> Bodies:
    """Nothing but the notification below the words, as old phones and lists do."""
    return Bodies(f"{words}\n\n{quote.text}\n")


def unquoted_html(words: str, quote: Quote, language: str) -> Bodies:
    return Bodies(None, f"<html><body>{divs(words)}<br>{quote.body}</body></html>")


def text_without_quote(words: str, quote: Quote, language: str) -> Bodies:
    """The text part holds the words alone, the HTML the quote."""
    return Bodies(f"{words}\n", gmail_html(divs(words), line_of(GMAIL, language), quote.body))


def forwarded_inline(words: str, quote: Quote, language: str) -> Bodies:
    block = header_block(quote, language)
    text = f"{words}\n\n---------- Forwarded message ---------\n{block}\n\n{quote.text}\n"
    html = (
        f'<div dir="ltr">{divs(words)}<br><div class="gmail_quote"><div dir="ltr">'
        f"---------- Forwarded message ---------<br>{html_block(block)}</div><br>{quote.body}"
        "</div></div>"
    )
    return Bodies(text, html)


def original_attached(words: str, quote: Quote, language: str) -> Bodies:
    """Outlook set to attach what is answered."""
    return Bodies(f"{words}\n", attach=quote.sent.raw)


def signature_below(words: str, quote: Quote, language: str) -> Bodies:
    quoted = signed_lines(quote.text)
    return Bodies(f"{words}\n\n{line_of(APPLE, language)}\n{quoted}\n\n-- \nAnna Tan\nTea Shop\n")


def quoted_twice(words: str, quote: Quote, language: str) -> Bodies:
    """An answer to an answer: our mail quoted in a quote."""
    line = line_of(GMAIL, language)
    inner = f"Older words.\n\n{line}\n{signed_lines(quote.text)}"
    return Bodies(f"{words}\n\n{line}\n{signed_lines(inner)}\n")


WAYS: tuple[Client, ...] = (
    *(above_the_answer, above_the_answer_html, interleaved, indented, barred, unquoted),
    *(unquoted_html, text_without_quote, forwarded_inline, original_attached, signature_below),
    quoted_twice,
)


# -- what becomes of the marker


def as_it_is(quote: Quote) -> Quote:
    return quote


def _altered(quote: Quote, old: str, new: str) -> Quote:
    return Quote(
        quote.text.replace(old, new),
        quote.body.replace(old, html_module.escape(new).replace("\n", "<br>")),
        quote.subject,
        quote.sent,
    )


MARKER = "##- Reply above this line. Everything below stays here. -##"


def dropped(quote: Quote) -> Quote:
    """The client, or the agent, has taken the marker away."""
    body = re.sub(rf"<p[^>]*>{re.escape(MARKER)}</p>", "", quote.body)
    return Quote(quote.text.replace(MARKER + "\n", ""), body, quote.subject, quote.sent)


def dropped_with_state(quote: Quote) -> Quote:
    """The first lines are gone: the quote begins in the middle."""
    text = quote.text.split("\n", 3)[-1]
    body = re.sub(r"\A.*?(?=<p[^>]*><strong>Jane)", "", quote.body, flags=re.S)
    return Quote(text, body, quote.subject, quote.sent)


def broken(quote: Quote) -> Quote:
    return _altered(quote, MARKER, MARKER.replace("line. Everything", "line.\nEverything"))


def dashes(quote: Quote) -> Quote:
    new = (
        MARKER.replace("##-", "##\u2013\u00a0").replace("-##", "\u2014##").replace(". ", ".\u00a0")
    )
    return _altered(quote, MARKER, new)


def translated(quote: Quote) -> Quote:
    """A phone that translates what it shows, and quotes the translation of the marker."""
    words = "##- Antworten Sie über dieser Zeile. Alles darunter bleibt hier. -##"
    return _altered(quote, MARKER, words)


MARKERS: tuple[Callable[[Quote], Quote], ...] = (
    dropped,
    dropped_with_state,
    broken,
    dashes,
    translated,
)
