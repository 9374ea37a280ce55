"""What every piece of a rule file's schema has in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator


class Part(BaseModel):
    """A piece of a rule: strict, unchangeable, and with a value behind every key."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, populate_by_name=False, hide_input_in_errors=True
    )

    @field_validator("*", mode="before")
    @classmethod
    def _has_value(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("there is no value here")
        return value

    def written(self) -> tuple[str, ...]:
        """Return the keys that the file holds, as they are written, in the model's order."""
        fields = type(self).model_fields
        return tuple(each.alias or name for name, each in fields.items() if name in self.given)

    @property
    def given(self) -> set[str]:
        """The names of the fields that the file gives a value."""
        return self.model_fields_set
