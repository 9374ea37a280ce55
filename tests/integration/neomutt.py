"""A real neomutt that answers the newest mail of a folder, driven through a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from pathlib import Path

from loopback import HOST
from programs import program

_RC = """\
set from="{address}" realname="{name}" use_from=yes hostname=agents.example
set folder="imap://{user}@{host}:{imap}/" spoolfile="imap://{user}@{host}:{imap}/INBOX"
set imap_user="{user}" imap_pass="secret"
set ssl_starttls=no ssl_force_tls=no
set smtp_url="smtp://{host}:{smtp}/"
set editor="{editor}" edit_headers=no autoedit=yes fast_reply=yes include=yes
set abort_nosubject=no abort_unmodified=no abort_noattach=no postpone=no recall=no
set record="" header_cache="" message_cachedir="" certificate_file="{home}/certificates"
set reply_to=yes honor_followup_to=no
set copy=no confirmappend=no delete=no move=no mail_check=1 sleep_time=0 wait_key=no
set quit=yes beep=no smtp_authenticators="" crypt_use_gpgme=no
set sort=date-received
push "<last-entry><reply>"
"""
_EDITOR = """\
#!/bin/sh
# Write the words above what neomutt quotes, as people do.
{{ cat {words}; echo; cat "$1"; }} > "$1.new" && mv "$1.new" "$1"
"""


def answer_newest(
    folder: Path, *, user: str, name: str, words: str, imap_port: int, smtp_port: int
) -> str:
    """Answer the newest mail in `user`'s INBOX with `words` above neomutt's own quote.

    Returns what was on the screen, for a failing test to show.
    """
    home = folder / f"mutt-{time.monotonic_ns()}"
    home.mkdir()
    (home / "words").write_text(words + "\n", encoding="utf-8")
    editor = home / "editor"
    editor.write_text(_EDITOR.format(words=home / "words"))
    editor.chmod(0o755)
    settings = {"address": user, "name": name, "user": user, "host": HOST, "home": home}
    settings |= {"imap": imap_port, "smtp": smtp_port, "editor": editor}
    (home / "rc").write_text(_RC.format(**settings))
    return _play(home)


def _play(home: Path) -> str:
    """Run neomutt: it opens the answer by itself; then press `y` (send) and `q` (quit)."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "HOME": str(home), "TERM": "vt100", "LANG": "C.UTF-8"}
    command = [program("neomutt"), "-n", "-F", str(home / "rc")]
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    screen = b""
    keys = b"y"
    output = select.poll()  # select stops at 1,024 open files
    output.register(ours, select.POLLIN)
    deadline = time.monotonic() + 40
    next_key = 0.0
    try:
        while process.poll() is None and time.monotonic() < deadline:
            if output.poll(200):
                try:
                    screen += os.read(ours, 65536)
                except OSError:
                    break
            # curses draws what has changed alone: this field is of the menu before sending.
            if b"Fcc:" in screen and time.monotonic() > next_key:
                os.write(ours, keys)
                keys, next_key = b"q", time.monotonic() + 1
        return screen.decode("utf-8", "replace")
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        os.close(ours)
