"""Where the secrets of a configuration stand: in files of their own, or in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inboxd.errors import ConfigError
from inboxd.yaml_positions import load_yaml

_ELSEWHERE = ("file:", "credential:", "${")


def secret_files(config: Path) -> list[Path]:
    """Return the files that `file:PATH` names as secrets in the configuration at `config`."""
    values = (value for value in _secrets(config) if value.startswith("file:"))
    return [config.parent / value[5:].strip() for value in values]


def literal_secrets(config: Path) -> int:
    """Return how many secrets stand in the configuration itself."""
    return sum(not value.startswith(_ELSEWHERE) for value in _secrets(config))


def is_secret(loc: tuple[str | int, ...]) -> bool:
    """Return whether what stands at `loc` is a secret."""
    return loc[-1] in ("password", "secret_key") or "old_secret_keys" in loc


def _secrets(config: Path) -> list[str]:
    try:
        data = load_yaml(config).data
    except ConfigError:
        return []
    return list(_walk(data, ("",)))


def _walk(value: Any, loc: tuple[str | int, ...]) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _walk(each, (*loc, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _walk(each, (*loc, number))
    elif isinstance(value, str) and is_secret(loc):
        yield value
