import struct

import pytest

from inboxd.mail.mime import parse, read_part
from inboxd.mail.reading import Reading
from inboxd.mail.rtf import rtf_text
from inboxd.mail.tnef import SIGNATURE, Unpacked, unpack_tnef

OEM_CODEPAGE, BODY, MAPI_PROPS = 0x00069007, 0x0002800C, 0x00069003
REND_DATA, TITLE, DATA, ATTACHMENT = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
STRING8, UNICODE, BINARY, OBJECT, LONG = 0x001E, 0x001F, 0x0102, 0x000D, 0x0003


def attribute(level: int, identifier: int, value: bytes) -> bytes:
    checksum = sum(value) & 0xFFFF
    return struct.pack("<BII", level, identifier, len(value)) + value + struct.pack("<H", checksum)


def properties(*entries: tuple[int, int, bytes]) -> bytes:
    out = struct.pack("<I", len(entries))
    for kind, identifier, value in entries:
        out += struct.pack("<HH", kind, identifier)
        if identifier >= 0x8000:
            out += bytes(16) + struct.pack("<II", 0, 0x8554)
        if kind == LONG:
            out += value
        else:
            out += struct.pack("<II", 1, len(value)) + value + bytes(-len(value) % 4)
    return out


def winmail(*attributes: bytes) -> bytes:
    return (
        SIGNATURE
        + b"\x01\x00"
        + attribute(1, OEM_CODEPAGE, struct.pack("<II", 1252, 0))
        + (b"".join(attributes))
    )


def file(title: bytes, data: bytes, *entries: tuple[int, int, bytes]) -> bytes:
    return (
        attribute(2, REND_DATA, bytes(14))
        + attribute(2, TITLE, title + b"\0")
        + attribute(2, DATA, data)
        + (attribute(2, ATTACHMENT, properties(*entries)) if entries else b"")
    )


def unpack(data: bytes) -> Unpacked:
    return unpack_tnef(data, Reading())


def as_mail(data: bytes, words: str = "see attached") -> bytes:
    return (
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n"
        + words.encode()
        + b"\n--b\nContent-Type: application/ms-tnef; name=winmail.dat\n\n"
        + data
        + b"\n--b--\n"
    )


LONG_NAME = (UNICODE, 0x3707, "Rechnung März 2024.pdf\0".encode("utf-16-le"))
MIME_TAG = (STRING8, 0x370E, b"application/pdf\0")


def test_pitfall_12_files_in_winmail_dat_are_attachments() -> None:
    data = winmail(
        file(b"RECHNU~1.PDF", b"%PDF-1.4\0\0", LONG_NAME, MIME_TAG), file(b"B\xe4r.txt", b"bear")
    )
    raw = as_mail(data)
    parsed = parse(raw)
    assert [(a.filename, a.content_type, a.size) for a in parsed.attachments] == [
        ("Rechnung März 2024.pdf", "application/pdf", 10),
        ("Bär.txt", "application/octet-stream", 4),
    ]
    assert [read_part(raw, a.part) for a in parsed.attachments] == [b"%PDF-1.4\0\0", b"bear"]
    assert parsed.text == "see attached"


def test_pitfall_12_words_in_winmail_dat_are_the_text_where_there_is_no_other() -> None:
    data = winmail(
        attribute(1, MAPI_PROPS, properties((UNICODE, 0x1000, "Grüße\r\nA\0".encode("utf-16-le"))))
    )
    assert parse(as_mail(data, "")).text == "Grüße\nA"
    assert parse(as_mail(data, "other words")).text == "other words"
    assert parse(as_mail(data, "")).attachments == ()


def test_pitfall_12_a_body_attribute_is_text() -> None:
    assert unpack(winmail(attribute(1, BODY, b"Gr\xfc\xdfe\0"))).text == "Grüße"


def test_pitfall_12_html_in_winmail_dat_is_html() -> None:
    codepage = (LONG, 0x3FDE, struct.pack("<I", 65001))
    html = (BINARY, 0x1013, "<p>Grüße</p>".encode())
    parsed = parse(as_mail(winmail(attribute(1, MAPI_PROPS, properties(html, codepage))), ""))
    assert parsed.html == "<p>Grüße</p>"
    assert parsed.text.strip() == "Grüße"


def test_named_and_multiple_properties_are_passed_over() -> None:
    named = (LONG, 0x8001, bytes(4))
    several = struct.pack("<HHI", 0x1000 | STRING8, 0x6789, 2) + (
        struct.pack("<I", 3) + b"ab\0\0" + struct.pack("<I", 4) + b"abc\0"
    )
    rest = properties(named, (STRING8, 0x1000, b"words\0"))[4:]
    value = struct.pack("<I", 3) + several + rest
    assert unpack(winmail(attribute(1, MAPI_PROPS, value))).text == "words"


MESSAGE = bytes.fromhex("0703020000000000c000000000000046")


def attached(object_id: bytes, data: bytes) -> bytes:
    embedded = (OBJECT, 0x3701, object_id + data)
    name = (STRING8, 0x3001, b"Forwarded\0")
    return attribute(2, REND_DATA, bytes(14)) + attribute(2, ATTACHMENT, properties(embedded, name))


def test_an_embedded_object_is_a_file_without_its_interface_id() -> None:
    (found,) = unpack(winmail(attached(bytes(16), b"object\0\0"))).files
    assert (found.name, found.data) == ("Forwarded", b"object\0\0")


def test_pitfall_12_an_attached_message_gives_its_words_and_its_files() -> None:
    inner = winmail(attribute(1, BODY, b"inner words\0"), file(b"a.txt", b"bear"))
    raw = as_mail(winmail(attached(MESSAGE, inner), file(b"b.txt", b"cat")))
    parsed = parse(raw)
    assert [a.filename for a in parsed.attachments] == ["Forwarded.txt", "a.txt", "b.txt"]
    assert [read_part(raw, a.part) for a in parsed.attachments] == [b"inner words", b"bear", b"cat"]


def test_S4_messages_nested_in_winmail_dat_end_at_a_depth() -> None:
    data = winmail(file(b"a.txt", b"bear"))
    for _ in range(2000):
        data = winmail(attached(MESSAGE, data))
    (found,) = unpack(data).files
    assert found.data.startswith(SIGNATURE)


def test_an_attached_message_that_says_nothing_stays_a_file() -> None:
    (found,) = unpack(winmail(attached(MESSAGE, winmail()))).files
    assert found.data.startswith(SIGNATURE)


RTF = (
    rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\pard Gr\'fc\'dfe\par \u8364? 5\line{\*\x y}ok}"
)


def test_pitfall_12_rtf_is_read_as_text() -> None:
    stored = struct.pack("<II4sI", len(RTF) + 12, len(RTF), b"MELA", 0) + RTF
    assert rtf_text(stored, "cp1252", Reading()) == "Grüße\n€ 5\nok"
    data = winmail(attribute(1, MAPI_PROPS, properties((BINARY, 0x1009, stored))))
    assert parse(as_mail(data, "")).text == "Grüße\n€ 5\nok"


def test_compressed_rtf_is_decompressed() -> None:
    # The example of [MS-OXRTFCP] section 4.1.1: literals, and references into the dictionary.
    compressed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232"
        "0af32068656c090020627705b06c647d0a800fa0"
    )
    assert rtf_text(compressed, "cp1252", Reading()) == "hello world"


def test_rtf_that_cannot_be_decompressed_is_left_out() -> None:
    reading = Reading()
    assert rtf_text(b"short", "cp1252", reading) == ""
    assert rtf_text(bytes(8) + b"NONE" + bytes(40), "cp1252", reading) == ""
    assert reading.defects == ["winmail.dat: its RTF text cannot be decompressed: left out"]


@pytest.mark.parametrize("cut", range(0, 260, 7))
def test_S4_a_damaged_winmail_dat_keeps_what_can_be_read(cut: int) -> None:
    data = winmail(
        file(b"a.txt", b"bear", LONG_NAME),
        attribute(1, MAPI_PROPS, properties((STRING8, 0x1000, b"words\0"))),
    )
    raw = as_mail(data[:cut])
    parsed = parse(raw)
    assert not any(d.startswith("parse:") for d in parsed.defects)
    for attachment in parsed.attachments:
        assert len(read_part(raw, attachment.part)) == attachment.size


@pytest.mark.parametrize(
    "value",
    [
        struct.pack("<I", 0xFFFFFFFF),
        struct.pack("<I", 0xFFFFFFFF) + struct.pack("<HHI", STRING8, 0x1000, 0xFFFFFFFF),
        struct.pack("<IHHII", 1, STRING8, 0x1000, 1, 0xFFFFFFFF),
        struct.pack("<IHH", 1, 0x7777, 0x1000),
        b"",
    ],
)
def test_S4_false_counts_in_winmail_dat_end_at_once(value: bytes) -> None:
    unpack(winmail(attribute(1, MAPI_PROPS, value)))
    unpack(winmail(attribute(1, MAPI_PROPS, value) * 200))


def test_what_is_no_tnef_stays_an_attachment() -> None:
    parsed = parse(as_mail(b"something else"))
    assert [a.filename for a in parsed.attachments] == ["winmail.dat"]
    assert any(d.startswith("winmail.dat:") for d in parsed.defects)
