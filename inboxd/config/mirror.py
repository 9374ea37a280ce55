"""How an IMAP folder shows its conversations' states: the setting `mirror` of an IMAP source."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

_ATOM = re.compile(r"[^\x00-\x20\x7f-\U0010ffff(){%*\"\\\]]{1,64}")  # RFC 3501 section 9
_SHORT = ("keywords", "folders")


def _check_folder(value: str) -> str:
    if not value.strip() or any(ord(char) < 32 or ord(char) == 127 for char in value):
        raise ValueError("a folder's name is not empty and has no control characters")
    return "INBOX" if value.upper() == "INBOX" else value  # RFC 3501 section 5.1


def _check_keyword(value: str) -> str:
    if not _ATOM.fullmatch(value):
        raise ValueError('a keyword has no spaces, no accents and none of ( ) { % * " \\ ]')
    return value


FolderName = Annotated[str, AfterValidator(_check_folder)]
Keyword = Annotated[str, AfterValidator(_check_keyword)]


class _Names(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="after")
    def _differ(self) -> Self:
        names = list(self.by_state().values())
        twice = sorted({name for name in names if _count(names, name) > 1})
        if twice:
            raise ValueError(f"two states are shown as {twice[0]}; each needs a name of its own")
        return self

    def by_state(self) -> dict[str, str]:
        """Return each state's name in the mail folder."""
        return {state: str(name) for state, name in self}


class FolderNames(_Names):
    """The folder in which each state's mails lie; it may be the source's own."""

    open: FolderName = "Open"
    pending: FolderName = "Pending"
    snoozed: FolderName = "Snoozed"
    closed: FolderName = "Closed"
    spam: FolderName = "Junk"


class KeywordNames(_Names):
    """The keyword (RFC 3501 section 2.3.2) that each state's mails bear."""

    open: Keyword = "$Open"
    pending: Keyword = "$Pending"
    snoozed: Keyword = "$Snoozed"
    closed: Keyword = "$Closed"
    spam: Keyword = "$Spam"


class Mirror(BaseModel):
    """Exactly one way to show states: by keywords, or by folders."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    keywords: KeywordNames | None = None
    folders: FolderNames | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, str):
            if value not in _SHORT:
                raise ValueError("mirror is 'keywords' or 'folders', or names them state by state")
            return {value: {}}
        if isinstance(value, dict):
            return {key: {} if key in _SHORT and v is None else v for key, v in value.items()}
        return value

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.keywords is None) == (self.folders is None):
            raise ValueError("mirror has exactly one of 'keywords' and 'folders'")
        return self


def _count(names: list[str], name: str) -> int:
    return sum(each.casefold() == name.casefold() for each in names)
