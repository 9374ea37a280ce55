"""Which parts of a mail are its body, which are files, and which are reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from inboxd.mail.entity import Entity

_REPORTS = {
    "message/delivery-status",
    "message/global-delivery-status",
    "message/disposition-notification",
    "message/global-disposition-notification",
    "message/feedback-report",
    "text/rfc822-headers",
    "message/global-headers",
}
MESSAGES = {"message/rfc822", "message/global", "message/news"}
HTML_TYPES = {"text/html", "text/xhtml", "application/xhtml+xml"}
# Text that is read by programs, and is a file to people. Any other text is shown.
_DATA_TYPES = {
    *("text/calendar", "text/x-vcalendar", "text/vcard", "text/x-vcard", "text/directory"),
    *("text/css", "text/csv", "text/tab-separated-values", "text/rtf", "text/xml", "text/json"),
    *("text/javascript", "text/x-vnote", "text/x-amp-html", "text/watch-html"),
}
# Renderings for programs other than mail clients; the same words stand in the HTML beside them.
_OTHER_RENDERINGS = {"text/x-amp-html", "text/watch-html"}


@dataclass(slots=True)
class Piece:
    """A stretch of the body: the same words as plain text and as HTML, either may be missing.

    `plain` holds the plain renderings in their order, each as the parts that it consists of.
    """

    plain: list[list[Entity]] = field(default_factory=list)
    html: list[Entity] = field(default_factory=list)


@dataclass(slots=True)
class Layout:
    """The parts of a mail by what they are for, each list in the mail's order."""

    pieces: list[Piece] = field(default_factory=list)
    files: list[Entity] = field(default_factory=list)
    reports: list[Entity] = field(default_factory=list)


def lay_out(root: Entity) -> Layout:
    """Sort the entities of a mail.

    Where it has no body, the first text that it names but wants shown (RFC 2183 section 2.1) is
    the body, besides being a file.
    """
    layout = Layout()
    _place(root, layout)
    if not layout.pieces:
        shown = (e for e in layout.files if e.disposition.value == "inline" and _is_text(e.type))
        layout.pieces += [_piece(entity) for entity in islice(shown, 1)]
    return layout


def filename_parameter(entity: Entity) -> str:
    """Return the name that a part gives itself, or an empty string.

    Some senders mix up which parameter belongs to which field, or which quotes to use.
    """
    name = (
        entity.disposition.get("filename")
        or entity.content.get("name")
        or entity.content.get("filename")
        or (entity.disposition.get("name") if entity.disposition.value != "form-data" else "")
    )
    return name[1:-1] if len(name) > 2 and name[0] == name[-1] == "'" else name


def _is_text(kind: str) -> bool:
    return kind in HTML_TYPES or (kind.startswith("text/") and kind not in _DATA_TYPES)


def _piece(entity: Entity) -> Piece:
    return Piece([], [entity]) if entity.type in HTML_TYPES else Piece([[entity]], [])


def _place(entity: Entity, layout: Layout) -> None:
    kind = entity.type
    if entity.children:
        if entity.disposition.value == "attachment" and kind != "multipart/report":
            layout.files += _leaves(entity)
        elif kind == "multipart/alternative":
            _place_alternatives(entity, layout)
        elif kind == "multipart/related":
            _place_related(entity, layout)
        else:
            for child in entity.children:
                _place(child, layout)
    elif kind in _REPORTS:
        layout.reports.append(entity)
    elif kind in MESSAGES:
        if entity.within == "multipart/report":
            layout.reports.append(entity)
        layout.files.append(entity)
    elif _is_body(entity, layout):
        layout.pieces.append(_piece(entity))
    else:
        layout.files.append(entity)


def _leaves(entity: Entity) -> list[Entity]:
    if not entity.children:
        return [entity]
    return [leaf for child in entity.children for leaf in _leaves(child)]


def _is_body(entity: Entity, layout: Layout) -> bool:
    """Whether a leaf is shown as text: not what is named or marked as a file.

    A bare `name` on the Content-Type of the very first text is some mailers' habit, no file.
    """
    kind = entity.type
    if kind.startswith("multipart/"):
        # Nothing could be found in it: what stands there is text as far as it is anything.
        return not entity.too_deep and (entity.depth == 0 or not layout.pieces)
    if not _is_text(kind) or entity.disposition.value == "attachment":
        return False
    if entity.disposition.get("filename"):
        return False
    return not entity.content.get("name") or not layout.pieces


def _place_alternatives(entity: Entity, layout: Layout) -> None:
    """Take the plain and the richest HTML rendering for one piece (RFC 2046 section 5.1.4)."""
    piece = Piece()
    files: list[Entity] = []
    for child in entity.children:
        inner = Layout()
        _place(child, inner)
        html = [part for found in inner.pieces for part in found.html]
        plain = [part for found in inner.pieces for group in found.plain[:1] for part in group]
        piece.html = html or piece.html
        if plain:
            piece.plain.append(plain)
        files += inner.files
        layout.reports += inner.reports
    if piece.plain or piece.html:
        layout.pieces.append(piece)
    layout.files += [f for f in files if not (piece.html and f.type in _OTHER_RENDERINGS)]


def _place_related(entity: Entity, layout: Layout) -> None:
    """Take the root, and text that names itself in no way, as the body (RFC 2387)."""
    start = entity.content.get("start").strip("<> ")
    roots = [child for child in entity.children if start and child.content_id == start]
    roots += [child for child in entity.children if child.type.startswith(("text/", "multipart/"))]
    for child in entity.children:
        nameless = not child.content_id and not filename_parameter(child)
        if child in roots[:1] or (nameless and _is_text(child.type)):
            _place(child, layout)
        else:
            layout.files += _leaves(child)
