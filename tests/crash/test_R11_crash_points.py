"""R11: ended at every named point, a daemon started again does just what was left to do.

Each run copies the same files, lets a daemon work that ends at one point (`os._exit`), starts
another, and compares what is in the database, on the wire and on the mail server with what a run
left that nobody disturbed: byte for byte, for the clock stands still.
"""

from __future__ import annotations

import ast
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from armed import Armed, ArmedRunner
from crash_points import ALONGSIDE, BESIDES, CASES, POINTS, TWICE, WHOLE
from crash_scenes import (
    IMAP_SCENES,
    QUIET,
    SCENES,
    USER,
    Letter,
    Scene,
    ask,
    build,
    fresh,
    hand_in,
    own,
)
from crash_state import Left, kept_in, on_server, rows_of, sent_by
from loopback import free_port, listens
from proxy import Proxy
from servers import Dovecot
from smtp_sink import SmtpSink

import inboxd
from inboxd.failpoints import EXIT_CODE, RECORD

PATIENCE = 30.0
NOBODY = 65534


@dataclass
class Stage:
    """Where one scene is played again and again."""

    scene: Scene
    folder: Path
    runner: ArmedRunner
    sink: SmtpSink
    port: int
    letters: list[Letter]
    home: Path | None

    @property
    def database(self) -> Path:
        return self.folder / "shop" / "var" / "inboxd.db"

    def play(self, plan: str) -> tuple[Left, Armed, int]:
        """Play the scene by `plan`; returns what it left, its daemons, and how many crashed."""
        self._set()
        daemon = Armed(
            self.runner, self.folder / "shop" / "inboxd.yaml", self.scene.now.isoformat()
        )
        crashes = 0
        daemon.start(plan)
        try:
            crashes = self._until_done(daemon, plan)
        finally:
            daemon.kill()
        return self._left(), daemon, crashes

    def _set(self) -> None:
        fresh(self.folder / "template", self.folder / "shop")
        self.sink.clear()
        self.sink.refuse("ben@shop.example", "550 5.1.1 no such user")
        self.sink.refuse("carl@shop.example", "451 4.2.0 busy")
        if self.home is not None:
            fresh(self.folder / "home", self.home)
            own(self.home, NOBODY)

    def _until_done(self, daemon: Armed, plan: str) -> int:
        """Hand in the mails and wait until all is done; returns how often the daemon crashed."""
        waiting, crashes, stopping = list(self.letters), 0, False
        stops = plan == RECORD or plan.startswith("daemon.stop")
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            code = daemon.ended()
            if code is not None:
                if code == 0 and stopping:
                    return crashes
                words = self.runner.log.read_text()[-3000:]
                assert (code, crashes) == (EXIT_CODE, 0), f"{plan}: {code}\n{words}"
                crashes, stopping = 1, False
                daemon.start()
            elif waiting:
                if hand_in(self.port, waiting[0]):
                    del waiting[0]
            elif self._is_quiet():
                if stops and not stopping:
                    time.sleep(0.3 if self.home else 0)  # what the source does after that
                    daemon.signal(signal.SIGTERM)
                    stopping = True
                elif crashes:
                    return crashes
            time.sleep(0.003)
        raise AssertionError(f"{plan}: not done after {PATIENCE} s, {crashes} crashes")

    def _is_quiet(self) -> bool:
        done = ask(self.database, self.scene.done) and ask(self.database, QUIET)
        return done and listens(self.port)

    def _left(self) -> Left:
        rows, twice = rows_of(self.database)
        sent = self.folder / "shop" / "sent"
        wire = kept_in(sent) if sent.exists() else sent_by(self.sink)
        folders = on_server(self.home / "Maildir") if self.home else on_server(self.folder / "none")
        if self.scene.hides:
            # Without MOVE (RFC 6851) a mail is copied, flagged and expunged. A crash in between
            # leaves it flagged where it was, or copied twice: people may have done that, too.
            folders = Counter({each for each in folders if each[1] != "T"})
        return Left(rows, wire, folders, twice)


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArmedRunner]:
    armed = ArmedRunner(tmp_path_factory.mktemp("runner") / "log")
    yield armed
    armed.close()


@pytest.fixture(scope="module")
def sink() -> Iterator[SmtpSink]:
    relay = SmtpSink()
    yield relay
    relay.close()


def set_up(scene: Scene, folder: Path, runner: ArmedRunner, sink: SmtpSink, imap: int = 0) -> Stage:
    """Write the scene's shop."""
    port = free_port()
    letters = build(scene, folder / "template", port, sink.port, imap)
    return Stage(scene, folder, runner, sink, port, letters, None)


def crash_everywhere(stage: Stage) -> None:
    """Crash the scene at its points, one run each, and compare what is left with no crash at all.

    What differs is said for all points at once.
    """
    name = stage.scene.name
    golden, daemon, _ = stage.play(RECORD)
    assert set(golden.wire.values()) <= {1}, "sent twice without any crash"
    if name in WHOLE:
        assert daemon.passed.keys() == WHOLE[name]
    points = WHOLE.get(name) or BESIDES[name]
    assert points <= daemon.passed.keys()
    again, _, _ = stage.play(RECORD)
    assert again.differences(golden) == [], "two undisturbed runs differ"
    begun, wrong, twice, acknowledged_twice = time.monotonic(), [], 0, 0
    for point in sorted(points):
        left, _, crashes = stage.play(point)
        assert crashes == 1
        wrong += [f"{point}: {each}" for each in left.differences(golden)]
        if left.duplicates > (point in TWICE | ALONGSIDE):
            wrong.append(f"{point}: {left.duplicates} mails twice")
        twice += left.duplicates
        acknowledged_twice += left.duplicates_in > 0
    print(
        f"{name}: {len(points)} crashes, {twice} mails out twice with the same bytes, "
        f"{acknowledged_twice} mails in again, {time.monotonic() - begun:.0f} s"
    )
    assert wrong == []


def test_R11_every_point_is_crashed_at() -> None:
    """The points in the source are those that the scenes pass, and enough of them."""
    named = []
    for path in Path(inboxd.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "reach":
                (name,) = node.args
                assert isinstance(name, ast.Constant), f"{path}: not a plain name"
                named.append(name.value)
    assert len(named) == len(set(named)), "a name stands at two points"
    assert set(named) == POINTS
    print(f"{len(POINTS)} points, {CASES} crashes")
    assert len(POINTS) == 106
    assert CASES == 265
    causes = {name: len(WHOLE[name]) for name in ("smtp", "imap-seen", "timer", "answer")}
    assert causes == {"smtp": 50, "imap-seen": 54, "timer": 31, "answer": 53}


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_R11_crash(scene: Scene, tmp_path: Path, runner: ArmedRunner, sink: SmtpSink) -> None:
    crash_everywhere(set_up(scene, tmp_path, runner, sink))


@pytest.mark.servers
@pytest.mark.parametrize("scene", IMAP_SCENES, ids=lambda scene: scene.name)
def test_R11_crash_imap(
    scene: Scene, tmp_path: Path, runner: ArmedRunner, sink: SmtpSink, dovecot: Dovecot
) -> None:
    dovecot.add_users(USER)
    home = dovecot.folder / "homes" / USER
    shutil.rmtree(home, ignore_errors=True)
    dovecot.append(USER, scene.fetched)
    shutil.copytree(home, tmp_path / "home")
    proxy = Proxy(dovecot.imap_port)
    if scene.hides:
        proxy.rewrite(lambda data: data.replace(scene.hides, b" NONE"))
    stage = set_up(scene, tmp_path, runner, sink, proxy.port)
    stage.home = home
    try:
        crash_everywhere(stage)
    finally:
        proxy.close()
