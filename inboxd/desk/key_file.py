"""The file that keeps the secret key where the configuration gives none."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from inboxd.config import Config
from inboxd.errors import Permanent
from inboxd.private_files import make_private_folder, open_private


def key_file(config: Config) -> Path:
    """Return where the key is kept that inboxd makes for itself."""
    return config.data_dir / "secret_key"


def current_secret(config: Config) -> str | None:
    """Return the secret that signs, or None where none was given and none has been made yet."""
    if config.secret_key is not None:
        return config.secret_key.get_secret_value()
    try:
        return key_file(config).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None


def kept_secret(path: Path) -> str:
    """Read the secret file, or make it: private, and complete or not there at all."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        keep_secret(path, secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii").strip()


def keep_secret(path: Path, secret: str) -> bool:
    """Write `secret` into a private file, whole or not at all; False where one is there already.

    Raises `Permanent` where that cannot be.
    """
    make_private_folder(path.parent)
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = open_private(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(partial, path)  # fails where another process was faster: its key is the one
    except FileExistsError:
        return False
    except OSError as error:
        raise Permanent(f"the secret key cannot be kept in {path}: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    return True
