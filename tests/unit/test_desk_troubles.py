"""What goes wrong in the shop's own files or in its database stops nobody's mail."""

from __future__ import annotations

from pathlib import Path

from desk_kit import make

# It compiles and fits the samples, and fails on a subject that is not among them.
FAILING = "{{ marker }}\n{{ 1 // (0 if 'teapot' in subject else 1) }}\n{{ new_text }}\n"


def test_R10_a_template_that_fails_on_a_mail_is_replaced_by_the_shipped_one(tmp_path: Path) -> None:
    desk = make(tmp_path, templates={"notification.txt.j2": FAILING})

    desk.customer("It leaks.\n", subject="My teapot")

    told = desk.to("anna@shop.example", "notification")
    assert "It leaks." in told.mail.text
    assert "alert" in [each.kind for each in desk.outbox()]
    assert desk.entry(1).state == "applied"


def test_R10_damaged_bytes_are_put_aside_and_those_behind_go_on(tmp_path: Path) -> None:
    desk = make(tmp_path)
    desk.journal(b"From: jane@customer.example\nTo: support@shop.example\nSubject: a\n\none\n")
    desk.journal(b"From: jane@customer.example\nTo: support@shop.example\nSubject: b\n\ntwo\n")
    with desk.database.write() as connection:
        connection.exec_driver_sql("UPDATE blob SET data = x'00010203' WHERE id = 1")

    desk.work()

    assert desk.entry(1).state == "quarantined"
    assert "damaged" in desk.entry(1).error
    assert desk.entry(2).state == "applied"
