"""Watches the files that an admin edits, and says when what they hold has become different.

The system tells of changes (inotify and its like, by watchfiles); where it does not, such as on
some network file systems, a look every few seconds finds them. Editors write a file anew, or put
another in its place, in several steps: what counts is what the files hold when all is quiet.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog
from watchfiles import watch

from inboxd.config import Config
from inboxd.health import Pulse

_log = structlog.get_logger(__name__)
# Milliseconds: how often the thread wakes while it waits, how long a burst of changes is gathered,
# and how long it trusts the system to tell of them.
_STEP, _BURST, _LOOK = 400, 2000, 10_000
_SETTLED = 0.4  # seconds in which nothing changes: nobody is in the middle of writing
_MOST_ROUNDS = 25
_MOST_FILES = 5000
_DATA = (".db", ".db-wal", ".db-shm", ".db-journal", "health.json", ".lock", ".partial")


class FileWatcher:
    """A thread that calls `on_change` when the watched files hold something else than before.

    `config` returns the configuration whose files are watched, as it is then.
    """

    name = "files"

    def __init__(
        self, config: Callable[[], Config], on_change: Callable[[], object], pulse: Pulse
    ) -> None:
        self.pulse = pulse
        self.failures = 0
        self._config = config
        self._on_change = on_change
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._known = ""

    def start(self) -> None:
        """Start the thread, or start it anew where it has died."""
        if not self._known:
            self._known = contents(self._config())
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """Stop the thread; returns whether that took at most `timeout` seconds."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)
        return not self.alive

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def know(self) -> None:
        """Take what the files hold now for known: somebody has just read them."""
        self._known = contents(self._config())

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                for _ in self._changes():
                    if self._stop.is_set() or self._looked():
                        break  # the folders may be others now
                self.failures = 0
            except Exception as error:  # a folder that vanishes must not end the watch
                self.failures += 1
                _log.error("files.watch_failed", error=type(error).__name__)
                self._looked_safely()
                self._stop.wait(min(30.0, self.failures))

    def _changes(self) -> Iterator[object]:
        """Yield whenever there may be something to look at."""
        places = folders(self._config())
        if not places:
            self._stop.wait(_LOOK / 1000)
            yield None
            return
        yield from watch(
            *places,
            watch_filter=_is_edited,
            debounce=_BURST,
            step=_STEP,
            rust_timeout=_LOOK,
            yield_on_timeout=True,
            stop_event=self._stop,
            raise_interrupt=False,
            recursive=False,
        )

    def _looked_safely(self) -> None:
        try:
            self._looked()
        except Exception as error:  # it was said already that something is wrong
            _log.error("files.look_failed", error=type(error).__name__)

    def _looked(self) -> bool:
        """Look at the files, and say so where they hold something else than before."""
        self.pulse.beat()
        found = self._settled()
        if found == self._known:
            return False
        self._known = found
        self._on_change()
        return True

    def _settled(self) -> str:
        """Return what the files hold once nobody is in the middle of writing them."""
        found = contents(self._config())
        for _ in range(_MOST_ROUNDS):
            if found == self._known or self._stop.wait(_SETTLED):
                return found
            again = contents(self._config())
            if again == found:
                return found
            found = again
        return found


def folders(config: Config) -> list[Path]:
    """Return the folders in which changes are looked for, each without those inside it.

    So a data folder beside the rules, which changes all the time, wakes nobody.
    """
    found = {each.resolve() for each in (config.path.parent, *_tops(config)) if each.is_dir()}
    return sorted(found)


def _tops(config: Config) -> list[Path]:
    return [
        folder
        for top in (*config.rule_folders, *config.canned_folders, config.templates)
        for folder in _folders_in(top)
    ]


def _is_edited(_change: object, path: str) -> bool:
    """Whether a file may be one that people edit: a data folder may be where the files are."""
    return not path.endswith(_DATA)


def contents(config: Config) -> str:
    """Return a digest of all that a reload reads: the configuration, rules, words and templates."""
    digest = hashlib.sha256()
    for path in _files(config):
        digest.update(f"{path}\0".encode())
        try:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError:  # gone, or not to be read: that is a difference, too
            digest.update(b"-")
    return digest.hexdigest()


def _files(config: Config) -> Iterator[Path]:
    yield config.path
    for top in (*config.rule_folders, *config.canned_folders, config.templates):
        files = [path for folder in _folders_in(top) for path in _entries(folder)]
        yield from sorted(path for path in files if _counts(path))[:_MOST_FILES]


def _counts(path: Path) -> bool:
    """Whether a reload would read the file: not what editors keep beside it."""
    hidden = path.name.startswith((".", "#")) or path.name.endswith(("~", ".swp", ".tmp", ".bak"))
    return not hidden and path.is_file()


def _folders_in(top: Path) -> list[Path]:
    """Return a folder and those inside it, but no tests and nothing hidden."""
    if not top.is_dir():
        return []
    inside = [each for each in _entries(top) if each.is_dir()]
    shown = [each for each in inside if not each.name.startswith(".") and each.name != "tests"]
    return [top, *(deep for each in shown for deep in _folders_in(each))]


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
