"""Files and folders that their owner alone may read, whatever the umask says."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def make_private_folder(path: Path) -> None:
    """Make `path` and what is missing above it, each for its owner alone (0700).

    What is there already keeps its mode. Raises `OSError`.
    """
    if path.is_dir():
        return
    if not path.parent.is_dir():
        make_private_folder(path.parent)
    with suppress(FileExistsError):  # another process was faster
        path.mkdir(mode=0o700)
        path.chmod(0o700)  # an odd umask may have taken the owner's own rights


def open_private(path: Path, flags: int) -> int:
    """Return a descriptor of the file at `path`, which is made with mode 0600 where it is new.

    Raises `OSError`.
    """
    descriptor = os.open(path, flags, 0o600)
    if flags & os.O_EXCL:
        os.fchmod(descriptor, 0o600)
    return descriptor


def settle_file(partial: Path, target: Path) -> None:
    """Let the finished file `partial` take the place of `target`, durably and as a whole.

    Both are in the same folder. Raises `OSError`.
    """
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    partial.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Put the folder's entries on the disk: a renamed file is only as durable as its new name."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
