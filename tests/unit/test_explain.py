"""`inboxd explain`: which rules were looked at for every mail and timer, and what each did."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from cli_kit import run
from desk_kit import Desk, make

from inboxd.desk.explain import explanation
from inboxd.reloading import Reloads

RULES = """\
- name: Tea
  when: message.received
  if: {subject: tea}
  then: [{tag: tea}]
- name: In the dark
  when: message.received
  shadow: true
  then: [close]
- name: Follows
  when: tag.added
  if: {tags: {changed_to: tea}}
  then: [{set: {priority: high}}]
- name: Coffee
  when: message.received
  if: {subject: coffee}
  then: [close]
- name: Once
  when: message.received
  once: true
  then: [{set: {fields.seen: "yes"}}]
- name: Nudge
  when: pending
  for: 2 days
  if: {tags: tea}
  then: [{reply: {canned: still-there}}]
- name: Later
  when: pending
  for: 9 days
  then: [close]
"""


def explained(desk: Desk) -> dict[str, Any]:
    with desk.database.read() as connection:
        return explanation(connection, 1)


def told(desk: Desk) -> Desk:
    desk.customer()
    desk.customer(in_reply_to=desk.messages()[0].message_id or "")
    desk.answer_as("anna", desk.to("anna@shop.example"), "Here it is.")
    desk.later(days=2)
    return desk


def test_every_mail_and_timer_says_what_rules_did_and_why(tmp_path: Path) -> None:
    desk = told(make(tmp_path, rules=RULES))
    first, second, answer, timer = explained(desk)["causes"]
    opened, tagged, *_ = first["rulings"]
    digest = hashlib.sha256((tmp_path / "rules" / "10.yaml").read_bytes()).hexdigest()[:12]
    assert [(m["rule"], m["did"], m["shadow"], m["file"]) for m in opened["matched"]] == [
        ("Tea", ["tag tea"], False, f"10.yaml:1 ({digest})"),
        ("In the dark", ["close"], True, f"10.yaml:5 ({digest})"),
        ("Once", ["set fields.seen = yes"], False, f"10.yaml:17 ({digest})"),
    ]
    assert "found tea" in opened["matched"][0]["why"]
    assert [each["rule"] for each in opened["missed"]] == ["Coffee"]
    assert opened["version"] == desk.shop.rules.digest[:12]
    assert (tagged["event"], tagged["after"]) == ("tag.added", ["Tea"])
    assert tagged["change"] == ["tea", None, "tea"]
    assert tagged["matched"][0]["did"] == ["set priority high"]
    once = next(m for m in second["rulings"][0]["missed"] if m["rule"] == "Once")
    assert "acts once" in once["why"]
    assert answer["kind"] == "mail"
    assert (timer["kind"], timer["timer"]["rule"]) == ("timer", "Nudge")
    assert timer["timer"]["due_at"] > timer["timer"]["armed_at"]
    assert timer["rulings"][0]["event"] == "pending (timer)"
    assert timer["rulings"][0]["matched"][0]["did"] == ["reply still-there"]


def test_timers_of_rules_that_are_gone_are_told_of(tmp_path: Path) -> None:
    desk = told(make(tmp_path, rules=RULES))
    desk.later(hours=1)
    (tmp_path / "rules" / "10.yaml").write_text("[]\n", encoding="utf-8")
    Reloads(desk.database, desk.clock, desk.shop.config).read(desk.shop)
    last = explained(desk)["causes"][-1]
    assert (last["kind"], last["rulings"]) == ("history", [])
    assert last["remarks"] == [
        "timer.cancelled: Later: there is no such rule with a timer any more"
    ]


def test_the_command_is_readable(tmp_path: Path) -> None:
    desk = told(make(tmp_path, rules=RULES))
    desk.database.close()
    out = run("--config", tmp_path / "inboxd.yaml", "explain", "1").out
    for words in (
        "✓ Tea: subject contains [tea]: found tea",
        "→ tag tea",
        "◌ In the dark (shadow, nothing was done)",
        "→ would close",
        "rules on tag.added (tea), after Tea:",
        "✗ Coffee: ",
        "timer 1 (rule Nudge, set ",
        "10.yaml:1 (",
    ):
        assert words in " ".join(out.split()), words
