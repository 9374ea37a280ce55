"""A daemon that meets every kind of trouble with mails full of canaries; run by its test.

Usage: canaries.py FOLDER FORMAT. What it logs goes to standard error; which canaries were let out,
and which log events must have come up, to the file `canaries.json` in FOLDER.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import socket
import sys
import textwrap
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "integration"), str(ROOT / "unit")]

from intake import Dialogue  # noqa: E402
from loopback import HOST, eventually  # noqa: E402

from inboxd import pipeline, timers  # noqa: E402
from inboxd.clock import SystemClock  # noqa: E402
from inboxd.config import load_config  # noqa: E402
from inboxd.daemon import Daemon  # noqa: E402
from inboxd.desk.addresses import AddressBook  # noqa: E402
from inboxd.logs import log_lines  # noqa: E402

CANARIES: dict[str, str] = {}


def canary(what: str) -> str:
    """Return a word that stands nowhere else."""
    return CANARIES.setdefault(what, f"canary{len(CANARIES):02d}{os.urandom(5).hex()}")


CONFIG = """\
data_dir: var
secret_key: "{key} {key}"
old_secret_keys: ["{oldkey} {oldkey}"]
mailboxes:
  - {{name: support, address: support@shop.example, notify: [anna], send_delay: 0 s}}
  - name: fetched
    address: fetched@shop.example
    sources:
      - imap: {{host: 127.0.0.1, port: {refusing}, tls: none, user: u1, password: {imappw}}}
      - imap: {{host: 127.0.0.1, port: {garbling}, tls: none, user: u2, password: {imappw}}}
listen: {{smtp: {{port: 0, auth: {{user: {user}, password: {password}}}, limits: {{size: 9 kB}}}}}}
send: {{smtp: {{host: 127.0.0.1, port: {relay}, tls: none, user: r, password: {relaypw}}}}}
agents:
  - {{name: anna, address: {agent}@shop.example, display_name: "{agentname}", role: admin}}
"""
RULES = """\
- name: Acknowledge
  when: conversation.opened
  then: [{reply: {canned: received}}, {set: {fields.who: "{{ contact.name }}"}}]
"""


def serve(talk: Callable[[socket.socket], None]) -> int:
    """Take connections in a thread, each of them by `talk`; returns the port."""
    server = socket.create_server((HOST, 0))

    def loop() -> None:
        while True:
            sock, _ = server.accept()
            threading.Thread(target=_quietly, args=(talk, sock), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()
    return int(server.getsockname()[1])


def _quietly(talk: Callable[[socket.socket], None], sock: socket.socket) -> None:
    try:
        with sock:
            talk(sock)
    except OSError:
        pass


def refusing_imap(sock: socket.socket) -> None:
    sock.sendall(b"* OK " + canary("imap greeting").encode() + b"\r\n")
    for line in sock.makefile("rb"):
        tag, _, command = line.partition(b" ")
        if command.upper().startswith(b"CAPABILITY"):
            sock.sendall(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
        else:
            sock.sendall(tag + b" NO " + canary("imap refusal").encode() + b" " + command)


def garbling_imap(sock: socket.socket) -> None:
    word = canary("imap garbage").encode()
    sock.sendall(b"* OK hello\r\n")
    for line in sock.makefile("rb"):
        tag, _, command = line.partition(b" ")
        if command.upper().startswith(b"CAPABILITY"):
            sock.sendall(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
        elif command.upper().startswith(b"LOGIN"):
            sock.sendall(tag + b" OK logged in\r\n")
        else:
            sock.sendall(b"* 1 FETCH (" + word + b"\r\n* BAD {" + word + b"}\r\n" + word + b"\r\n")


def refusing_relay(sock: socket.socket) -> None:
    word = canary("relay's word").encode()
    sock.sendall(b"220 relay\r\n")
    for line in sock.makefile("rb"):
        verb = line[:4].upper()
        if verb == b"EHLO":
            sock.sendall(b"250-relay\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE\r\n")
        elif verb == b"AUTH":
            sock.sendall(b"235 fine\r\n")
        elif verb == b"RCPT":
            sock.sendall(b"550 5.1.1 " + line.strip() + b" " + word + b"\r\n")
        elif verb == b"DATA":
            sock.sendall(b"451 " + word + b"\r\n")
        else:
            sock.sendall(b"250 " + word + b"\r\n")


def mail(subject: str, extra: str = "", sender: str = "") -> bytes:
    who = sender or f'"{canary("name")}" <{canary("address")}@customer.example>'
    return textwrap.dedent(f"""\
        From: {who}
        To: {canary("to name")} <support@shop.example>
        Cc: {canary("cc")}@customer.example
        Subject: {subject} {canary("subject")}
        Message-ID: <{canary("message id")}{len(CANARIES)}{time.time_ns()}@customer.example>
        X-{canary("header name")}: {canary("header value")}
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary=b

        --b
        Content-Type: text/plain; charset={canary("charset")}

        {canary("body")}
        {extra}
        --b
        Content-Type: text/html

        <p>{canary("html")}</p>
        --b
        Content-Type: application/pdf; name="{canary("file name")}.pdf"
        Content-Disposition: attachment; filename="{canary("file name")}.pdf"

        {canary("file")}
        --b--
        """).encode()  # fmt: skip


def login(line: Dialogue, password: str) -> str:
    plain = base64.b64encode(f"\0{canary('login')}\0{password}".encode()).decode()
    CANARIES["encoded login"] = plain
    return line.ask(f"AUTH PLAIN {plain}")


def once(fail: type[BaseException], plain: Callable[..., Any]) -> Callable[..., Any]:
    """Return `plain` with a first call that raises an exception full of words."""
    left = [1]

    def call(*args: Any, **options: Any) -> Any:
        if left:
            left.pop()
            raise fail(canary("exception"))
        return plain(*args, **options)

    return call


class Fatal(BaseException):
    """Ends a thread."""


def sessions(port: int) -> None:
    """Talk to the listener in every wrong way, and in the right one."""
    with Dialogue(port) as line:
        line.greet()
        assert login(line, canary("wrong password")).startswith("535")
        assert line.ask(f"MAIL FROM:<{canary('sender')}@c.example>").startswith("530")
    with Dialogue(port) as line:
        line.greet()
        assert login(line, CANARIES["password"]).startswith("235")
        line.ask(f"FOO {canary('command')}")
        line.ask(f"MAIL FROM:<{canary('sender')}@c.example>")
        assert line.ask(f"RCPT TO:<{canary('unknown')}@shop.example>").startswith("550")
        line.ask(f"MAIL FROM:<{canary('bad sender')}@@c.example> X={canary('parameter')}")
        line.ask("RSET")
        send(line, mail("first"))
        assert send(line, mail("large", canary("large body") * 900)).startswith("552")
        send(line, mail("poison"))
        send(line, mail("agent", f"#{canary('tag')}", f"{CANARIES['agent']}@shop.example"))
        line.ask("RSET")
        line.ask("MAIL FROM:<x@c.example>")
        line.ask("RCPT TO:<support@shop.example>")  # meets a fault of ours


def send(line: Dialogue, raw: bytes) -> str:
    line.ask("RSET")
    to = f"support+{canary('token')}@shop.example"
    return line.send(raw, [to], sender=f"{canary('sender')}@c.example")


def faults(daemon: Daemon) -> None:
    """Let everything of ours, and of the libraries, raise exceptions full of words."""
    read = pipeline.read

    def poisoned(shop: Any, entry: Any) -> Any:
        if b"poison" in entry.raw:
            raise ValueError(entry.raw.decode(errors="replace"))
        return read(shop, entry)

    pipeline.read = poisoned
    daemon._writer._append = once(Fatal, daemon._writer._append)  # type: ignore[method-assign]
    daemon._transport.send = once(ValueError, daemon._transport.send)  # type: ignore[method-assign]
    daemon.courier._work = once(KeyError, daemon.courier._work)
    timers.fire_due = once(RuntimeError, timers.fire_due)


def say_all(daemon: Daemon) -> None:
    """Have libraries speak."""
    word = canary("library's words")
    logging.getLogger("imapclient.imaplib").error("login failed: %s", word)
    logging.getLogger("mail.log").error(f"session exception {word}")
    try:
        raise UnicodeDecodeError("utf-8", word.encode(), 0, 1, word)
    except UnicodeDecodeError:
        logging.getLogger("apscheduler.executors.default").exception("Job %s raised", word)
    warnings.warn(word, stacklevel=1)

    def fail() -> None:
        raise ValueError(canary("callback"))

    loop = daemon.listeners[0]._loop
    assert loop is not None
    loop.call_soon_threadsafe(fail)
    threading.Thread(target=fail).start()


def main() -> None:
    folder = Path(sys.argv[1])
    for name in ("rules", "canned"):
        (folder / name).mkdir()
    (folder / "rules" / "1.yaml").write_text(RULES)
    (folder / "canned" / "received.md").write_text("---\ntitle: x\n---\nHello {{ contact.name }}\n")
    names = ("key", "oldkey", "imappw", "user", "password", "relaypw", "agent", "agentname")
    values: dict[str, Any] = {name: canary(name) for name in names}
    CANARIES["login"] = values["user"]
    ports = {
        "refusing": serve(refusing_imap),
        "garbling": serve(garbling_imap),
        "relay": serve(refusing_relay),
    }
    path = folder / "inboxd.yaml"
    path.write_text(CONFIG.format(**values, **ports))
    warnings.simplefilter("always")
    log_lines(sys.argv[2])
    daemon = Daemon(load_config(path, {}), SystemClock())
    faults(daemon)
    daemon.start()
    say_all(daemon)
    port = daemon.listeners[0].port
    eventually(lambda: not daemon._writer._queue.qsize(), 10)
    try:
        with Dialogue(port) as line:  # the writer dies of this one, and is started again
            line.greet()
            login(line, CANARIES["password"])
            assert send(line, mail("first")).startswith("451")
        eventually(lambda: daemon._writer.alive, 10)
        address_book = AddressBook.mailbox_for
        sessions_with_a_fault(port, address_book)
        eventually(lambda: counts(daemon).get("quarantined", 0) >= 0, 5)
        settle(daemon)
        path.write_text(
            path.read_text().replace("relaypw", "x") + f"admins: [{canary('fault')} @]\n"
        )
        daemon.reload()
    finally:
        daemon.stop()
    (folder / "canaries.json").write_text(json.dumps(CANARIES))


def sessions_with_a_fault(port: int, plain: Callable[..., Any]) -> None:
    sessions(port)

    def fail_in_the_listener(*args: Any) -> Any:
        if threading.current_thread().name == "listener":
            raise RuntimeError(canary("exception"), args)
        return plain(*args)

    AddressBook.mailbox_for = fail_in_the_listener  # type: ignore[method-assign]
    with Dialogue(port) as line:
        line.greet()
        login(line, CANARIES["password"])
        line.ask(f"MAIL FROM:<{canary('sender')}@c.example>")
        assert line.ask("RCPT TO:<support@shop.example>").startswith("451")
    AddressBook.mailbox_for = plain  # type: ignore[method-assign]


def counts(daemon: Daemon) -> dict[str, int]:
    from inboxd.store import journal

    with daemon.database.read() as connection:
        return journal.counts(connection)


def settle(daemon: Daemon) -> None:
    """Wait until all mails were tried, in and out."""
    from inboxd.store import outbox

    def done() -> bool:
        with daemon.database.read() as connection:
            sent = outbox.counts(connection)
        return sent.get("queued", 0) + sent.get("sending", 0) == 0 and bool(sent)

    eventually(lambda: counts(daemon).get("applied", 0) >= 2, 20, "mails are processed")
    eventually(done, 30, "mails were tried")


if __name__ == "__main__":
    main()
