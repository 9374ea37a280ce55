"""Outgoing mail into a Maildir."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from inboxd.delivery.maildir import MaildirTransport
from inboxd.delivery.transport import Outcome

SENDER = "support+token@shop.example"
JANE = "jane@customers.example"
JOHN = "john@customers.example"
MAIL = b"Message-ID: <1@shop.example>\r\nSubject: Hello\r\n\r\nHello Jane\r\n.\r\nbye\r\n"


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _outcomes(folder: Path, recipients: list[str], content: bytes = MAIL) -> list[Outcome]:
    return [r.outcome for r in MaildirTransport(folder).send(SENDER, recipients, content)]


def test_one_mail_is_one_file_with_its_envelope_on_top(tmp_path: Path) -> None:
    results = MaildirTransport(tmp_path / "sent").send(SENDER, [JANE, JOHN], MAIL)
    assert [(r.address, r.outcome) for r in results] == [
        (JANE, Outcome.SENT),
        (JOHN, Outcome.SENT),
    ]
    (file,) = _files(tmp_path)
    assert file.parent == tmp_path / "sent" / "new"
    assert file.name in results[0].reply
    assert file.read_bytes() == (
        b"Return-Path: <support+token@shop.example>\r\n"
        b"X-Envelope-To: <jane@customers.example>\r\n"
        b"X-Envelope-To: <john@customers.example>\r\n" + MAIL
    )


def test_the_null_sender_is_kept(tmp_path: Path) -> None:
    MaildirTransport(tmp_path).send("", [JANE], MAIL)
    assert _files(tmp_path)[0].read_bytes().startswith(b"Return-Path: <>\r\n")


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    _outcomes(tmp_path / "sent", [JANE])
    assert stat.S_IMODE(_files(tmp_path)[0].stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "sent" / "new").stat().st_mode) == 0o700


def test_the_same_mail_again_is_the_same_file(tmp_path: Path) -> None:
    for _ in range(3):
        assert _outcomes(tmp_path, [JANE]) == [Outcome.SENT]
    assert len(_files(tmp_path)) == 1


def test_the_same_mail_again_after_somebody_read_it_stays_read(tmp_path: Path) -> None:
    _outcomes(tmp_path, [JANE])
    (file,) = _files(tmp_path)
    read = file.rename(tmp_path / "cur" / f"{file.name}:2,S")
    assert _outcomes(tmp_path, [JANE]) == [Outcome.SENT]
    assert _files(tmp_path) == [read]


def test_other_content_or_another_envelope_is_another_file(tmp_path: Path) -> None:
    _outcomes(tmp_path, [JANE])
    _outcomes(tmp_path, [JOHN])
    _outcomes(tmp_path, [JANE], MAIL + b"more\r\n")
    assert len(_files(tmp_path)) == 3


def test_what_a_crash_left_half_written_is_replaced(tmp_path: Path) -> None:
    _outcomes(tmp_path, [JANE])
    (file,) = _files(tmp_path)
    whole = file.read_bytes()
    file.unlink()
    (tmp_path / "tmp" / file.name).write_bytes(whole[:20])
    assert _outcomes(tmp_path, [JANE]) == [Outcome.SENT]
    assert _files(tmp_path) == [file]
    assert file.read_bytes() == whole


def test_sent_means_that_the_file_and_its_name_are_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _outcomes(tmp_path, [JOHN])  # makes the folders, whose own syncing is not looked at here
    calls: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def noted_fsync(descriptor: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        calls.append(f"fsync {path.parent.name if path.is_file() else path.name}")
        fsync(descriptor)

    def noted_rename(self: Path, target: Path) -> Path:
        calls.append(f"rename {self.parent.name} {target.parent.name}")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "rename", noted_rename)
    assert _outcomes(tmp_path, [JANE]) == [Outcome.SENT]
    assert calls == ["fsync tmp", "rename tmp new", "fsync new"]


@pytest.mark.parametrize("failing", ["open", "fsync", "rename"])
def test_R13_a_failing_disk_defers_and_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    _outcomes(tmp_path, [JOHN])
    before = _files(tmp_path)

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Path if failing == "rename" else os, failing, full)
        results = MaildirTransport(tmp_path).send(SENDER, [JANE], MAIL)
    assert [r.outcome for r in results] == [Outcome.DEFERRED]
    assert "No space left on device" in results[0].reply
    assert _files(tmp_path) == before
    assert _outcomes(tmp_path, [JANE]) == [Outcome.SENT]
    assert len(_files(tmp_path)) == 2


def test_a_folder_that_cannot_be_made_defers(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert _outcomes(tmp_path / "file" / "sent", [JANE]) == [Outcome.DEFERRED]


@pytest.mark.parametrize("address", ["jane@x.example>\r\nBcc: <evil@x.example", "jane", ""])
def test_S6_an_address_cannot_add_a_header_field(tmp_path: Path, address: str) -> None:
    results = MaildirTransport(tmp_path).send(SENDER, [JANE, address], MAIL)
    assert [r.outcome for r in results] == [Outcome.SENT, Outcome.DEAD]
    assert b"evil" not in _files(tmp_path)[0].read_bytes()


def test_S6_neither_can_the_sender(tmp_path: Path) -> None:
    results = MaildirTransport(tmp_path).send("a@x.example>\nBcc: <b@x.example", [JANE], MAIL)
    assert [r.outcome for r in results] == [Outcome.DEAD]
    assert _files(tmp_path) == []
