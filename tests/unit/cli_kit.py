"""A shop in a folder of its own, and the command line run on it in this process."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import structlog

from inboxd.cli.app import main

CONFIG = """\
data_dir: var
mailboxes:
  - {name: support, address: support@shop.example, display_name: Tea Shop, notify: [ben]}
  - {name: billing, address: billing@shop.example}
listen:
  smtp: {host: 127.0.0.1, port: 0}
send:
  maildir: sent
agents:
  - {name: ben, address: ben@shop.example, teams: [team]}
  - {name: anna, address: anna@shop.example, teams: [team], role: admin}
"""
RULES = """\
- name: Refunds
  when: conversation.opened
  if:
    subject: {contains: refund}
  then:
    - tag: refund
- name: Nudge
  when: pending
  for: 2 days
  then:
    - tag: nudged
"""
MAIL = """\
From: Jane Doe <jane@customer.example>
To: Tea Shop <support@shop.example>
Cc: joe@customer.example
Subject: Where is my refund?
Message-ID: <first@customer.example>
Date: Fri, 02 Jan 2026 10:00:00 +0100
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

Hello,

where is my refund for the gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n tea?

> On Monday you wrote:
> it is coming.
--b
Content-Type: text/csv
Content-Disposition: attachment; filename="../../order.csv"

a,b
--b--
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Stream(io.TextIOWrapper):
    """A standard stream that may pass for a terminal."""

    def __init__(self, content: bytes = b"", *, tty: bool = False) -> None:
        super().__init__(io.BytesIO(content), encoding="utf-8", write_through=True)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    @property
    def written(self) -> bytes:
        self.flush()
        return self.buffer.getvalue()  # type: ignore[attr-defined]


def run(*args: str | Path, stdin: bytes = b"", tty: bool = False) -> Ended:
    """Run `inboxd ARGS` in this process."""
    out, err = Stream(tty=tty), Stream(tty=tty)
    code = 0
    threshold = gc.get_threshold()
    with (
        mock.patch.object(sys, "argv", ["inboxd", *map(str, args)]),
        mock.patch.object(sys, "stdin", Stream(stdin)),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        finally:
            # What is right for a process of its own would keep a suite's files open.
            gc.set_threshold(*threshold)
            structlog.reset_defaults()
    raw = out.written
    return Ended(code, raw.decode(errors="replace"), err.written.decode(), raw)


@dataclass(frozen=True)
class Shop:
    """A shop's folder."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "inboxd.yaml"

    def run(self, *args: str | Path, stdin: bytes = b"", tty: bool = False) -> Ended:
        return run("--config", self.config, *args, stdin=stdin, tty=tty)

    def take(self, mail: str | bytes = MAIL, *args: str) -> None:
        """Ingest a mail and work it off."""
        raw = mail.encode() if isinstance(mail, str) else mail
        taken = self.run("ingest", "-", *args, stdin=raw)
        assert taken.code == 0, taken
        worked = self.run("work")
        assert worked.code == 0, worked

    def sent(self) -> list[bytes]:
        """The mails that were sent."""
        return [path.read_bytes() for path in sorted((self.folder / "sent" / "new").iterdir())]


def write_shop(folder: Path, config: str = CONFIG) -> Shop:
    """Write a shop into `folder`."""
    for name in ("rules", "canned"):
        (folder / name).mkdir()
    (folder / "rules" / "shop.yaml").write_text(RULES)
    (folder / "inboxd.yaml").write_text(config)
    return Shop(folder)
