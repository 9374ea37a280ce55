"""Where a mail's plain text goes on behind what its HTML marks as the writer's own words."""

from __future__ import annotations

import re
from typing import Final

# Names by which clients mark a signature or an attribution: a cheap look before HTML is rendered,
# which is done only where the plain text leaves the question open.
_SIGNATURE: Final = re.compile(
    r"signature|bloop_sign|_MailAutoSig|mb_sig|_rc_sig|__sig_p|Zm-_Id_-Sgn", re.IGNORECASE
)
_ATTRIBUTION: Final = re.compile(
    r"gmail_attr|moz-cite-prefix|reply-intro|messageReplySection|protonmail_quote|zmail_extra"
    r"|airmail_on|yahoo-quoted-begin",
    re.IGNORECASE,
)
_SIGNED: Final = re.compile(r"^-- ?$", re.MULTILINE)
_COLONS: Final = (":", "：")


def marks_more(html: str, text: str, reply_text: str) -> bool:
    """Tell whether `html` may mark what was left in `reply_text`, the new words found in `text`.

    That is a signature without the usual line above it, or an attribution in an unknown language.
    """
    if reply_text.rstrip().endswith(_COLONS) and _ATTRIBUTION.search(html):
        return True
    return _SIGNATURE.search(html) is not None and not _SIGNED.search(text)


def end_of_same(plain: str, words: str) -> int | None:
    """Return where in `plain` the `words` end with which it begins; None where it does not.

    Letters and digits alone are compared, for HTML and text are laid out differently. What follows
    begins on a line of its own and holds no `#tag`.
    """
    wanted = [char for char in words if char.isalnum()]
    at, found = 0, 0
    while found < len(wanted):
        if at == len(plain):
            return None
        if plain[at].isalnum():
            if plain[at] != wanted[found]:
                return None
            found += 1
        at += 1
    end = plain.find("\n", at)
    rest = plain[end:] if end >= 0 else ""
    if not wanted or not rest.strip() or any(map(str.isalnum, plain[at:end])):
        return None
    return None if any(line.lstrip().startswith("#") for line in rest.split("\n")) else end
