"""scripts/score on a small corpus of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import score_run
from score import MISSED, UNREADABLE, main
from score_checks import Read, check, check_threads
from score_corpus import Folder, UnreadableCorpus, read_corpus
from score_report import Score, lines, missed, summed
from score_run import Readers

from inboxd.mail.mime import parse
from inboxd.mail.model import ParsedMail

MAIL = b"""\
From: Jane Doe <jane@customer.example>
To: Shop <support@shop.example>, help@shop.example
Cc: Tom <tom@customer.example>
Subject: =?utf-8?q?Gr=C3=BCner?= Tee
Date: Mon, 6 May 2030 08:00:00 +0200
Message-ID: <1@customer.example>
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8

Where is  my
tea?

On Mon, 6 May 2030 at 07:00, Shop <support@shop.example> wrote:
> Hello
--b
Content-Type: application/pdf; name=bill.pdf
Content-Disposition: attachment; filename=bill.pdf

0123456789
--b--
"""
RIGHT: dict[str, Any] = {
    "from_email": "jane@customer.example",
    "from_display_name": "Jane Doe",
    "subject": "Grüner  Tee",
    "to": "Shop <support@shop.example>, help@shop.example",
    "cc": ["tom@customer.example"],
    "date": "2030-05-06T06:00:00+00:00",
    "message_id": "<1@customer.example>",
    "attachments": [{"name": "bill.pdf", "type": "application/pdf", "size": 10}],
    "reply_text": "Where is my tea?",
    "reply_text_nows": "Whereismytea?",
    "reply_contains": ["is my tea"],
    "reply_not_contains": "Hello",
    "is_bounce": False,
    "is_auto_reply": False,
    "may_auto_respond": True,
}
WRONG: dict[str, Any] = {
    "from_email": "tom@customer.example",
    "from_display_name": "Jane",
    "subject": "Black tea",
    "to": "support@shop.example",
    "cc": [],
    "date": None,
    "message_id": "2@customer.example",
    "attachments": [{"name": "letter.pdf", "type": "application/pdf", "size": 10}],
    "reply_text": "Where is my",
    "reply_text_nows": "Whereismy",
    "reply_contains": ["is my tea", "Hello"],
    "reply_not_contains": ["tea"],
    "is_bounce": True,
    "is_auto_reply": True,
    "may_auto_respond": False,
}


def write(folder: Path, entries: dict[str, tuple[bytes, str, dict[str, Any]]]) -> Path:
    """Write a corpus's folder: for each file its bytes, its kind and what is expected."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for file, (raw, kind, expect) in entries.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        if raw:
            (folder / file).write_bytes(raw)
        found.append(json.dumps({"file": file, "kind": kind, "expect": expect}))
    (folder / "expect.jsonl").write_text("\n".join(found) + "\n", encoding="utf-8")
    return folder


def scored(corpus: Path, readers: Readers | None = None) -> Score:
    (folder,) = read_corpus(corpus)
    return summed(folder.name, score_run.score(folder, readers))


@pytest.mark.parametrize("key", RIGHT)
def test_each_expectation_is_met_or_not(key: str) -> None:
    mail = parse(MAIL)
    read = Read(mail.reply_text, mail, score_run._judged(mail, MAIL), MAIL)
    assert [each.right for each in check({key: RIGHT[key]}, read)].count(False) == 0
    assert check({key: RIGHT[key]}, read) != []
    assert [each.right for each in check({key: WRONG[key]}, read)].count(True) == 0


@pytest.mark.parametrize(
    "expect",
    [
        {"to": [{"name": "Shop", "address": "support@shop.example"}, "help@shop.example"]},
        {"attachments": ["bill.pdf"]},
        {"attachments": [{"name": "bill.pdf", "type": None, "size": None}]},
        {"attachments": [{"name": "message.html"}, {"name": "bill.pdf", "size": 10}]},
        {"date": "2030-05-06T06:00:00Z", "reply_not_contains": []},
    ],
)
def test_collectors_write_the_same_in_several_forms(expect: dict[str, Any]) -> None:
    mail = parse(MAIL)
    found = check(expect, Read(mail.reply_text, mail, score_run._judged(mail, MAIL), MAIL))
    assert found
    assert all(each.right for each in found)


def test_right_and_wrong_files_are_counted(tmp_path: Path) -> None:
    write(
        tmp_path / "any name",
        {
            "a": (MAIL, "message", RIGHT),
            "b.eml": (MAIL, "message", {**RIGHT, "subject": "Black tea"}),
            "c.txt": (b"New\n\nOn Mon, 6 May 2030 at 07:00, Al <a@b.example> wrote:\n> Old\n",
                      "reply_plain", {"reply_text": "New"}),
            "d.txt": (MAIL, "no-crash", {}),
        },
    )  # fmt: skip
    score = scored(tmp_path)
    assert (score.folder, score.files.right, score.files.of, score.only_read) == (
        "any name",
        2,
        3,
        1,
    )
    assert (score.names["subject"].right, score.names["subject"].of) == (1, 2)
    assert (score.groups["reply"].right, score.groups["reply"].of) == (3, 3)
    assert score.crashes == []


def test_a_folder_without_expectations_is_to_be_read(tmp_path: Path) -> None:
    write(tmp_path / "one", {"a": (MAIL, "message", {})})
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "any.eml").write_bytes(b"\xff\x00")
    (tmp_path / "two" / "README.md").write_text("not mail")
    names = {folder.name: [e.file for e in folder.entries] for folder in read_corpus(tmp_path)}
    assert names == {"one": ["a"], "two": ["any.eml"]}


def test_a_crash_is_counted_and_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    write(
        tmp_path / "x",
        {
            "bad.eml": (b"Subject: bad\n\nbad", "message", {"subject": "bad"}),
            "good.eml": (MAIL, "message", {"subject": "Grüner Tee"}),
            "gone.eml": (b"", "message", {"subject": "gone"}),
            "threads": (b"", "references", {"threads": [[1], [2]]}),
        },
    )
    (tmp_path / "x" / "threads").mkdir()
    (tmp_path / "x" / "threads" / "001.eml").write_bytes(MAIL)
    (tmp_path / "x" / "threads" / "002.eml").write_bytes(b"Subject: bad\n\nbad")

    def fail(raw: bytes) -> ParsedMail:
        if b"bad" in raw:
            raise RecursionError("too deep")
        return parse(raw)

    score = scored(tmp_path, Readers(parse=fail))
    assert [crash.split(": ")[:2] for crash in score.crashes] == [
        ["bad.eml", "RecursionError"],
        ["gone.eml", "FileNotFoundError"],
        ["threads/002.eml", "RecursionError"],
    ]
    assert score.files.right == 1
    assert "3 crashed" in "\n".join(missed([score]))


def test_a_fault_that_the_reader_caught_itself_is_a_crash(tmp_path: Path) -> None:
    write(tmp_path / "x", {"a.eml": (MAIL, "no-crash", {})})
    caught = ParsedMail(text="raw", defects=("parse: IndexError: shown as raw text",))
    score = scored(tmp_path, Readers(parse=lambda _raw: caught))
    assert score.crashes == ["a.eml: parse: IndexError: shown as raw text"]


def test_what_cannot_be_written_down_is_a_crash(tmp_path: Path) -> None:
    write(tmp_path / "x", {"a.eml": (MAIL, "no-crash", {})})
    score = scored(tmp_path, Readers(parse=lambda _raw: ParsedMail(text="\ud800")))
    assert "UnicodeEncodeError" in score.crashes[0]


def test_a_slow_file_is_shown(tmp_path: Path) -> None:
    write(tmp_path / "x", {n: (MAIL, "no-crash", {}) for n in ("a.eml", "b.eml")})
    times: Iterator[float] = iter([0.0, 2.5, 3.0, 3.1])
    score = scored(tmp_path, Readers(clock=lambda: next(times)))
    assert score.slow == [("a.eml", 2.5)]
    shown = list(lines(score))
    assert shown[0].endswith("a.eml 2500 ms")
    assert "  slow: a.eml 2.5 s" in shown
    assert list(missed([score])) == ["x: 1 slower than 2 s"]


def test_a_file_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "x", {n: (MAIL, "no-crash", {}) for n in ("a.eml", "b.eml")})
    monkeypatch.setattr(score_run, "_GIVE_UP_SECONDS", 0.05)

    def endless(_raw: bytes) -> ParsedMail:
        while True:
            pass

    score = scored(tmp_path, Readers(parse=endless))
    assert [crash.split(": ")[1] for crash in score.crashes] == ["Overlong", "Overlong"]


def message(number: int, answers: int | None = None) -> bytes:
    field = f"In-Reply-To: <{answers}@a.example>\n" if answers else ""
    return (
        f"From: u{number}@a.example\nMessage-ID: <{number}@a.example>\n{field}\nText {number}"
    ).encode()


def test_threads_are_compared_as_a_partition(tmp_path: Path) -> None:
    """A late parent merges what had been apart."""
    folder = tmp_path / "mails"
    folder.mkdir()
    # 3 names 2, 2 names 1, and they come in the order 3, 1, 2; 4 is alone.
    for number, raw in enumerate([message(3, 2), message(1), message(2, 1), message(4)], 1):
        (folder / f"{number:03}.eml").write_bytes(raw)
    for threads, right in (([[1, 2, 3], [4]], True), ([[4], [3, 1, 2]], True), ([[1, 4]], False)):
        write(tmp_path, {"mails": (b"", "references", {"n_threads": 2, "threads": threads})})
        score = scored(tmp_path)
        assert (score.names["threads"].right == 1) is right
        assert score.unscored == set()
    assert check_threads([[1, 2]], [[1], [2]]).got == "[(1,), (2,)]"
    assert check_threads([["002.eml", "1"]], [[1, 2]]).right


def report(action: str, recipient: str = "tom@c.example") -> bytes:
    return (
        "From: MAILER-DAEMON@relay.example\nTo: support@shop.example\nSubject: failed\n"
        "Message-ID: <r@relay.example>\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; relay.example\n\nFinal-Recipient: rfc822; {recipient}\n"
        f"Action: {action}\nStatus: 5.0.0\n\n--b\nContent-Type: message/rfc822\n\n"
        "From: support@shop.example\nMessage-ID: <sent@shop.example>\n\nHi\n--b--\n"
    ).encode()


def test_bounces_are_scored_by_detection_and_recipients(tmp_path: Path) -> None:
    expect: dict[str, Any] = {"is_bounce": True, "temporary_recipients": []}
    write(
        tmp_path / "reports",
        {
            "a": (report("failed"), "bounce", {**expect, "bounced_recipients": ["tom@c.example"]}),
            "b": (report("delayed"), "bounce", {**expect, "bounced_recipients": ["tom@c.example"]}),
            "c": (MAIL, "bounce", {**expect, "bounced_recipients": []}),
            "d": (report("failed"), "message", {"is_bounce": False}),
            "e": (report("failed"), "message", {"joins_thread_of_embedded_original": True}),
        },
    )
    score = scored(tmp_path)
    assert (score.groups["bounce"].right, score.groups["bounce"].of) == (2, 4)
    assert (score.groups["recipients"].right, score.groups["recipients"].of) == (2, 3)
    assert (score.names["temporary recipients"].right, score.names["temporary recipients"].of) == (
        2,
        3,
    )
    assert score.false_bounces == ["d"]
    assert score.names["joins_thread_of_embedded_original"].right == 1


def test_what_nobody_scores_is_said(tmp_path: Path) -> None:
    expect = {"weight": 3, "from_email": "Jane jane@customer.example", "languages": ["en"]}
    write(tmp_path / "x", {"a": (MAIL, "message", expect)})
    shown = "\n".join(lines(scored(tmp_path)))
    assert "not scored: from_email that is no address, weight" in shown


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "good", {"a": (MAIL, "message", RIGHT)})
    write(tmp_path / "poor", {"a": (MAIL, "message", WRONG)})
    assert main(["--corpus", str(tmp_path), "--verbose"]) == 0
    shown = capsys.readouterr().out
    assert "good                         1      1      0        0   100.0" in shown
    assert "poor                         1      0      1        0     0.0" in shown
    assert "a: subject\n      expected  'Black tea'\n      got       'Grüner Tee'" in shown
    assert main(["--corpus", str(tmp_path), "--folder", "good", "--require"]) == 0
    capsys.readouterr()
    assert main(["--corpus", str(tmp_path), "--require", "--json"]) == MISSED
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert [folder["right"] for folder in found["folders"]] == [1, 0]
    assert found["folders"][1]["checks"]["subject"] == {"right": 0, "of": 1}
    assert "missed: poor: subject 0 of 1 (0.0 %); the aim is 95 %" in err


def test_no_corpus_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--corpus", str(tmp_path / "none")]) == UNREADABLE
    assert main(["--corpus", str(tmp_path)]) == UNREADABLE
    write(tmp_path / "x", {"a": (MAIL, "message", {})})
    assert main(["--corpus", str(tmp_path), "--folder", "y"]) == UNREADABLE
    (tmp_path / "x" / "expect.jsonl").write_text("{}\n")
    assert main(["--corpus", str(tmp_path)]) == UNREADABLE
    assert "expect.jsonl:1: no expectation" in capsys.readouterr().err
    with pytest.raises(UnreadableCorpus):
        read_corpus(tmp_path)


def test_a_corpus_can_be_one_folder(tmp_path: Path) -> None:
    write(tmp_path, {"a": (MAIL, "message", RIGHT)})
    assert [folder.name for folder in read_corpus(tmp_path)] == ["."]
    assert isinstance(read_corpus(tmp_path)[0], Folder)
