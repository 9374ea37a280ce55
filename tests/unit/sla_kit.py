"""What the tests of SLA policies share: a shop with some, and how its promises stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from desk_kit import CONFIG, Desk, make

from inboxd.store import sla

POLICIES = """\
timezone: Europe/Berlin
calendars:
  office: {hours: {mon-fri: ["9:00-12:00", "13:00-18:00"]}}
  night: {hours: {mon-sun: "0:00-24:00"}}
calendar: office
teams:
  billing: {calendar: night}
sla:
  standard:
    first_response: 4 business hours
    next_response: 8 business hours
    resolution: 3 business days
    warn_at: 75%
    priorities:
      urgent: {first_response: 1 business hour}
  gold: {first_response: 30 min, warn_at: 10 min}
"""

RULES = """\
- name: Warn
  when: sla.warning
  then: {tag: warned}
- name: Escalate
  when: sla.breached
  then:
    - tag: breached
    - notify: anna
- name: Gold customers
  when: conversation.opened
  if: {subject: gold}
  then: {sla: gold}
- name: No promises
  when: conversation.opened
  if: {subject: someday}
  then: {sla: none}
- name: Urgent
  when: message.received
  if: {body: urgent}
  then: {set: {priority: urgent}}
"""


def shop(folder: Path, *, rules: str = RULES, policies: str = POLICIES, **options: Any) -> Desk:
    """Make a shop in Berlin with policies, `standard` being its mailbox's."""
    config = CONFIG.replace("    notify:", "    sla: standard\n    notify:") + policies
    return make(folder, config=config, rules=rules, **options)


def promises(desk: Desk, number: int = 1) -> list[str]:
    """Return a conversation's promises in a line each: kind, state and when it is due in Berlin."""
    zone = desk.shop.config.zone()
    with desk.database.read() as connection:
        found = sla.of_many(connection, [number])[number]
    lines = []
    for each in found:
        due = f" {each.due_at.astimezone(zone):%a %H:%M}" if each.due_at else ""
        told = "!" * (each.warned_at is not None) + "!!" * (each.breached_at is not None)
        lines.append(f"{each.kind} {each.state}{due}{told}")
    return lines


def armed(desk: Desk, number: int = 1) -> list[str]:
    """Return what is armed for a conversation's promises, and when in Berlin."""
    zone = desk.shop.config.zone()
    return [
        f"{each.rule} {each.due_at.astimezone(zone):%a %H:%M}"
        for each in desk.timers(number)
        if each.kind == "sla"
    ]
