"""The Maildir of outgoing mail, as other programs read it."""

from __future__ import annotations

import mailbox
import os
from pathlib import Path

import pytest
from servers import Dovecot

from inboxd.delivery.maildir import MaildirTransport
from inboxd.delivery.transport import Outcome

SENDER = "support+token@shop.example"
RECIPIENTS = ["jane@customers.example", "jürgen@bücher.example"]


def _mail(number: int) -> bytes:
    return (
        f"From: support@shop.example\r\nSubject: mail {number}\r\n"
        f"Message-ID: <{number}@shop.example>\r\n\r\nFrom here\r\n.\r\nbye\r\n"
    ).encode()


def test_pythons_mailbox_reads_it(tmp_path: Path) -> None:
    transport = MaildirTransport(tmp_path / "sent")
    for number in (1, 2, 2):
        transport.send(SENDER, RECIPIENTS, _mail(number))
    box = mailbox.Maildir(str(tmp_path / "sent"), create=False)
    mails = {mail["Subject"]: mail for mail in box}
    assert sorted(mails) == ["mail 1", "mail 2"]
    assert len(box) == 2
    assert mails["mail 1"]["Return-Path"] == f"<{SENDER}>"
    assert len(mails["mail 1"].get_all("X-Envelope-To")) == 2
    assert mails["mail 1"].get_payload() == "From here\n.\nbye\n"  # as Python reads lines


@pytest.mark.servers
def test_dovecot_shows_it_and_a_resend_after_reading_adds_nothing(dovecot: Dovecot) -> None:
    user, name = "sales@shop.example", "Sent by inboxd"
    dovecot.create_folder(user, name)
    folder = dovecot._maildir(user, name)
    transport = MaildirTransport(folder)
    results = [transport.send(SENDER, RECIPIENTS, _mail(number)) for number in (1, 2)]
    assert all(r.outcome is Outcome.SENT for result in results for r in result)
    owner = folder.stat()
    for file in (folder / "new").iterdir():
        os.chown(file, owner.st_uid, owner.st_gid)  # the test runs as root, Dovecot does not
    shown = dovecot.wait_for(user, 2, folder=name)
    for number in (1, 2):
        assert sum(mail.endswith(_mail(number)) for mail in shown) == 1
    with dovecot.client(user) as reader:  # opening the folder to write moves the files to cur
        reader.select_folder(name)
        reader.add_flags(reader.search("ALL"), [b"\\Seen"])
    assert not list((folder / "new").iterdir())
    for number in (1, 2):
        assert transport.send(SENDER, RECIPIENTS, _mail(number)) == results[number - 1]
    assert len(dovecot.messages(user, name)) == 2
