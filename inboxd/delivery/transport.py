"""What the courier knows of a way out: hand over a mail, learn what became of each recipient."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

MAX_REPLY_CHARS = 500


class Outcome(StrEnum):
    """What became of a mail for one recipient."""

    SENT = "sent"
    DEFERRED = "deferred"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class RecipientResult:
    """The outcome for one recipient.

    `address` is the recipient as it was given to `Transport.send`; `reply` is the server's word
    (`250 2.0.0 Ok: queued`) or, where no server spoke, our own reason. It is one line of at most
    500 printable characters.
    """

    address: str
    outcome: Outcome
    reply: str


class Transport(Protocol):
    """A way out for mail. It belongs to one thread, `interrupt` apart."""

    def send(
        self, envelope_from: str, recipients: Sequence[str], content: bytes
    ) -> list[RecipientResult]:
        """Hand over one mail and return one result for each recipient, in their order.

        `envelope_from` may be empty (the null sender); `content` is a whole mail with CRLF line
        ends. Faults of networks, servers and disks are results (`DEFERRED`), never exceptions.
        """
        ...

    def close(self) -> None:
        """Let go of connections. The transport may be used again afterwards."""
        ...

    def close_idle(self) -> None:
        """Let go of connections that have been idle for too long."""
        ...

    def interrupt(self) -> None:
        """Have a `send` under way in another thread end now (`DEFERRED`), and refuse later ones."""
        ...


def one_line(text: str) -> str:
    """Return `text` as one line of printable characters, at most `MAX_REPLY_CHARS` long.

    Controls, format characters, separators and lone surrogates (Unicode categories C and Z)
    become single spaces, so that a server's word can be stored, logged and shown on a terminal.
    """
    printable = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return " ".join(printable.split())[:MAX_REPLY_CHARS]


def results_for(recipients: Sequence[str], outcome: Outcome, reply: str) -> list[RecipientResult]:
    """Return the same outcome for each of `recipients`; `reply` is cleaned."""
    word = one_line(reply)
    return [RecipientResult(address, outcome, word) for address in recipients]


def settle(
    recipients: Sequence[str],
    refusal: Callable[[str], str | None],
    deliver: Callable[[list[str]], list[RecipientResult]],
) -> list[RecipientResult]:
    """Return results in the order of `recipients`: some are refused here, `deliver` has the rest.

    `refusal` gives the reason why a recipient is `DEAD` before anything is sent, or None.
    """
    refused = {
        index: RecipientResult(address, Outcome.DEAD, one_line(reason))
        for index, address in enumerate(recipients)
        if (reason := refusal(address)) is not None
    }
    rest = [address for index, address in enumerate(recipients) if index not in refused]
    delivered = iter(deliver(rest) if rest else ())
    return [
        refused[index] if index in refused else next(delivered) for index in range(len(recipients))
    ]
