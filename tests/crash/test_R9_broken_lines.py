"""R9: the line to an IMAP server is cut, stalled or garbled at every point of the dialogue.

A proxy of our own stands between the source and a real Dovecot. Whatever comes over the line, the
source goes on by itself, and keeps each mail once, byte for byte, and nothing that is no mail.
"""

from __future__ import annotations

import itertools
import random
import re
import time
from collections.abc import Callable, Iterator

import pytest
from imap_memory import MemoryStore, contents, mails, options, running
from loopback import eventually
from proxy import Proxy
from servers import Dovecot

from inboxd.ingest.imap import ImapOptions

pytestmark = pytest.mark.servers

_numbers = itertools.count(1)
MAILS = mails(4, "kept", 300)
# What the client said last when the answer comes that is spoiled; nothing: the greeting.
COMMANDS = ("", "CAPABILITY", "LOGIN", "SELECT", "SEARCH", "RFC822.SIZE", "BODY.PEEK", "STORE",
            "IDLE", "NOOP")  # fmt: skip
Garble = Callable[[random.Random, bytes], bytes]


def _line(data: bytes, line: bytes) -> bytes:
    """Put a line of its own in front of an answer."""
    return line + b"\r\n" + data


def _number(data: bytes, pattern: bytes, change: Callable[[int], int]) -> bytes:
    """Change the numbers that a pattern's group finds."""

    def other(match: re.Match[bytes]) -> bytes:
        whole, number = match[0], match[1]
        return whole.replace(number, b"%d" % change(int(number)))

    return re.sub(pattern, other, data)


GARBAGE: dict[str, Garble] = {
    "other bytes": lambda chance, data: chance.randbytes(len(data)) + b"\r\n",
    "a line of other bytes": lambda chance, data: _line(
        data, chance.randbytes(60).translate(None, b"\r\n{")
    ),
    "NULs": lambda chance, data: b"\0" * 100 + data,
    "a huge line": lambda chance, data: _line(data, b"* " + b"x" * 1_000_000),
    "an open quote": lambda chance, data: _line(data, b'* 1 FETCH (FLAGS ("'),
    "an open bracket": lambda chance, data: _line(data, b"* 2 FETCH (UID 2 BODY[] ((("),
    "no end": lambda chance, data: data[: len(data) // 2],
    "a literal without end": lambda chance, data: b"* 1 FETCH (UID 1 BODY[] {9000000}\r\n" + data,
    "literals too long": lambda chance, data: _number(data, rb"\{(\d+)\}", lambda n: n + 7),
    "literals too short": lambda chance, data: _number(data, rb"\{(\d+)\}", lambda n: n - 7),
    "literals of nothing": lambda chance, data: _number(data, rb"\{(\d+)\}", lambda n: 0),
    "wrong UIDs": lambda chance, data: _number(data, rb"UID (\d+)", lambda n: n + 7000),
    "swapped UIDs": lambda chance, data: _number(data, rb"UID (\d+)", lambda n: 5 - n),
    "one UID for all": lambda chance, data: _number(data, rb"UID (\d+)", lambda n: 3),
    "huge numbers": lambda chance, data: _number(data, rb"(?:UID|SIZE) (\d+)", lambda n: 10**30),
    "other sizes": lambda chance, data: _number(data, rb"SIZE (\d+)", lambda n: n + 7),
    "refusals": lambda chance, data: re.sub(rb"(?m)^([A-Z]+\d+) OK", rb"\1 NO", data),
    "a farewell": lambda chance, data: b"* BYE good night\r\n",
}


class Spoiler:
    """Spoils the first answer to one command."""

    def __init__(self, line: Proxy, command: str, garble: Garble) -> None:
        self._line, self._command, self._garble = line, command.encode(), garble
        self._chance = random.Random(command)
        self._begun = len(line.upward)
        self.done = False

    def __call__(self, data: bytes) -> bytes:
        heard = bytes(self._line.upward[self._begun :]).rstrip(b"\r\n")
        last = heard.rpartition(b"\r\n")[2]
        if self.done or self._command not in last or (not self._command and last):
            return data
        self.done = True
        return self._garble(self._chance, data)


@pytest.fixture
def line(dovecot: Dovecot) -> Iterator[Proxy]:
    proxy = Proxy(dovecot.imap_port)
    yield proxy
    proxy.close()


@pytest.fixture
def user(dovecot: Dovecot) -> str:
    name = f"line{next(_numbers)}@shop.example"
    dovecot.add_users(name)
    return name


@pytest.mark.parametrize("kind", GARBAGE)
def test_R9_garbled_at_every_answer(dovecot: Dovecot, user: str, line: Proxy, kind: str) -> None:
    dovecot.append(user, MAILS)
    settings = options(user, line.port, after="seen", timeout=0.5, poll_interval=0.2, idle_renew=1)
    spoilt = []
    for command in COMMANDS:
        store = MemoryStore()
        spoiler = Spoiler(line, command, GARBAGE[kind])
        line.rewrite(spoiler)
        with running(settings, store) as source:

            def is_done() -> bool:
                source.wake()
                time.sleep(0.01)
                place = store.place  # noqa: B023
                return place is not None and place.last_uid == 4 and spoiler.done  # noqa: B023

            eventually(is_done, 20, f"{kind} in answer to {command}: {store}")
            eventually(lambda: not store.pending)  # noqa: B023
        assert contents(store) == set(MAILS), f"{kind} in answer to {command}"
        spoilt.append(command)
    print(f"{kind}: {len(spoilt)} answers spoilt, each mail kept once")


@pytest.mark.parametrize("part", ["server", "client"])
@pytest.mark.parametrize("how", ["cut", "stalled"])
def test_R9_cut_and_stalled_at_points_of_the_dialogue(
    dovecot: Dovecot, user: str, line: Proxy, part: str, how: str
) -> None:
    """From the greeting to the mark of the last mail, in both directions."""
    dovecot.append(user, MAILS)
    settings = options(user, line.port, after="seen", timeout=0.4, poll_interval=0.2, idle_renew=1)
    spoil = {
        ("server", "cut"): line.cut_after,
        ("client", "cut"): line.cut_upward_after,
        ("server", "stalled"): line.stall_after,
        ("client", "stalled"): line.stall_upward_after,
    }[part, how]
    _read_all(settings, MemoryStore(), lambda: None)
    total = line.downward if part == "server" else len(line.upward)
    places = range(1, total, max(1, total // (30 if how == "cut" else 10)))
    for place in places:
        store = MemoryStore()
        spoil(place)
        _read_all(settings, store, line.flow)
        line.mend()
        assert contents(store) == set(MAILS), f"{how} after {place} bytes"
        assert store.repeats == 0
    print(f"{how} at {len(places)} of {total} bytes of the {part}'s: 0 lost, 0 fetched twice")


def _read_all(settings: ImapOptions, store: MemoryStore, flow: Callable[[], None]) -> None:
    """Let a source read the folder; the line flows again once the source has noticed."""
    with running(settings, store) as source:

        def is_done() -> bool:
            source.wake()
            time.sleep(0.01)
            if store.health not in (None, "never reported"):
                flow()
            return store.place is not None and store.place.last_uid == len(MAILS)

        eventually(is_done, 20, str(store))
        eventually(lambda: is_done() and not store.pending, 10, f"{store.pending} {store.reports}")
