"""Outgoing mail over SMTP: one kept connection, and which faults are worth a second try."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import datetime

from inboxd.clock import Clock, SystemClock
from inboxd.delivery.envelope import address_fault
from inboxd.delivery.smtp_options import SmtpOptions
from inboxd.delivery.smtp_session import Session
from inboxd.delivery.smtp_transaction import Letter
from inboxd.delivery.smtp_wire import ConnectionFault
from inboxd.delivery.transport import Outcome, RecipientResult, results_for, settle
from inboxd.errors import Permanent, Transient
from inboxd.failpoints import reach

__all__ = ["SmtpOptions", "SmtpTransport"]


class SmtpTransport:
    """Hands mail to one relay. It belongs to one thread; only `interrupt` may come from others.

    What the relay says of a recipient decides: 4yz defers, 5yz kills. What goes wrong before
    that (connection, TLS, login) only ever defers, for a misconfigured relay must not kill mail.
    """

    def __init__(self, options: SmtpOptions, clock: Clock | None = None) -> None:
        """Prepare, without connecting. Raises Permanent where the `ca_file` cannot be used."""
        self._options = options
        self._clock = clock or SystemClock()
        self._context = _tls_context(options)
        self._session: Session | None = None
        self._carried = 0
        self._last_used = 0.0
        self._interrupted = False
        self.certificate_ends: datetime | None = None  # of the relay, once `check` has met it

    def send(
        self, envelope_from: str, recipients: Sequence[str], content: bytes
    ) -> list[RecipientResult]:
        """Hand over one mail; see `Transport.send`."""
        if envelope_from and (fault := address_fault(envelope_from)):
            return results_for(recipients, Outcome.DEAD, f"the envelope sender is {fault}")
        try:
            letter = Letter.of(envelope_from, content)
        except ValueError as exc:
            return results_for(recipients, Outcome.DEAD, str(exc))
        return settle(recipients, address_fault, lambda valid: self._deliver(letter, valid))

    def check(self) -> str:
        """Connect, negotiate and log in without sending; return what was found, for an admin.

        Raises Transient where waiting may help and Permanent where somebody has to act, both
        with the relay, the step and the relay's word in their text, never the password.
        """
        session = self._open()
        self.certificate_ends = session.certificate_ends
        try:
            return session.describe()
        finally:
            self._session = None
            session.quit()

    def close(self) -> None:
        """Take leave of the relay. The next mail connects again."""
        session, self._session = self._session, None
        if session is not None:
            session.quit()

    def close_idle(self) -> None:
        """Close the connection if it has lain idle for longer than the options allow."""
        if self._clock.monotonic() - self._last_used > self._options.idle_close:
            self.close()

    def interrupt(self) -> None:
        """Make a `send` or `check` under way in another thread end now, and refuse later ones.

        For a daemon that must stop: mail under way is reported as deferred.
        """
        self._interrupted = True
        session = self._session
        if session is not None:
            session.interrupt()

    def _deliver(self, letter: Letter, recipients: Sequence[str]) -> list[RecipientResult]:
        try:
            reused = self._take_up()
            try:
                return self._transact(letter, recipients)
            except ConnectionFault:
                # Whether an idle connection still stands shows only when it is used. Nothing was
                # handed over yet, so the mail may go at once over a new one. A connection that
                # was new is no reason for that: whoever waits a minute meets a calmer relay.
                if not reused:
                    raise
            self._open()
            return self._transact(letter, recipients)
        except (Transient, Permanent) as exc:
            return results_for(recipients, Outcome.DEFERRED, str(exc))

    def _take_up(self) -> bool:
        """Make sure of a session; return whether it is one that has carried mail before."""
        self.close_idle()
        if self._carried >= self._options.max_per_connection:
            self.close()
        if self._session is not None:
            if self._session.reset():
                return True
            self._drop()
        self._open()
        return False

    def _open(self) -> Session:
        self.close()
        self._stop_if_interrupted()
        session = self._session = Session.connect(self._options, self._clock)
        try:
            self._stop_if_interrupted()  # again: `interrupt` did not see this session before
            session.negotiate(self._context)
        except BaseException:  # whatever it was, the half-open connection is nobody's but ours
            self._drop()
            raise
        reach("relay.negotiated")
        self._carried, self._last_used = 0, self._clock.monotonic()
        return session

    def _stop_if_interrupted(self) -> None:
        if self._interrupted:
            raise Transient("interrupted: inboxd is stopping")

    def _transact(self, letter: Letter, recipients: Sequence[str]) -> list[RecipientResult]:
        session = self._session
        assert session is not None
        self._carried += 1
        usable = False
        try:
            results = session.transact(letter, recipients)
            usable = session.usable
            return results
        finally:
            self._last_used = self._clock.monotonic()
            if not usable:
                self._drop()

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()


def _tls_context(options: SmtpOptions) -> ssl.SSLContext | None:
    if options.tls == "none":
        return None
    try:
        # With a ca_file the system's authorities are not loaded: that one alone decides.
        context = ssl.create_default_context(cafile=options.ca_file)
    except OSError as exc:
        reason = exc.strerror or exc
        raise Permanent(f"the ca_file {options.ca_file} cannot be used: {reason}") from exc
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
