"""`agents`, and what `show` says of a conversation that waits to be handed out."""

from __future__ import annotations

from pathlib import Path

from cli_kit import CONFIG, MAIL, write_shop

RULES = """\
- name: Hand out
  when: conversation.opened
  then: [{assign: {team: team, by: round_robin}}]
"""


def test_people_see_who_is_there_and_what_waits(tmp_path: Path) -> None:
    config = CONFIG.replace("teams: [team]}", "teams: [team], max_open: 1, skills: [german]}")
    shop = write_shop(tmp_path, config)
    (tmp_path / "rules" / "shop.yaml").write_text(RULES)
    assert shop.run("away", "anna").code == 0
    for number in range(2):
        shop.take(MAIL.replace("first@", f"{number}@").replace("my refund?", f"it, {number}?"))
    told = shop.run("agents")
    assert told.code == 0, told
    lines = [" ".join(each.split()) for each in told.out.splitlines()]
    assert lines == [
        "name teams open now skills",
        "ben team 1 of 1 at work german",
        "anna team 0 away",
        "1 wait in team team to be handed out",
    ]
    found = shop.run("agents", "--json").json
    assert found["waiting"] == {"team": 1}
    assert found["agents"][1] == {
        "name": "anna",
        "teams": ["team"],
        "skills": [],
        "open": 0,
        "max_open": None,
        "absent": "away",
        "back_at": None,
    }
    shown = shop.run("show", "2").out
    assert "queue     waits to be handed out in team team, by round_robin" in shown
    assert "ben has 1 of 1 open; anna is away" in shown
    assert "1 wait to be handed out, the first was put there just now" in shop.run("doctor").out
    assert "waits for team team: nobody is free" in shop.run("explain", "2").out
    assert shop.run("back", "anna").code == 0
    assert shop.run("work").code == 0
    assert shop.run("show", "2", "--json").json["assignee"] == "anna"
    told = shop.run("explain", "2")
    assert "handed out 2:1\n  round_robin of team team: anna, round robin; ben has 1" in told.out
    assert "queue" not in shop.run("show", "2").out.partition("\n\n")[0]
