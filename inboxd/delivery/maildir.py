"""Outgoing mail into a Maildir: nothing leaves the machine, and everything can be looked at."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from inboxd.delivery.envelope import address_fault, with_crlf
from inboxd.delivery.transport import Outcome, RecipientResult, results_for, settle
from inboxd.failpoints import reach
from inboxd.private_files import make_private_folder, open_private, sync_folder


class MaildirTransport:
    """Writes each mail durably into one file, with its envelope in two header fields on top.

    The file's name is made of the envelope and the content (`Message-ID` included), so that the
    same mail sent again, after a crash or by a retry, still is one file: also where somebody has
    read it meanwhile and his mail client has moved it from `new` to `cur`.
    """

    def __init__(self, folder: Path) -> None:
        """Name the Maildir; it is made, readable by its owner only, when the first mail comes."""
        self._folder = folder

    def send(
        self, envelope_from: str, recipients: Sequence[str], content: bytes
    ) -> list[RecipientResult]:
        """Write one mail; see `Transport.send`. A full or forbidden disk defers."""
        if envelope_from and (fault := address_fault(envelope_from)):
            return results_for(recipients, Outcome.DEAD, f"the envelope sender is {fault}")
        return settle(
            recipients, address_fault, lambda valid: self._store(envelope_from, valid, content)
        )

    def close(self) -> None:
        """Do nothing: no file stays open between mails."""

    def close_idle(self) -> None:
        """Do nothing, see `close`."""

    def interrupt(self) -> None:
        """Do nothing: writing a file does not take long."""

    def _store(
        self, sender: str, recipients: Sequence[str], content: bytes
    ) -> list[RecipientResult]:
        pieces = (b"".join(_envelope_fields(sender, recipients)), with_crlf(content))
        name = f"{_digest(pieces)[:40]}.inboxd"
        try:
            for subfolder in ("tmp", "new", "cur"):
                _make_durably(self._folder / subfolder)
            if not self._is_there(name):
                self._write(name, pieces)
            sync_folder(self._folder / "new")  # found or new: SENT means that it is on disk
            reach("maildir.synced")
        except OSError as exc:
            reason = f"{self._folder}: {exc.strerror or exc}"
            return results_for(recipients, Outcome.DEFERRED, reason)
        return results_for(recipients, Outcome.SENT, f"written to {self._folder} as {name}")

    def _is_there(self, name: str) -> bool:
        if (self._folder / "new" / name).exists():
            return True
        # A mail client adds its flags behind a colon: name:2,S
        with os.scandir(self._folder / "cur") as entries:
            return any(entry.name.partition(":")[0] == name for entry in entries)

    def _write(self, name: str, pieces: Sequence[bytes]) -> None:
        """Make the file appear in `new` whole, its content on disk, or not at all."""
        draft = self._folder / "tmp" / name
        draft.unlink(missing_ok=True)  # what a crash has left half written
        try:
            descriptor = open_private(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            with open(descriptor, "wb") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(descriptor)
            reach("maildir.written")
            draft.rename(self._folder / "new" / name)
            reach("maildir.renamed")
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise


def _digest(pieces: Sequence[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:  # not joined: a mail may be large
        digest.update(piece)
    return digest.hexdigest()


def _envelope_fields(sender: str, recipients: Sequence[str]) -> Iterator[bytes]:
    yield f"Return-Path: <{sender}>\r\n".encode()
    for recipient in recipients:
        yield f"X-Envelope-To: <{recipient}>\r\n".encode()


def _make_durably(folder: Path) -> None:
    if folder.is_dir():
        return
    if not folder.parent.is_dir():
        _make_durably(folder.parent)
    make_private_folder(folder)
    sync_folder(folder.parent)
