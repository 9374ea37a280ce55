"""One mail over an open session: MAIL, RCPT, DATA, and what the answers mean (RFC 5321)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inboxd.delivery.envelope import data_form, wire_address, with_crlf
from inboxd.delivery.smtp_wire import ConnectionFault, Reply, Wire
from inboxd.delivery.transport import Outcome, RecipientResult, one_line
from inboxd.errors import Transient
from inboxd.failpoints import reach

# RFC 2920 section 3.1 leaves it to the client not to fill the server's window: 50 recipients are
# at most 14 kB of commands.
PIPELINE_DEPTH = 50
PARTING_SECONDS = 1.0
# These say that the relay objects to the session, not to this mail or recipient: unknown or
# misplaced commands (500, 502, 503), no mail taken here (521), login or TLS wanted (530-538).
_ABOUT_THE_SESSION = frozenset({500, 502, 503, 521, 530, 534, 535, 538})


class ServiceClosing(Transient):
    """The relay answered 421 and closes the connection (RFC 5321 section 3.8)."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail in the form that goes over the wire.

    `sender` is a valid address or empty; `data` is dot-stuffed and has no final dot yet; `size`
    counts the octets of the mail itself (RFC 1870 section 5).
    """

    sender: str
    data: bytes
    size: int

    @classmethod
    def of(cls, sender: str, content: bytes) -> Letter:
        """Return the letter that carries `content`; raises ValueError where SMTP cannot."""
        return cls(sender, data_form(content), len(with_crlf(content)))


@dataclass(frozen=True, slots=True)
class _Verdict:
    outcome: Outcome
    word: str


class Transaction:
    """Sends one letter. Afterwards `usable` tells whether the connection can carry another."""

    def __init__(
        self,
        wire: Wire,
        extensions: Mapping[str, str],
        *,
        logged_in: bool,
        final_timeout: float,
    ) -> None:
        self._wire = wire
        self._extensions = extensions
        self._lacks_login = "AUTH" in extensions and not logged_in
        self._final_timeout = final_timeout
        self.usable = True

    def run(self, letter: Letter, recipients: Sequence[str]) -> list[RecipientResult]:
        """Send `letter` to `recipients` (valid addresses) and return a result for each.

        Raises ConnectionFault or ServiceClosing only while the relay cannot have taken the mail:
        before the final dot was sent.
        """
        paths = [wire_address(address) for address in recipients]
        mail, answers, data = self._announce(self._mail_command(letter, paths), paths)
        if not mail.positive:
            answers = [mail] * len(recipients)
        taken = any(answer.positive for answer in answers)
        reach("relay.envelope")
        end = self._after_data(letter, data, taken) if data is not None else None
        verdicts = [
            end if end is not None and answer.positive else self._refusal(answer)
            for answer in answers
        ]
        self._spare_those_beyond_a_limit(answers, verdicts)
        return [
            RecipientResult(address, verdict.outcome, one_line(verdict.word))
            for address, verdict in zip(recipients, verdicts, strict=True)
        ]

    def _mail_command(self, letter: Letter, paths: Sequence[str]) -> str:
        sender = wire_address(letter.sender)
        words = [f"MAIL FROM:<{sender}>"]
        if "SIZE" in self._extensions:
            words.append(f"SIZE={letter.size}")
        if "8BITMIME" in self._extensions and not letter.data.isascii():
            words.append("BODY=8BITMIME")
        if not all(path.isascii() for path in (sender, *paths)):
            words.append("SMTPUTF8")
        return " ".join(words)

    def _announce(self, mail: str, paths: Sequence[str]) -> tuple[Reply, list[Reply], Reply | None]:
        rcpts = [f"RCPT TO:<{path}>" for path in paths]
        if "PIPELINING" in self._extensions:
            opening, *answers, data = self._pipelined([mail, *rcpts, "DATA"])
            return opening, answers, data
        opening = self._command(mail)
        reach("relay.sender")
        answers = [self._command(rcpt) for rcpt in rcpts] if opening.positive else []
        wanted = any(answer.positive for answer in answers)
        return opening, answers, self._command("DATA") if wanted else None

    def _pipelined(self, commands: Sequence[str]) -> list[Reply]:
        replies: list[Reply] = []
        for start in range(0, len(commands), PIPELINE_DEPTH):
            batch = commands[start : start + PIPELINE_DEPTH]
            self._wire.command(*batch)
            replies += [self._answer(command) for command in batch]
        return replies

    def _command(self, command: str) -> Reply:
        self._wire.command(command)
        return self._answer(command)

    def _answer(self, command: str) -> Reply:
        reply = self._wire.reply(command.partition(" ")[0])
        if reply.code == 421:
            raise ServiceClosing(reply.text)
        return reply

    def _after_data(self, letter: Letter, data: Reply, taken: bool) -> _Verdict:
        if data.code == 354 and taken:
            return self._hand_over(letter.data)
        if data.code < 400:
            # Told to go on without a recipient (RFC 2920 section 3.1), or no SMTP: closing is the
            # one way out that can deliver nothing.
            self.usable = False
        return self._refusal(data)

    def _hand_over(self, data: bytes) -> _Verdict:
        try:
            self._wire.command()  # says nothing, but makes sure that 354 was the last word
            self._wire.send(data)
            reach("relay.content")
        except ConnectionFault as fault:
            return self._parting_word(fault)
        try:
            self._wire.send(b".\r\n")
            reach("relay.dot")
            reply = self._wire.reply("the end of the mail", self._final_timeout)
        except ConnectionFault as fault:
            self.usable = False
            return _Verdict(Outcome.DEFERRED, f"{fault} (it may have taken the mail)")
        reach("relay.answered")
        self.usable = reply.code != 421 and not 300 <= reply.code < 400
        return _Verdict(Outcome.SENT, reply.text) if reply.positive else self._refusal(reply)

    def _parting_word(self, fault: ConnectionFault) -> _Verdict:
        """Return the refusal that a relay sent before it hung up amid the mail; else raise."""
        try:
            reply = self._wire.reply("DATA", PARTING_SECONDS)
        except ConnectionFault:
            raise fault from None
        if reply.code == 421:
            raise ServiceClosing(reply.text)
        if reply.code < 400:
            raise fault
        self.usable = False
        return self._refusal(reply)

    def _spare_those_beyond_a_limit(
        self, answers: Sequence[Reply], verdicts: list[_Verdict]
    ) -> None:
        """Defer who was refused with 552 behind an accepted recipient.

        By RFC 5321 section 4.5.3.1.10 that code may only mean too many recipients. One whose
        storage is full is refused alike when he is the first one, at the next attempt.
        """
        somebody = False
        for index, answer in enumerate(answers):
            if somebody and answer.code == 552:
                verdicts[index] = _Verdict(Outcome.DEFERRED, answer.text)
            somebody = somebody or answer.positive

    def _refusal(self, reply: Reply) -> _Verdict:
        about_us = reply.code in _ABOUT_THE_SESSION or (
            # A relay that offers logins and got none says 554 5.7.1 to whatever it would take
            # from a known client: the admin has forgotten the login, the mail is fine.
            self._lacks_login and reply.status.startswith("5.7.")
        )
        dead = reply.permanent and not about_us
        return _Verdict(Outcome.DEAD if dead else Outcome.DEFERRED, reply.text)
