"""Scores how mail is read against a corpus of mail with expectations.

One line a folder: files, right, wrong, crashed, percent of those for which something is expected,
and the file that took longest (processor time).
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from score_corpus import UnreadableCorpus, read_corpus
from score_report import HEADING, as_json, disagreements, lines, missed, summed
from score_run import score

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
DONE, MISSED, UNREADABLE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the score and return the exit code."""
    options = _options(arguments)
    logging.disable(logging.CRITICAL)
    try:
        return _scored(options)
    finally:
        logging.disable(logging.NOTSET)


def _scored(options: argparse.Namespace) -> int:
    try:
        folders = read_corpus(options.corpus, options.folder)
    except UnreadableCorpus as error:
        print(f"no corpus: {error}", file=sys.stderr)
        return UNREADABLE
    scores = []
    if not options.json:
        print(HEADING)
    for folder in folders:
        scores.append(summed(folder.name, score(folder)))
        if not options.json:
            print("\n".join(lines(scores[-1])), flush=True)
            if options.verbose:
                print("\n".join(disagreements(scores[-1])))
    if options.json:
        print(json.dumps(as_json(scores), indent=2))
    if not options.require:
        return DONE
    failures = list(missed(scores))
    for failure in failures:
        print(f"missed: {failure}", file=sys.stderr)
    return MISSED if failures else DONE


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/score", description=__doc__)
    parser.add_argument("--corpus", type=Path, default=CORPUS, metavar="DIR")
    parser.add_argument("--folder", metavar="NAME", help="score this folder alone")
    parser.add_argument("--verbose", action="store_true", help="show each disagreement")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--require", action="store_true", help="exit 1 if an aim is missed, and say which"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
