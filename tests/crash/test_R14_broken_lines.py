"""R14: the line to the relay is cut, stalled or garbled at every point of the dialogue.

A proxy of our own stands between the courier's transport and a relay. Whatever happens on the line,
a mail is never lost, never dead, and arrives a second time only where the relay may have had it:
after its final dot.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from loopback import HOST
from proxy import Proxy
from smtp_sink import SmtpSink

from inboxd.delivery.smtp_client import SmtpOptions, SmtpTransport
from inboxd.delivery.transport import Outcome, RecipientResult

JANE, KIM = "jane@a.example", "kim@b.example"
MAIL = b"From: support@shop.example\r\nSubject: Hello\r\n\r\n" + b".A line of words\r\n" * 20
PATIENT, IMPATIENT = 20.0, 0.4  # seconds that the client waits in these tests


@pytest.fixture(scope="module")
def relay() -> Iterator[SmtpSink]:
    sink = SmtpSink()
    yield sink
    sink.close()


@pytest.fixture
def line(relay: SmtpSink) -> Iterator[Proxy]:
    relay.clear()
    proxy = Proxy(relay.port)
    yield proxy
    proxy.close()


def send(line: Proxy, patience: float = PATIENT) -> list[RecipientResult]:
    """Send one mail over a connection of its own."""
    options = SmtpOptions(
        host=HOST, port=line.port, tls="none", timeout=patience, final_timeout=patience
    )
    way = SmtpTransport(options)
    try:
        return way.send("s@shop.example", [JANE, KIM], MAIL)
    finally:
        way.close()


def whole(line: Proxy) -> tuple[int, int]:
    """Return how many bytes each side sends where nothing goes wrong: relay, client."""
    assert all_sent(send(line))
    return line.downward, len(line.upward)


def all_sent(results: list[RecipientResult]) -> bool:
    return [result.outcome for result in results] == [Outcome.SENT] * 2


def arrives(
    line: Proxy, relay: SmtpSink, spoil: Callable[[], None], patience: float = PATIENT
) -> int:
    """Send a mail over a spoiled line until it is sent; returns how often the relay took it."""
    relay.clear()
    spoil()
    first = send(line, patience)
    taken = len(relay.received)
    line.mend()
    assert {result.outcome for result in first} < {*Outcome} - {Outcome.DEAD}
    if not all_sent(first):
        # It is sent again for good, and a second time only where nobody could have known.
        assert all("may have taken" in result.reply for result in first) or not taken
        assert all_sent(send(line)), "it goes on by itself"
    assert {mail.raw for mail in relay.received} == {MAIL}
    return len(relay.received)


def test_R14_cut_at_every_byte_that_the_relay_says(line: Proxy, relay: SmtpSink) -> None:
    total, _ = whole(line)
    goodbye = len(b"221 2.0.0 Bye\r\n") + 20
    twice = [
        place
        for place in range(total)
        if arrives(line, relay, lambda: line.cut_after(place)) > 1  # noqa: B023
    ]
    print(f"cut at each of {total} bytes of the relay's: {len(twice)} mails sent twice")
    answer = len(b"250 2.0.0 kept\r\n")
    assert len(twice) <= answer, "only while the answer to the final dot was on its way"
    assert min(twice) > total - goodbye - answer


def test_R14_cut_at_bytes_that_the_client_says(line: Proxy, relay: SmtpSink) -> None:
    """Every seventh byte, and each of the last ones."""
    _, total = whole(line)
    places = [*range(1, total - 20, 7), *range(total - 20, total)]
    twice = [
        place
        for place in places
        if arrives(line, relay, lambda: line.cut_upward_after(place)) > 1  # noqa: B023
    ]
    print(f"cut at {len(places)} bytes of the client's: {len(twice)} mails sent twice")
    assert len(twice) <= 1, "only where the final dot came through and its answer did not"


@pytest.mark.parametrize("part", ["relay", "client"])
def test_R14_stalled_at_points_of_the_dialogue(line: Proxy, relay: SmtpSink, part: str) -> None:
    """The connection stays open, and nothing comes through any more."""
    down, up = whole(line)
    total, stall = (down, line.stall_after) if part == "relay" else (up, line.stall_upward_after)
    places = range(1, total, max(1, total // 12))
    taken = [
        arrives(line, relay, lambda: stall(place), IMPATIENT)  # noqa: B023
        for place in places
    ]
    print(f"stalled at {len(places)} points of the {part}'s: the relay took the mail {taken} times")


# What the client said last when the garbled answer comes; nothing yet: the greeting.
COMMANDS = (b"", b"EHLO", b"MAIL", b"RCPT", b"DATA", b".", b"QUIT")
GARBAGE: dict[str, Callable[[random.Random, bytes], bytes]] = {
    "other bytes": lambda chance, data: chance.randbytes(len(data)),
    "bytes inserted": lambda chance, data: _inserted(chance, data, chance.randbytes(8)),
    "bytes left out": lambda chance, data: data[: chance.randrange(len(data))],
    "a code that is none": lambda chance, data: b"999" + data[3:],
    "codes that differ": lambda chance, data: b"250-one\r\n354 two\r\n",
    "NULs": lambda chance, data: b"\0" * 300 + data,
    "an endless line": lambda chance, data: b"250 " + b"x" * 100_000 + b"\r\n",
    "endless lines": lambda chance, data: b"250-x\r\n" * 5_000,
    "bare line ends": lambda chance, data: data.replace(b"\r\n", b"\n\n"),
    "answers twice": lambda chance, data: data * 2,
    "letters that are none": lambda chance, data: bytes(each | 0x80 for each in data),
}


def _inserted(chance: random.Random, data: bytes, what: bytes) -> bytes:
    place = chance.randrange(3)  # within the code, where it matters
    return data[:place] + what + data[place:]


@pytest.mark.parametrize("kind", GARBAGE)
def test_R14_garbled_at_every_answer(line: Proxy, relay: SmtpSink, kind: str) -> None:
    """Nonsense instead of the greeting, of the answer to EHLO, and so on, up to QUIT."""
    chance = random.Random(kind)
    taken = []
    for command in COMMANDS:

        def spoil(data: bytes, command: bytes = command) -> bytes:
            heard = bytes(line.upward[begun:])  # noqa: B023
            last = heard.rstrip(b"\r\n").rpartition(b"\r\n")[2]
            return GARBAGE[kind](chance, data) if last.startswith(command) else data

        begun = len(line.upward)
        if not command:

            def spoil(data: bytes) -> bytes:
                heard = bytes(line.upward[begun:])  # noqa: B023
                return data if heard else GARBAGE[kind](chance, data)

        taken.append(arrives(line, relay, lambda: line.rewrite(spoil), IMPATIENT))
    print(f"{kind}: the relay took the mail {taken} times")
    assert max(taken) <= 2
    assert [taken[i] for i, command in enumerate(COMMANDS) if command != b"."] == [1] * 6
