"""What all sections of the configuration have in common."""

from __future__ import annotations

from typing import Final

from pydantic import ConfigDict

STRICT: Final = ConfigDict(
    extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True
)
