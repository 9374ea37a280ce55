"""The values of a configuration that stand elsewhere.

`${NAME}` is a variable of the environment; a secret may be `file:PATH` or `credential:NAME`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inboxd.config.secret_places import is_secret
from inboxd.errors import Fault
from inboxd.yaml_positions import Document

SERVICE_CREDENTIALS = Path("/run/credentials/inboxd.service")
"""Where systemd keeps the credentials of the unit that docs/operations.md describes."""
_CREDENTIAL = re.compile(r"[A-Za-z0-9_.-]{1,255}")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class ValueReader:
    """Puts the values of the environment, of secret files and of credentials in their places."""

    def __init__(self, document: Document, folder: Path, environ: Mapping[str, str]) -> None:
        self.document = document
        self.folder = folder
        self.environ = environ
        self.faults: list[Fault] = []

    def resolve(self, value: Any, loc: tuple[str | int, ...]) -> Any:
        """Return `value`, which stands at `loc`, with all such places filled in."""
        if isinstance(value, dict):
            return {key: self.resolve(each, (*loc, key)) for key, each in value.items()}
        if isinstance(value, list):
            return [self.resolve(each, (*loc, i)) for i, each in enumerate(value)]
        if isinstance(value, str):
            return self._text(value, loc)
        return value

    def _text(self, value: str, loc: tuple[str | int, ...]) -> str | None:
        secret = is_secret(loc)
        if loc == ("secret_key",) and _is_unset(value, self.environ):
            return None
        if secret and value.startswith("file:"):
            return self._file(self.folder / value[5:].strip(), loc)
        if secret and value.startswith("credential:"):
            return self._credential(value[11:].strip(), loc)

        def take(match: re.Match[str]) -> str:
            if match[1] not in self.environ:
                self._fault(loc, f"the environment variable {match[1]} is not set")
            return self.environ.get(match[1], "")

        return _VARIABLE.sub(take, value)

    def _credential(self, name: str, loc: tuple[str | int, ...]) -> str:
        """Return a credential that systemd keeps for the service (systemd.exec(5)).

        Commands that run beside the service find it where the service does.
        """
        if not _CREDENTIAL.fullmatch(name) or name in (".", ".."):
            self._fault(loc, f"{name!r} is not the name of a credential")
            return ""
        folder = self.environ.get("CREDENTIALS_DIRECTORY")
        if folder is None and not SERVICE_CREDENTIALS.is_dir():
            self._fault(
                loc,
                f"the credential {name} is there only where systemd runs inboxd: "
                "CREDENTIALS_DIRECTORY is not set",
            )
            return ""
        return self._file(Path(folder) / name if folder else SERVICE_CREDENTIALS / name, loc)

    def _file(self, path: Path, loc: tuple[str | int, ...]) -> str:
        try:
            return path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self._fault(loc, f"the secret file {path} cannot be read: {type(error).__name__}")
            return ""

    def _fault(self, loc: tuple[str | int, ...], message: str) -> None:
        self.faults.append(Fault(str(self.document.path), *self.document.position(loc), message))


def _is_unset(value: str, environ: Mapping[str, str]) -> bool:
    match = _VARIABLE.fullmatch(value)
    return bool(match) and not environ.get(match[1] if match else "")
