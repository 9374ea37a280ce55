"""TXT records of the DNS, asked for at the edge and remembered; nobody waits for dead servers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from inboxd.clock import Clock, SystemClock
from inboxd.errors import Transient

Ask = Callable[[str], bytes | None]
"""Returns the TXT record of a name, or None if there is none; raises `Transient`."""

_PATIENCE: Final = 2.0  # seconds for one question, all servers and repetitions together
_KEPT_FOUND: Final = 900.0
_KEPT_MISSING: Final = 60.0
_PAUSE: Final = 30.0  # in which nobody asks again after a failure
_MOST_KEPT: Final = 1000


def ask_dns(name: str) -> bytes | None:
    """Ask the machine's resolvers for a TXT record; at most two seconds long.

    The strings of a record are joined (RFC 6376 section 3.6.2.2). Of several records the first that
    calls itself a DKIM key is taken. Raises `Transient` where no server gives an answer.
    """
    import dns.exception  # loaded only by shops that verify signatures
    import dns.rdatatype
    import dns.resolver

    try:
        answer = dns.resolver.resolve(
            name, dns.rdatatype.TXT, lifetime=_PATIENCE, search=False, raise_on_no_answer=False
        )
    except dns.resolver.NXDOMAIN:
        return None
    except (dns.exception.DNSException, OSError) as error:
        raise Transient(f"no answer from the DNS: {type(error).__name__}") from error
    records = [b"".join(each.strings) for each in answer.rrset or ()]
    keys = [record for record in records if record.lstrip().startswith(b"v=DKIM1")]
    return next(iter(keys or records), None)


@dataclass(frozen=True, slots=True)
class _Kept:
    record: bytes | None
    until: float


class TxtRecords:
    """Records that were fetched, for a while. Safe to use from several threads."""

    def __init__(self, ask: Ask = ask_dns, clock: Clock | None = None) -> None:
        self._ask = ask
        self._monotonic = (clock or SystemClock()).monotonic
        self._kept: dict[str, _Kept] = {}
        self._silent_until = float("-inf")
        self._lock = Lock()

    def fetch(self, name: str) -> None:
        """Ask for a record that is not known, unless the DNS has failed a moment ago.

        A failure raises nothing: the record stays unknown.
        """
        now = self._monotonic()
        with self._lock:
            kept = self._kept.get(name)
            if (kept is not None and kept.until > now) or self._silent_until > now:
                return
        try:
            record = self._ask(name)
        except Transient:
            with self._lock:
                self._silent_until = self._monotonic() + _PAUSE
            return
        seconds = _KEPT_MISSING if record is None else _KEPT_FOUND
        with self._lock:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[name] = _Kept(record, self._monotonic() + seconds)

    def known(self, name: str) -> bytes | None:
        """Return the record as it was fetched, None if there is none. Asks nobody.

        Raises `Transient` if the record is not known.
        """
        with self._lock:
            kept = self._kept.get(name)
        if kept is None or kept.until <= self._monotonic():
            raise Transient(f"the TXT record of {name} is not known")
        return kept.record
