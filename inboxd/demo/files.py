"""The demo's shop: a configuration as an admin would write it."""

from __future__ import annotations

from pathlib import Path

CONFIG = """\
data_dir: var
database: sqlite:///inboxd.db
mailboxes:
  - name: support
    address: support@shop.example
    display_name: Tea Shop
    notify: [support-team]
    signature: |
      The Tea Shop, 5 Harbour Street
listen:
  smtp: {host: 127.0.0.1, port: 0}
send:
  smtp: {host: 127.0.0.1, port: POST_OFFICE, tls: none}
agents:
  - {name: anna, address: anna@shop.example, teams: [support-team], role: admin}
  - {name: ben, address: ben@shop.example, teams: [support-team]}
rules: rules/
canned: canned/
templates: templates/
"""

RULES = """\
- name: Delivery questions
  when: conversation.opened
  if:
    any:
      - subject: {contains: [parcel, delivery]}
      - body: {contains: [parcel, delivery]}
  then:
    - tag: delivery
    - set: {priority: high}

- name: Acknowledge
  when: conversation.opened
  then:
    - reply: {canned: received}

- name: Nudge a silent customer
  when: pending
  for: 3 business days
  then:
    - reply: {canned: still-there}
    - tag: nudged
"""

RECEIVED = """\
---
title: We have your mail
---
Hello{{ " " ~ contact.name if contact.name }},

thank you, your mail has reached us. We answer within a working day.
"""

STILL_THERE = """\
---
title: Are you still there?
---
Hello{{ " " ~ contact.name if contact.name }},

did our answer help? If anything is left, simply answer this mail.
"""


def write_shop(folder: Path, post_office: int) -> Path:
    """Write the demo's configuration into `folder` and return the path of its `inboxd.yaml`."""
    files = {
        "inboxd.yaml": CONFIG.replace("POST_OFFICE", str(post_office)),
        "rules/10-demo.yaml": RULES,
        "canned/received.md": RECEIVED,
        "canned/still-there.md": STILL_THERE,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "inboxd.yaml"
