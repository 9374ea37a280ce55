"""Which files are watched, and what counts as a change of them."""

from __future__ import annotations

from pathlib import Path

from desk_kit import make, write_shop

from inboxd.config import load_config
from inboxd.reloading import Reloads, retire_timers
from inboxd.watching import contents, folders

NUDGE = """\
- name: Nudge
  when: pending
  for: 2 days
  then: [close]
"""


def test_folders_are_watched_and_the_data_folder_is_not(tmp_path: Path) -> None:
    path = write_shop(tmp_path)
    config = load_config(path)
    (tmp_path / "var").mkdir()
    (tmp_path / "rules" / "sets").mkdir()
    (tmp_path / "rules" / "tests").mkdir()
    (tmp_path / "rules" / ".git").mkdir()
    names = [str(each.relative_to(tmp_path)) for each in folders(config)]
    assert names == [".", "canned", "rules", "rules/sets", "templates"]


def test_what_a_reload_reads_counts_and_nothing_else(tmp_path: Path) -> None:
    config = load_config(write_shop(tmp_path))
    before = contents(config)
    for name in ("rules/.10.yaml.swp", "rules/10.yaml~", "rules/#10.yaml#", "var.txt", "a.db"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    (tmp_path / "rules" / "tests").mkdir()
    (tmp_path / "rules" / "tests" / "10.yaml").write_text("[]", encoding="utf-8")
    rules = tmp_path / "rules" / "10.yaml"
    rules.write_bytes(rules.read_bytes())
    assert contents(config) == before
    seen = {before}
    for name in ("inboxd.yaml", "rules/10.yaml", "canned/new.md", "templates/reply.txt.j2"):
        (tmp_path / name).write_text("# new", encoding="utf-8")
        assert contents(config) not in seen
        seen.add(contents(config))
    rules.unlink()
    assert contents(config) not in seen


def test_timers_of_rules_that_are_gone_are_cancelled_with_the_reason(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=NUDGE)
    desk.customer()
    desk.answer_as("anna", desk.to("anna@shop.example"), "Here it is.\n#pending")
    assert [each.rule for each in desk.timers()] == ["Nudge"]
    with desk.database.write() as connection:
        assert retire_timers(connection, desk.shop, desk.clock.now()) == 0
    reloads = Reloads(desk.database, desk.clock, desk.shop.config)
    (tmp_path / "rules" / "10.yaml").write_text(NUDGE.replace("Nudge", "Other"), encoding="utf-8")
    new, faults = reloads.read(desk.shop)
    assert (list(new.rules.by_name), faults) == (["Other"], [])
    assert desk.timers() == []
    assert desk.has_event("timer.cancelled", "Nudge: there is no such rule with a timer any more")
    desk.shop = new
    assert desk.later(days=5) == 0
    assert desk.state() == "pending"


def test_a_broken_edit_leaves_the_shop_and_its_timers_as_they_are(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=NUDGE)
    desk.customer()
    desk.answer_as("anna", desk.to("anna@shop.example"), "Here it is.\n#pending")
    reloads = Reloads(desk.database, desk.clock, desk.shop.config)
    (tmp_path / "rules" / "10.yaml").write_text(
        "- name: Nudge\n  when: pendign\n", encoding="utf-8"
    )
    new, faults = reloads.read(desk.shop)
    assert new is desk.shop
    assert any("10.yaml:2:9: " in each for each in faults)
    assert len(desk.timers()) == 1
    assert [each.kind for each in desk.fresh("alert")] == ["alert"]
    assert reloads.read(desk.shop)[1] == faults
    assert desk.fresh("alert") == [], "told once"
    (tmp_path / "rules" / "10.yaml").write_text(NUDGE, encoding="utf-8")
    assert reloads.read(desk.shop)[1] == []
    desk.later(minutes=1)
    (tmp_path / "rules" / "10.yaml").write_text(
        "- name: Nudge\n  when: pendign\n", encoding="utf-8"
    )
    reloads.read(desk.shop)
    assert len(desk.fresh("alert")) == 1, "it has come back"
