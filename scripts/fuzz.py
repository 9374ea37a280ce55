"""Fuzzes what reads strangers' and admins' words, guided by coverage (atheris).

./scripts/fuzz parse|tags|rules [--seconds N]

An input that breaks a promise is written to tests/fuzz_corpus/TARGET, where the suite runs it from
then on. What a run learns besides is kept in --learnt DIR, if given, and starts the next one.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["inboxd"]):
    import fuzz_targets

WRITE = 200  # bytes of a find that are shown


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=sorted(fuzz_targets.TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="how long (default: 60)")
    parser.add_argument("--learnt", type=Path, help="a folder for inputs that reach new code")
    return parser.parse_args()


def keep(target: str, data: bytes) -> Path:
    """Write a find where the suite looks for it."""
    folder = fuzz_targets.CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(data).hexdigest()[:16]}.bin"
    path.write_bytes(data)
    return path


def main() -> None:
    wanted = arguments()

    def test_one(data: bytes) -> None:
        try:
            fuzz_targets.run(wanted.target, data)
        except BaseException:
            path = keep(wanted.target, data)
            print(f"\nfound: {data[:WRITE]!r}\nkept as {path}", file=sys.stderr)
            raise

    with tempfile.TemporaryDirectory() as scratch:
        seeds = Path(scratch) / "seeds"
        seeds.mkdir()
        for i, seed in enumerate(fuzz_targets.seeds(wanted.target)):
            (seeds / f"{i}").write_bytes(seed)
        learnt = wanted.learnt or Path(scratch) / "learnt"
        learnt.mkdir(parents=True, exist_ok=True)
        options = [
            f"-max_total_time={wanted.seconds}",
            f"-max_len={fuzz_targets.LONGEST[wanted.target]}",
            "-timeout=10",
            "-rss_limit_mb=2048",
            f"-artifact_prefix={scratch}/",
            "-print_final_stats=1",
        ]
        atheris.Setup([sys.argv[0], *options, str(learnt), str(seeds)], test_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
