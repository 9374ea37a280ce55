"""Where outgoing mail goes: the section `send`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, SecretStr, model_validator

from inboxd.config.strict import STRICT
from inboxd.config.types import Port, Tls, Wait, refuse_plaintext
from inboxd.durations import parse_duration


class _Section(BaseModel):
    model_config = STRICT


class SmtpRelay(_Section):
    """The server that takes our outgoing mail (RFC 6409)."""

    host: str
    port: Port = 587
    tls: Tls = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None
    allow_plaintext: bool = False
    timeout: Wait = parse_duration("60 s")

    @model_validator(mode="after")
    def _complete(self) -> SmtpRelay:
        refuse_plaintext(self.tls, self.host, self.allow_plaintext)
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        return self


class Send(_Section):
    """Where outgoing mail goes: exactly one of a Maildir and an SMTP relay."""

    maildir: Path | None = None
    smtp: SmtpRelay | None = None

    @model_validator(mode="after")
    def _one(self) -> Send:
        if (self.maildir is None) == (self.smtp is None):
            raise ValueError("send has exactly one of 'maildir' and 'smtp'")
        return self
