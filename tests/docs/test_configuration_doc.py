"""docs/configuration.md names every key, and its examples are valid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from inboxd.config import Config

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def models(kind: Any, seen: set[type]) -> Iterator[type[BaseModel]]:
    """Yield every section's model, found through the annotations of the fields."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if kind in seen:
            return
        seen.add(kind)
        yield kind
        for field in kind.model_fields.values():
            yield from models(field.annotation, seen)
        return
    for part in get_args(kind):
        yield from models(part, seen)


KEYS = sorted(
    {
        (model.__name__, field.alias or name)
        for model in models(Config, set())
        for name, field in model.model_fields.items()
        if not field.exclude
    }
)


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_every_key_is_named(section: str, key: str) -> None:
    assert re.search(rf"`{key}[`:]", PAGE.read_text(encoding="utf-8")), f"{key} of {section}"


def test_the_page_names_a_good_number_of_keys() -> None:
    assert len(KEYS) > 50


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL))
def test_every_example_is_valid(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = YAML(typ="safe").load(block)
    agents = [{"name": "zoe", "address": "zoe@shop.example", "teams": ["support-team"]}]
    base = {
        "mailboxes": [{"name": "support", "address": "support@shop.example"}],
        "send": {"maildir": "sent"},
        "agents": agents,
    }
    assert Config.model_validate(base | data).mailboxes
