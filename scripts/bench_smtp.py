"""An SMTP client for measuring: many sessions at once, a connection a mail, its own process.

usage: bench_smtp.py PORT SESSIONS COUNT  (mails are read from standard input, NUL-separated)
Prints the seconds from the first connection to the last 250.
"""

from __future__ import annotations

import asyncio
import sys
import time


async def talk(port: int, mail: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def command(line: bytes, wanted: bytes) -> None:
        writer.write(line)
        while True:
            answer = await reader.readline()
            if not answer.startswith(wanted):
                raise SystemExit(f"unexpected answer {answer!r} to {line[:40]!r}")
            if answer[3:4] == b" ":
                return

    await command(b"", b"220")
    await command(b"EHLO bench.example\r\n", b"250")
    await command(b"MAIL FROM:<jane@customer.example>\r\n", b"250")
    await command(b"RCPT TO:<support@shop.example>\r\n", b"250")
    await command(b"DATA\r\n", b"354")
    await command(mail, b"250")
    writer.write(b"QUIT\r\n")
    await reader.read()
    writer.close()


async def run(port: int, sessions: int, mails: list[bytes]) -> float:
    waiting = iter(mails)
    begun = time.perf_counter()

    async def session() -> None:
        for mail in waiting:
            await talk(port, mail)

    await asyncio.gather(*(session() for _ in range(sessions)))
    return time.perf_counter() - begun


def wire(mail: bytes) -> bytes:
    lines = b"\r\n".join(mail.splitlines()).replace(b"\r\n.", b"\r\n..")
    return lines + b"\r\n.\r\n"


if __name__ == "__main__":
    port, sessions, count = map(int, sys.argv[1:4])
    mails = [wire(each) for each in sys.stdin.buffer.read().split(b"\0")][:count]
    print(asyncio.run(run(port, sessions, mails)))
