"""Where the daemon shows its metrics: the section `metrics`."""

from __future__ import annotations

from pydantic import BaseModel, model_validator

from inboxd.config.strict import STRICT
from inboxd.config.types import Port, is_loopback


class Metrics(BaseModel):
    """A page for Prometheus, which anybody may read who can connect to it."""

    model_config = STRICT

    host: str = "127.0.0.1"
    port: Port
    allow_remote: bool = False

    @model_validator(mode="after")
    def _stay_here(self) -> Metrics:
        if not self.allow_remote and not is_loopback(self.host):
            raise ValueError(
                f"metrics on {self.host} would be open to others, without a password; listen on "
                "127.0.0.1, or spell it out with allow_remote: true"
            )
        return self
