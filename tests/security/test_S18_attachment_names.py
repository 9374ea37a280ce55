"""S18: an attachment's name is a name, never a path, and always there."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inboxd.mail.filenames import MAX_BYTES, MAX_CHARS, safe_filename
from inboxd.mail.mime import parse

NAMES = {
    "../../etc/passwd": "passwd",
    "..\\..\\windows\\system32\\a.dll": "a.dll",
    "C:\\Users\\bob\\report.pdf": "report.pdf",
    "\\\\server\\share\\report.pdf": "report.pdf",
    "/etc/cron.d/job": "job",
    "..": "attachment-1.pdf",
    ".": "attachment-1.pdf",
    "/": "attachment-1.pdf",
    "": "attachment-1.pdf",
    "   ": "attachment-1.pdf",
    ".htaccess": "htaccess",
    "...hidden.pdf": "hidden.pdf",
    "a/../b.pdf": "b.pdf",
    "report.pdf/": "attachment-1.pdf",
    "invoice.pdf\0.exe": "invoice.pdf.exe",
    "a\r\nContent-Type: text.html": "a  Content-Type_ text.html",
    "exe.\u202efdp": "exe. fdp",
    "file:stream.txt": "file_stream.txt",
    "CON": "_CON",
    "nul.txt": "_nul.txt",
    'a<b>|c?*".pdf': "a_b__c___.pdf",
    "trailing. . ": "trailing",
    "=?utf-8?q?..=2F..=2Fetc=2Fpasswd?=": "passwd",
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_S18_a_name_never_becomes_a_path(name: str, expected: str) -> None:
    coded = "".join(f"%{byte:02X}" for byte in name.encode())
    plain = name.replace("\\", "\\\\").replace('"', '\\"')
    forms = [f"filename*=utf-8''{coded}"]
    if name.isprintable():
        forms += [f'filename="{plain}"']
    for form in forms:
        parsed = parse(
            b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/pdf\n"
            b"Content-Disposition: attachment; " + form.encode() + b"\n\nx\n--b--\n"
        )
        assert [a.filename for a in parsed.attachments] == [expected]


@pytest.mark.parametrize(
    "name", ["a" * 5000 + ".pdf", "ä" * 5000 + ".pdf", "件" * 300 + ".tar.gz", "." + "x" * 5000]
)
def test_S18_long_names_are_cut_and_keep_their_extension(name: str) -> None:
    short = safe_filename(name, "application/pdf", 1)
    assert len(short) <= MAX_CHARS
    assert len(short.encode()) <= MAX_BYTES
    if name.endswith((".pdf", ".gz")):
        assert short.rpartition(".")[2] == name.rpartition(".")[2]


def test_S18_an_attached_mails_subject_is_no_path() -> None:
    parsed = parse(
        b"Content-Type: message/rfc822\n\nSubject: ../../etc/passwd\r\n ;x\nFrom: a@b.example\n\nx"
    )
    assert [a.filename for a in parsed.attachments] == ["_.._etc_passwd ;x.eml"]


@settings(deadline=None)
@given(st.text(max_size=300), st.sampled_from(["application/pdf", "text/x", "", "message/rfc822"]))
def test_S18_any_text_gives_a_usable_name(name: str, content_type: str) -> None:
    short = safe_filename(name, content_type, 7)
    assert 0 < len(short) <= MAX_CHARS
    assert len(short.encode("utf-8")) <= MAX_BYTES
    assert not set(short) & set('/\\\0\r\n:*?"<>|')
    assert not short.startswith((".", " "))
    assert not short.endswith((" ", "."))
