"""What the benches share: a shop in a folder of its own, and silence."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

ROOT = Path(__file__).resolve().parent.parent


def quiet() -> None:
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def shop_folder(folder: Path, **replace: str) -> Path:
    """Copy the shipped configuration and return its path, with texts in it replaced.

    The made-up senders share a few domains and all come at once: they are acknowledged all the
    same, as people of many domains would be.
    """
    shutil.copytree(ROOT / "config", folder / "config")
    path = folder / "config" / "inboxd.yaml"
    text = path.read_text(encoding="utf-8").replace("port: 2525", "port: 0")
    for old, new in replace.items():
        text = text.replace(old, new)
    text += "\nauto_mail: {per_domain_hour: 1000000, per_domain_day: 1000000}\n"
    path.write_text(text, encoding="utf-8")
    return path


def rate(work: Callable[[], Any], count: int) -> float:
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)
