"""A mail of 25 MB goes through a real daemon, in and out again, in bounded memory."""

from __future__ import annotations

import os
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from intake import write_config
from loopback import HOST, eventually, free_port, listens
from runner import environment

from inboxd.mail.body_writing import base64_lines

SIZE = 25_000_000
MOST_TIMES = 4
SHOP = """\
data_dir: var
mailboxes:
  - {name: support, address: support@shop.example, notify: [anna]}
send: {maildir: sent}
agents:
  - {name: anna, address: anna@shop.example, role: admin}
"""


def with_a_file(size: int) -> bytes:
    """A mail of `size` bytes with one file that cannot be compressed away."""
    head = (
        b"From: Jane <jane@customers.example>\r\nTo: support@shop.example\r\nSubject: A scan\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        b"--b\r\n\r\nHere.\r\n"
        b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf"
        b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    lines = (size - len(head)) // 78  # of base64, each with 57 bytes in it
    return head + base64_lines(os.urandom(57 * lines)) + b"--b--\r\n"


@contextmanager
def serving(folder: Path, port: int) -> Iterator[int]:
    """Run `inboxd serve` and yield its process id."""
    config = write_config(folder, f"listen: {{smtp: {{port: {port}}}}}", SHOP)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "inboxd", "--config", str(config), "serve"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment(),
        )
    try:
        eventually(lambda: process.poll() is not None or listens(port), 60, "up")
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


def memory(pid: int, what: str) -> int:
    """Return the process's memory in bytes: VmRSS, or VmHWM for the most that it ever had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(each.split()[1]) * 1024 for each in lines if each.startswith(what))


def send(port: int, raw: bytes) -> None:
    with smtplib.SMTP(HOST, port) as smtp:
        smtp.sendmail("jane@customers.example", ["support@shop.example"], raw)


def test_pitfall_10_a_mail_of_25_MB_takes_at_most_four_times_its_size(tmp_path: Path) -> None:
    port, delivered = free_port(), tmp_path / "sent" / "new"
    with serving(tmp_path, port) as pid:
        send(port, with_a_file(10_000))
        eventually(lambda: len(list(delivered.glob("*"))) == 1, 30, "the first mail")
        before = memory(pid, "VmRSS")
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak counts from here: proc(5)
        raw = with_a_file(SIZE)
        send(port, raw)
        eventually(lambda: len(list(delivered.glob("*"))) == 2, 60, "the large mail")
        more = memory(pid, "VmHWM") - before
    largest = max(each.stat().st_size for each in delivered.glob("*"))
    print(f"{len(raw)} bytes in, {largest} bytes out, {more} bytes of memory more at the most")
    assert largest > SIZE * 0.9  # the agent got the file
    assert more <= MOST_TIMES * len(raw)
