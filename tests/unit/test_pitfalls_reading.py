"""Pitfalls 10 to 12 and 26 through the whole desk: what an agent sees of a mail hard to read."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from desk_kit import ACKNOWLEDGE, SHOP, File, letter, make
from test_tnef import file, winmail


def test_pitfall_10_seventy_files_are_filed_and_one_notification_goes_out(tmp_path: Path) -> None:
    desk = make(tmp_path, rules=ACKNOWLEDGE)
    files = [
        File(f"photo-{n}.jpg", "image/jpeg", b"\xff\xd8" + bytes([n]) * 500) for n in range(70)
    ]
    desk.send(letter(text="My photos.\n", files=files), to=[SHOP])
    (message,) = [each for each in desk.messages() if each.direction == "inbound"]
    assert [each.filename for each in message.attachments] == [f.name for f in files]
    text = desk.to("anna@shop.example", "notification").mail.text
    assert "My photos." in text
    assert "photo-0.jpg" in text


def test_pitfall_10_a_large_file_is_not_held_in_memory_many_times(tmp_path: Path) -> None:
    """Thirty megabytes of attachment cost a few copies at most, not one for each agent."""
    desk = make(tmp_path)
    raw = letter(files=[File("film.mp4", "video/mp4", b"0123456789abcde\n" * 2_000_000)])
    desk.journal(raw, to=[SHOP])
    tracemalloc.start()
    try:
        desk.work()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert desk.count() == 1
    assert peak < 6 * len(raw)


CHARSETS = {
    "gb2312 that is gb18030": ("gb2312", "gb18030", "我的绿茶在哪里？㐀 €"),
    "ks_c_5601 that is cp949": ("ks_c_5601-1987", "cp949", "녹차 똠방각하"),
    "iso-2022-jp that is Microsoft's": ("iso-2022-jp", "iso2022_jp_ext", "緑茶はどこですか"),
    "iso-8859-1 that is windows-1252": ("iso-8859-1", "cp1252", "Grüner Tee – „wo?“ 5 €"),
    "windows-1258": ("windows-1258", "cp1258", "Trà xanh"),
    "unknown": ("x-unknown", "utf-8", "Wo ist mein grüner Tee?"),
    "none": ("", "utf-8", "Wo ist mein grüner Tee?"),
}


@pytest.mark.parametrize("name", CHARSETS)
def test_pitfall_11_an_agent_reads_what_the_customer_wrote(tmp_path: Path, name: str) -> None:
    label, codec, words = CHARSETS[name]
    desk = make(tmp_path)
    charset = f"; charset={label}" if label else ""
    head = (
        "From: jane@customer.example\nTo: support@shop.example\nSubject: Tea\n"
        f"Content-Type: text/plain{charset}\nContent-Transfer-Encoding: 8bit\n\n"
    )
    desk.send(head.encode() + words.encode(codec) + b"\n", to=[SHOP])
    assert desk.texts() == [f"inbound: {words}"]
    assert words in desk.to("anna@shop.example").mail.text


def test_pitfall_11_raw_bytes_in_subject_and_file_name_are_shown(tmp_path: Path) -> None:
    desk = make(tmp_path)
    raw = letter(subject="Grüner Tee", files=[File("Größe.txt", "text/plain", b"10")])
    desk.send(raw, to=[SHOP])
    assert desk.conversation().subject == "Grüner Tee"
    assert [each.filename for each in desk.messages()[0].attachments] == ["Größe.txt"]


def test_pitfall_12_what_winmail_dat_holds_reaches_the_agents(tmp_path: Path) -> None:
    desk = make(tmp_path)
    data = winmail(file(b"Invoice.pdf", b"%PDF-1.4 invoice"))
    raw = letter(
        text="See the invoice.\n", files=[File("winmail.dat", "application/ms-tnef", data)]
    )
    desk.send(raw, to=[SHOP])
    assert [each.filename for each in desk.messages()[0].attachments] == ["Invoice.pdf"]
    notification = desk.to("anna@shop.example").mail
    assert "Invoice.pdf" in notification.text
    assert "winmail.dat" not in notification.text


@pytest.mark.parametrize("year", [1970, 2019, 2038, 2150])
def test_pitfall_26_a_wrong_date_neither_sorts_nor_times_a_conversation(
    tmp_path: Path, year: int
) -> None:
    """Order and timers follow the time of arrival; what the sender claims is kept and no more."""
    rules = "- {name: Nudge, when: open, for: 2 hours, then: [{tag: waiting}]}\n"
    desk = make(tmp_path, rules=rules)
    asked = desk.customer("First.\n", date=datetime(year, 1, 1, tzinfo=UTC))
    desk.clock.advance(timedelta(minutes=10))
    desk.customer("Second.\n", in_reply_to=asked)
    assert desk.texts() == ["inbound: First.", "inbound: Second."]
    assert desk.conversation().updated_at == desk.clock.now()
    assert [each.due_at for each in desk.timers()] == [desk.clock.now() + timedelta(hours=2)]
    desk.later(hours=1)
    assert desk.conversation().tags == ()
    desk.later(hours=1, seconds=1)
    assert list(desk.conversation().tags) == ["waiting"]
