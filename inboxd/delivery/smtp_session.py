"""A session with a relay: greeting, TLS, login, then one transaction a mail (RFC 5321)."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from inboxd.clock import Clock
from inboxd.delivery.envelope import wire_address
from inboxd.delivery.smtp_auth import log_in
from inboxd.delivery.smtp_options import SmtpOptions
from inboxd.delivery.smtp_transaction import Letter, Transaction
from inboxd.delivery.smtp_wire import Reply, Wire
from inboxd.delivery.transport import Outcome, RecipientResult, results_for, settle
from inboxd.errors import Permanent, Transient
from inboxd.failpoints import reach

QUIT_SECONDS = 5.0
_QUALIFIED_NAME = re.compile(r"[A-Za-z0-9_\-]+(\.[A-Za-z0-9_\-]+)+")


class Session:
    """A negotiated connection to the relay, for one mail after the other."""

    def __init__(self, wire: Wire, options: SmtpOptions) -> None:
        self._wire = wire
        self._options = options
        self._extensions: dict[str, str] = {}
        self._mechanism: str | None = None
        self.usable = True
        """Whether the connection may carry another mail."""

    @classmethod
    def connect(cls, options: SmtpOptions, clock: Clock) -> Session:
        """Connect, without a word said yet; raises Transient."""
        wire = Wire.connect(options.host, options.port, options.timeout, clock)
        return cls(wire, options)

    def negotiate(self, context: ssl.SSLContext | None) -> None:
        """Read the greeting, begin TLS by `context` (None: stay in the clear) and log in.

        Raises Permanent where somebody must change the configuration or the relay, Transient
        where waiting may help. No credential is sent before TLS stands as the options ask.
        """
        options = self._options
        if context is not None and options.tls == "implicit":
            self._wire.start_tls(context, options.host)
        reach("relay.connected")
        self._expect(220, self._wire.reply("the connection"), "the connection")
        self._greet()
        if context is not None and options.tls == "starttls":
            self._start_tls(context)
        if options.user is not None and options.password is not None:
            offered = self._extensions.get("AUTH", "")
            self._mechanism = log_in(
                self._wire, offered, options.user, options.password, options.peer
            )

    def _start_tls(self, context: ssl.SSLContext) -> None:
        if "STARTTLS" not in self._extensions:
            raise Permanent(
                f"{self._options.peer} offers no STARTTLS: nothing is sent in the clear"
            )
        self._expect(220, self._command("STARTTLS"), "STARTTLS")
        self._wire.start_tls(context, self._options.host)
        self._greet()  # RFC 3207 section 4.2: what was offered in the clear is forgotten

    def _greet(self) -> None:
        name = self._options.local_hostname or own_name(self._wire.local_address)
        reply = self._command(f"EHLO {name}")
        self._expect(250, reply, "EHLO")
        self._extensions = extensions(reply.lines[1:])

    def _command(self, command: str) -> Reply:
        self._wire.command(command)
        return self._wire.reply(command.partition(" ")[0])

    def _expect(self, code: int, reply: Reply, step: str) -> None:
        if reply.code != code:
            error = Permanent if reply.permanent else Transient
            raise error(f"{self._options.peer} refused {step}: {reply.text}")

    def describe(self) -> str:
        """Return what was negotiated, for an admin to read."""
        tls = self._wire.tls_version
        limit = self._extensions.get("SIZE", "").strip("0 ")
        facts = [
            f"{tls}, certificate verified" if tls else "in the clear",
            f"logged in as {self._options.user} ({self._mechanism})"
            if self._mechanism
            else "no login",
            f"takes mails of up to {limit} octets" if limit.isdigit() else "names no size limit",
        ]
        return f"{self._options.peer}: " + "; ".join(facts)

    @property
    def certificate_ends(self) -> datetime | None:
        """Until when the relay's certificate is valid (UTC), None in the clear."""
        return self._wire.certificate_ends

    def reset(self) -> bool:
        """Clear the relay's transaction state; False where the idle connection is of no use."""
        try:
            return self._command("RSET").positive
        except Transient:
            return False

    def transact(self, letter: Letter, recipients: Sequence[str]) -> list[RecipientResult]:
        """Send one mail to valid addresses and return a result for each.

        Raises Transient only while the relay cannot have taken the mail: before its final dot.
        """
        if "SMTPUTF8" in self._extensions:
            return self._run(letter, recipients)
        reason = f"{self._options.peer} offers no SMTPUTF8 (RFC 6531), without which it cannot take"
        if not wire_address(letter.sender).isascii():
            return results_for(recipients, Outcome.DEAD, f"{reason} the sender {letter.sender}")
        return settle(
            recipients,
            lambda address: None if wire_address(address).isascii() else f"{reason} this address",
            lambda rest: self._run(letter, rest),
        )

    def _run(self, letter: Letter, recipients: Sequence[str]) -> list[RecipientResult]:
        transaction = Transaction(
            self._wire,
            self._extensions,
            logged_in=self._mechanism is not None,
            final_timeout=self._options.waits_for_final_answer,
        )
        try:
            return transaction.run(letter, recipients)
        finally:
            self.usable = transaction.usable

    def quit(self) -> None:
        """Take leave politely but briefly, and close."""
        with suppress(Transient):
            self._wire.command("QUIT")
            self._wire.reply("QUIT", min(QUIT_SECONDS, self._options.timeout))
        self.close()

    def interrupt(self) -> None:
        """Break the connection under whoever waits on it; safe from any thread."""
        self._wire.interrupt()

    def close(self) -> None:
        """Close the connection as it is."""
        self._wire.close()


def extensions(lines: Sequence[str]) -> dict[str, str]:
    """Return the parameters of each extension that EHLO's `lines` offer, by its name in capitals.

    `AUTH=PLAIN`, an old draft's form that servers still send beside `AUTH PLAIN`, is merged in.
    """
    offered: dict[str, str] = {}
    for line in lines:
        keyword, _, parameters = line.strip().replace("=", " ", 1).partition(" ")
        name = keyword.upper()
        offered[name] = f"{offered.get(name, '')} {parameters}".strip()
    return offered


def own_name(address: str) -> str:
    """Return what EHLO says where no name is configured (RFC 5321 section 4.1.4).

    This machine's qualified name, without asking a resolver; else the literal of the IP `address`
    of our end of the connection.
    """
    name = socket.gethostname()
    if _QUALIFIED_NAME.fullmatch(name):
        return name
    return f"[IPv6:{address.partition('%')[0]}]" if ":" in address else f"[{address}]"
