"""The rule packs that are shipped: each loads, and does what its tests say."""

from __future__ import annotations

from pathlib import Path

import pytest

from inboxd.config import Config, load_config
from inboxd.desk.checkup import check_all, names_for_tests
from inboxd.rehearsal.files import FOLDER, files_of, read_cases
from inboxd.rehearsal.play import play_all

ROOT = Path(__file__).parents[2] / "config"
PACKS = sorted(path.name for path in (ROOT / "packs").iterdir())


def config_with(*packs: str) -> Config:
    """The shipped configuration with packs, and with the team that one of them needs."""
    config = load_config(ROOT / "inboxd.yaml", {"INBOXD_SECRET_KEY": "k" * 32})
    boss = config.agents[0].model_copy(
        update={"name": "sue", "address": "sue@shop.example", "teams": ["supervisors"]}
    )
    return config.model_copy(update={"packs": list(packs), "agents": [*config.agents, boss]})


def test_all_packs_are_there() -> None:
    assert PACKS == ["after-hours", "escalation", "saas", "spam-and-noise", "webshop"]


@pytest.mark.parametrize("pack", PACKS)
def test_a_pack_does_what_its_tests_say(pack: str) -> None:
    config = config_with(pack)
    scripts = read_cases(files_of([ROOT / "packs" / pack / FOLDER]), *names_for_tests(config))
    assert len(scripts) >= 5
    failed = [result for result in play_all(config, scripts) if not result.passed]
    assert [(each.script.case.name, each.failures) for each in failed] == []


@pytest.mark.parametrize("packs", [[pack] for pack in PACKS] + [PACKS])
def test_packs_work_alone_and_together(packs: list[str]) -> None:
    assert check_all(config_with(*packs)).doubts == ()


@pytest.mark.parametrize("pack", PACKS)
def test_every_tag_and_canned_reply_of_a_pack_is_explained(pack: str) -> None:
    folder = ROOT / "packs" / pack
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {pack}\n")
    assert f"packs: [{pack}]" in page
    for path in (folder / "canned").glob("*.md") if (folder / "canned").exists() else ():
        assert path.name.split(".")[0] in page
