"""Attachments' names in every form in which clients write them."""

from __future__ import annotations

import pytest

from inboxd.mail.mime import parse


def name_of(fields: str | bytes) -> str:
    head = b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\n--b\n"
    raw = fields if isinstance(fields, bytes) else fields.encode()
    (attached,) = parse(head + raw + b"\n\nx\n--b--\n").attachments
    return attached.filename


DISPOSITION = "Content-Type: application/pdf\nContent-Disposition: attachment; "


@pytest.mark.parametrize(
    "parameters",
    [
        "filename=März.pdf",
        'filename = "März.pdf"',
        'filename="März.pdf";',
        'filename="März.pdf" size=3',
        "filename='März.pdf'",
        'FILENAME="März.pdf"',
        'filename="März.pdf',
        'filename="C:\\temp\\März.pdf"',
        'filename="a/März.pdf"',
        "filename*=UTF-8''M%C3%A4rz.pdf",
        "filename*=utf-8'de'M%c3%a4rz.pdf",
        "filename*=iso-8859-1''M%E4rz.pdf",
        "filename*=\"UTF-8''M%C3%A4rz.pdf\"",
        "filename*='UTF-8'M%C3%A4rz.pdf",
        "filename*=UTF-8'M%C3%A4rz.pdf",
        "filename*=''M%C3%A4rz.pdf",
        "filename*=M%C3%A4rz.pdf",
        "filename*=utf8''M%E4rz.pdf",
        "filename*=x-unknown''M%E4rz.pdf",
        "filename*=UTF-8''März.pdf",
        "filename*=UTF-8''=?utf-8?q?M=C3=A4rz=2Epdf?=",
        "filename=\"UTF-8''M%C3%A4rz.pdf\"",
        "filename*0=\"UTF-8''M%C3%A4\"; filename*1=rz.pdf",
        "filename*0=Mä; filename*1=rz.pdf",
        "filename*1=rz.pdf; filename*0=Mä",
        "filename*00=Mä; filename*01=rz.pdf",
        "filename*0*=UTF-8''M%C3; filename*1*=%A4rz.pdf",
        "filename*0*=M%C3%A4; filename*1=rz.pdf",
        'filename*0="=?utf-8?Q?M=C3=A4?="; filename*1=rz.pdf',
        'filename*0="=?utf-8?Q?M=C3=A4"; filename*1="rz.pdf?="',
        'filename="=?utf-8?Q?M=C3=A4rz.pdf?="',
        'filename="=?utf-8?Q?M=C3=A4?=\n =?utf-8?Q?rz.pdf?="',
        'filename="=?utf-8?q?M=C3=A4rz=2Epdf"',
        "filename==?utf-8?Q?M=C3=A4rz.pdf?=",
        "filename==?utf-8?Q?M=C3=A4rz?=.pdf",
        "filename==?utf-8?B?TcOkcno=?=\n =?utf-8?B?LnBkZg==?=",
        "filename=Maerz.pdf; filename*=utf-8''M%C3%A4rz.pdf",
        "filename=März.pdf; filename=other.pdf",
        "name=März.pdf",
    ],
)
def test_pitfall_11_a_file_name_in_every_form(parameters: str) -> None:
    assert name_of(DISPOSITION + parameters) == "März.pdf"


@pytest.mark.parametrize(
    ("name", "charset"),
    [
        ("März.pdf", "cp1252"),
        ("Договор.pdf", "cp1251"),
        ("新文件资料.pdf", "gb18030"),
        ("회의 자료.pdf", "cp949"),
        ("会議の資料.pdf", "cp932"),
        ("資料.pdf", "iso-2022-jp"),
    ],
)
def test_pitfall_11_a_raw_file_name_that_nothing_labels(name: str, charset: str) -> None:
    raw = DISPOSITION.encode() + b'filename="' + name.encode(charset) + b'"'
    assert name_of(raw) == name


@pytest.mark.parametrize(
    "fields",
    [
        "Content-Type: application/pdf; name=a.pdf",
        'Content-Type: application/pdf\n\tname="a.pdf"',
        "Content-Type: application/pdf, name=a.pdf",
        "Content-Type: application/pdf;; name=a.pdf",
        'Content-Type: "application/pdf"; name=a.pdf',
        "Content-Type: application / pdf; name=a.pdf",
        "Content-Type: application/pdf; filename=a.pdf",
        "Content-Type: application; name=a.pdf",
        "Content-Disposition: ; filename=a.pdf",
        "Content-Disposition: filename=a.pdf",
        "Content-Disposition: attachment, filename=a.pdf",
        "Content-Disposition: attachment filename=a.pdf",
        'Content-Disposition: "attachment"; filename=a.pdf',
        "Content-Disposition: =?utf-8?Q?attachment?=; filename=a.pdf",
        "Content-Disposition:\n attachment;\n filename\n =\n a.pdf",
        "Content-Disposition: inline\nContent-Disposition: attachment; filename=a.pdf",
        "Content-Type: application/pdf\nContent-Location: http://x.example/y/a.pdf?z",
        "Content-Type: application/pdf\nContent-Description: a.pdf",
    ],
)
def test_the_field_that_names_a_file_may_be_any(fields: str) -> None:
    assert name_of(fields) == "a.pdf"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ("Content-Type: application/pdf\nContent-Description: An invoice", "attachment-2.pdf"),
        ("Content-Type: application/pdf\nContent-Location: http://x.example/", "attachment-2.pdf"),
        ("Content-Type: image/x-icon", "attachment-2.ico"),
        ("Content-Type: text/csv", "attachment-2.csv"),
        ("Content-Type: application/x-own", "attachment-2.bin"),
        ("Content-Type: application/vnd.ms-outlook", "attachment-2.msg"),
    ],
)
def test_a_nameless_file_is_named_after_its_type(fields: str, name: str) -> None:
    assert name_of(fields) == name


@pytest.mark.parametrize(
    ("field", "filename"),
    [
        ('filename="a.pdf"', "a.pdf"),
        ("filename=a b.pdf", "a b.pdf"),
        ("filename*=utf-8''Rechnung%20M%C3%A4rz.pdf", "Rechnung März.pdf"),
        ("filename*=iso-8859-1'de'M%E4rz.pdf", "März.pdf"),
        ("filename*0*=utf-8''M%C3%A4; filename*1=\"rz.pdf\"", "März.pdf"),
        ("filename*1=rz.pdf; filename*0=Mae", "Maerz.pdf"),
        ("filename*0*=utf-8''M%C3; filename*1*=%A4rz.pdf", "März.pdf"),
        ("filename=a.pdf; filename*=utf-8''%C3%A4.pdf", "ä.pdf"),
        ("filename*=\"utf-8''%C3%A4.pdf\"", "ä.pdf"),
        ("filename*=plain.pdf", "plain.pdf"),
        ('filename="=?utf-8?q?M=C3=A4rz=2Epdf?="', "März.pdf"),
        ("filename==?utf-8?b?TcOkcnoucGRm?=", "März.pdf"),
        ('filename="März.pdf"', "März.pdf"),
        ('filename="a.pdf', "a.pdf"),
        ('filename="a\\"b.pdf"', "a_b.pdf"),
        ("filename*=unknown''%E4.pdf", "ä.pdf"),
        ('filename=""', "attachment-2.pdf"),
        ("x=y", "attachment-2.pdf"),
    ],
)
def test_pitfall_11_other_forms_of_file_names(field: str, filename: str) -> None:
    assert name_of(f"Content-Type: application/pdf\nContent-Disposition: attachment; {field}") == (
        filename
    )
