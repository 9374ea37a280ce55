"""What an IMAP source is told, and what it asks of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from inboxd.ingest.imap_cursor import Cursor, FetchedMail
from inboxd.ingest.imap_mirror_types import MirrorStore


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapOptions:
    """One folder on one IMAP server; durations in seconds, sizes in bytes.

    `after` says what becomes of a mail once it is in the journal: "keep", "seen" or "move:FOLDER".
    `key` is the source's stable name in the store, made from the other fields where empty.

    Raises `ValueError` for control characters, which would end an IMAP command.
    """

    host: str
    port: int
    tls: Literal["implicit", "starttls", "none"]
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    after: str = "seen"
    ca_file: Path | None = None
    poll_interval: float = 60
    idle_renew: float = 540
    timeout: float = 30
    max_size: int = 50_000_000
    key: str = ""

    def __post_init__(self) -> None:
        for name in ("host", "user", "password", "folder", "after"):
            if any(ord(char) < 32 or ord(char) == 127 for char in getattr(self, name)):
                raise ValueError(f"control character in the IMAP source's {name}")
        if self.after not in ("keep", "seen") and not self.move_to:
            raise ValueError("after is keep, seen or move:FOLDER")
        if not self.key:
            name = f"imap:{self.user}@{self.host}:{self.port}/{self.folder}"
            object.__setattr__(self, "key", name)

    @property
    def move_to(self) -> str:
        """The folder that mails are moved to, or an empty string."""
        return self.after.removeprefix("move:") if self.after.startswith("move:") else ""


class ImapStore(Protocol):
    """The database as an IMAP source sees it.

    Every method may raise `inboxd.errors.Transient` with the reason: the source connects again
    later and goes on from the stored cursor.
    """

    def cursor(self, source: str) -> Cursor | None:
        """Return where reading goes on, or None where the folder was never read."""
        ...

    def append(
        self,
        source: str,
        mails: Sequence[FetchedMail],
        cursor: Cursor,
        first_visit: bool,
        mark: bool,
    ) -> None:
        """Journal `mails`, and store the cursor, in one transaction; durable on return.

        Bytes that are known already are no new mail: after a change of UIDVALIDITY, and after a
        cut between two mails, the same ones come again. `mails` may be empty. `first_visit` says
        that the folder is read for the first time: its mails were there before inboxd. With `mark`
        the UIDs are remembered, in the same transaction, as still to be marked on the server.
        """
        ...

    def pending_marks(self, source: str, uidvalidity: int) -> list[int]:
        """Return the UIDs that have still to be marked under `uidvalidity`."""
        ...

    def marked(self, source: str, uidvalidity: int, uids: Sequence[int]) -> None:
        """Forget pending marks that are done."""
        ...

    def report(self, source: str, problem: str | None) -> None:
        """Note what is wrong with the source in words for an admin; None: it works.

        Called at every change, and again at each failed attempt while a trouble lasts.
        """
        ...

    def mirror(self, source: str) -> MirrorStore | None:
        """Return what keeps the states that the folder shows, None where it shows none."""
        ...
