"""How to reach the relay that takes our mail."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Tls = Literal["implicit", "starttls", "none"]

_HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.\-]*[A-Za-z0-9_])?|\[[A-Za-z0-9.:\-]+\]")


@dataclass(frozen=True, slots=True)
class SmtpOptions:
    """One relay and how to speak to it. All durations are seconds.

    `tls` is `implicit` (port 465), `starttls` (587: refused where the server does not offer it)
    or `none`, which off loopback has to be allowed with `allow_plaintext`. Certificates are
    verified by the system's authorities, or by those in `ca_file` alone. `timeout` limits each
    connection attempt, each answer and each block of content; `final_timeout` the answer to the
    end of the mail (None: ten times `timeout`, for RFC 5321 section 4.5.3.2.6 asks for ten
    minutes: who hangs up earlier gets mail delivered twice). `local_hostname` is what EHLO says
    (None: this machine's qualified name, or its address literal). A connection carries
    `max_per_connection` mails and is not used again after lying idle for `idle_close`.

    Raises ValueError where the values do not fit together; never with the password in its text.
    """

    host: str
    port: int
    tls: Tls = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    timeout: float = 60
    local_hostname: str | None = None
    max_per_connection: int = 100
    idle_close: float = 30
    allow_plaintext: bool = False
    final_timeout: float | None = None

    def __post_init__(self) -> None:
        if not self.host or any(c.isspace() or ord(c) < 0x20 for c in self.host):
            raise ValueError("the host must be a name or an IP address")
        if not 0 < self.port < 65_536:
            raise ValueError(f"{self.port} is not a port")
        if self.tls not in ("implicit", "starttls", "none"):
            raise ValueError("tls must be implicit, starttls or none")
        if self.tls == "none" and not self.allow_plaintext and not self.is_loopback:
            raise ValueError(f"tls: none would send mail to {self.host} in the clear")
        self._check_login()
        self._check_limits()

    def _check_login(self) -> None:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password are given together or not at all")
        if self.user == "" or "\0" in f"{self.user}{self.password}":
            raise ValueError("user is empty, or user or password holds a NUL (RFC 4616)")

    def _check_limits(self) -> None:
        if min(self.timeout, self.waits_for_final_answer) <= 0 or self.idle_close < 0:
            raise ValueError("durations must be above zero")
        if self.max_per_connection < 1:
            raise ValueError("max_per_connection must be at least 1")
        if self.local_hostname is not None and not _HOST_NAME.fullmatch(self.local_hostname):
            raise ValueError("local_hostname must be a host name or an address literal")

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine by its name or address, without asking any resolver."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    @property
    def waits_for_final_answer(self) -> float:
        """Seconds to wait for the answer to the end of the mail."""
        return self.timeout * 10 if self.final_timeout is None else self.final_timeout

    @property
    def peer(self) -> str:
        """The relay as messages name it."""
        return f"{self.host}:{self.port}"
