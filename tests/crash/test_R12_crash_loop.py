"""R12: killed at random under load, 50 times; `scripts/crash_loop` does it for longer."""

from __future__ import annotations

from pathlib import Path

import pytest
from crash_loop import run
from servers import Dovecot

pytestmark = pytest.mark.servers


def test_R12_fifty_kills_under_load_lose_and_double_nothing(
    tmp_path: Path, dovecot: Dovecot
) -> None:
    dovecot.add_users("loop@shop.example")
    report = run(50, 1, tmp_path, dovecot, "loop@shop.example")

    print(report)
    assert report.wrong == []
    assert len(report.account.by_smtp) > 50
    assert len(report.account.by_imap) > 50
    assert report.account.answers
