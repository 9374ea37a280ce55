"""Where mail is taken from the network: the daemon's own listeners."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from inboxd.config.strict import STRICT
from inboxd.config.types import Port, Size, Wait, is_loopback
from inboxd.durations import parse_duration


class _Part(BaseModel):
    model_config = STRICT


class ListenerTls(_Part):
    """The certificate that the listener shows."""

    mode: Literal["implicit", "starttls"] = "starttls"
    cert_file: Path
    key_file: Path


class ListenerAuth(_Part):
    """Who may hand mail in; asked for only over TLS or on loopback."""

    user: str
    password: SecretStr


class ListenerLimits(_Part):
    """How much one peer may ask for."""

    size: Size = 50_000_000
    recipients: Annotated[int, Field(ge=1, le=10_000)] = 100
    connections: Annotated[int, Field(ge=1)] = 200
    connections_per_peer: Annotated[int, Field(ge=1)] = 60
    timeout: Wait = parse_duration("5 min")


class Listener(_Part):
    """One listening socket for SMTP (RFC 5321) or LMTP (RFC 2033)."""

    host: str = "127.0.0.1"
    port: Port = 2525
    protocol: Literal["smtp", "lmtp"] = "smtp"
    tls: ListenerTls | None = None
    auth: ListenerAuth | None = None
    limits: ListenerLimits = ListenerLimits()

    @model_validator(mode="after")
    def _auth_is_safe(self) -> Listener:
        if self.auth is not None and self.tls is None and not is_loopback(self.host):
            raise ValueError(f"auth on {self.host} needs tls: passwords would come in the clear")
        return self


class Listen(_Part):
    """The daemon's own listeners."""

    smtp: Listener | None = None
    lmtp: Listener | None = None

    @field_validator("lmtp")
    @classmethod
    def _speaks_lmtp(cls, value: Listener | None) -> Listener | None:
        return value and value.model_copy(update={"protocol": "lmtp"})

    def all(self) -> tuple[Listener, ...]:
        """Return the listeners that are configured."""
        return tuple(each for each in (self.smtp, self.lmtp) if each is not None)
