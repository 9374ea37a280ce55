import base64
import hashlib
from email.message import EmailMessage

import pytest

from inboxd.mail.mime import parse, read_part
from inboxd.mail.model import MimeBudget, ParsedMail

HEAD = b"From: a@b.example\nTo: c@d.example\nSubject: s\nMIME-Version: 1.0\n"


def mail(body: str | bytes, *, head: bytes = HEAD) -> ParsedMail:
    return parse(head + (body.encode() if isinstance(body, str) else body))


def names(parsed: ParsedMail) -> list[str]:
    return [attachment.filename for attachment in parsed.attachments]


def test_a_plain_mail() -> None:
    parsed = mail("Content-Type: text/plain; charset=utf-8\n\nGrüße\n\nAlice\n")
    assert parsed.text == "Grüße\n\nAlice"
    assert parsed.html is None
    assert parsed.attachments == ()
    assert parsed.content_type == "text/plain"
    assert parsed.defects == ()
    assert parsed.size > 0


def test_line_ends_become_lf() -> None:
    assert mail(b"\r\none\r\ntwo\rthree\nfour", head=HEAD.replace(b"\n", b"\r\n")).text == (
        "one\ntwo\nthree\nfour"
    )


@pytest.mark.parametrize(
    ("encoding", "body", "text"),
    [
        ("7bit", b"hello", "hello"),
        ("quoted-printable", b"Gr=C3=BC=C3=9F=\ne =3D", "Grüße ="),
        ("Quoted-Printable", b"Gr=C3=BC=C3=9Fe =XX", "Grüße =XX"),
        ("base64", b"R3LDvMOf\nZQ==", "Grüße"),
        ("base64", b"R3LDvMOfZQ", "Grüße"),
        ("base64", b"R3LD vMOf!ZQ=", "Grüße"),
        ("base64 ", b"R3LDvMOfZQ==", "Grüße"),
        ("BASE64; x", b"R3LDvMOfZQ==", "Grüße"),
        ("x-uuencode", b"begin 644 a\n#0V%T\n`\nend\n", "Cat"),
        ("8bit", "Grüße".encode(), "Grüße"),
    ],
)
def test_transfer_encodings(encoding: str, body: bytes, text: str) -> None:
    head = f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n"
    assert mail(head.encode() + body).text == text


def test_an_unknown_transfer_encoding_is_read_as_it_stands() -> None:
    parsed = mail("Content-Transfer-Encoding: rot13\n\nhello")
    assert parsed.text == "hello"
    assert any(d.startswith("transfer encoding:") for d in parsed.defects)


def alternative(plain: str, html: str) -> str:
    return (
        "Content-Type: multipart/alternative; boundary=b\n\npreamble\n--b\n\n"
        f"{plain}\n--b\nContent-Type: text/html\n\n{html}\n--b--\nepilogue\n"
    )


def test_of_alternatives_the_plain_text_is_the_text() -> None:
    parsed = mail(alternative("plain words", "<p>rich <b>words</b></p>"))
    assert parsed.text == "plain words"
    assert parsed.html == "<p>rich <b>words</b></p>"
    assert parsed.attachments == ()


@pytest.mark.parametrize(
    "stub",
    ["", " \n\xa0\n", "Your mail client does not show HTML.", "View this message in your browser."],
)
def test_a_plain_part_that_says_nothing_gives_way_to_the_html(stub: str) -> None:
    words = "The parcel has not arrived and I would like my money back, please. " * 3
    parsed = mail(alternative(stub, f"<p>{words}</p>"))
    assert " ".join(parsed.text.split()) == words.strip()


def test_a_short_plain_part_that_says_something_stays() -> None:
    parsed = mail(alternative("Yes please.", "<p>Yes please.</p><p>" + "footer " * 50 + "</p>"))
    assert parsed.text == "Yes please."


def test_html_alone_becomes_text() -> None:
    parsed = mail("Content-Type: text/html\n\n<p>one</p><p>two &amp; three</p>")
    assert parsed.text.split() == ["one", "two", "&", "three"]
    assert parsed.html == "<p>one</p><p>two &amp; three</p>"


def test_html_that_is_called_plain_is_html() -> None:
    parsed = mail("Content-Type: text/plain\n\n<!DOCTYPE html><html><body>words</body></html>")
    assert parsed.text.strip() == "words"
    assert parsed.html is not None


def test_text_parts_of_a_mixed_mail_follow_each_other() -> None:
    parsed = mail(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n"
        "Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\niVBORw==\n"
        "--b\nContent-Type: text/plain\n\ntwo\n--b--\n"
    )
    assert parsed.text == "one\n\ntwo"
    assert names(parsed) == ["a.png"]


def test_a_list_footer_in_plain_text_is_in_the_html_too() -> None:
    parsed = mail(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>hi</p>\n"
        "--b\nContent-Type: text/plain\n\nlist <footer>\n--b--\n"
    )
    assert parsed.text.split() == ["hi", "list", "<footer>"]
    assert parsed.html == "<p>hi</p>\n<pre>list &lt;footer&gt;</pre>"


def test_inline_images_keep_their_content_id() -> None:
    parsed = mail(
        "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n"
        '<img src="cid:logo@x">\n--b\nContent-Type: image/png; name=logo.png\n'
        "Content-ID: <logo@x>\nContent-Transfer-Encoding: base64\n\niVBORw==\n--b--\n"
    )
    (image,) = parsed.attachments
    assert (image.inline, image.content_id, image.filename) == (True, "logo@x", "logo.png")
    assert image.size == 4
    assert image.sha256 == hashlib.sha256(b"\x89PNG").hexdigest()


def test_the_root_of_related_parts_may_stand_anywhere() -> None:
    parsed = mail(
        "Content-Type: multipart/related; boundary=b; start=<root@x>\n\n--b\n"
        "Content-Type: image/png\nContent-ID: <i@x>\n\nx\n--b\nContent-Type: text/html\n"
        "Content-ID: <root@x>\n\n<p>words</p>\n--b--\n"
    )
    assert parsed.text.strip() == "words"
    assert [a.content_id for a in parsed.attachments] == ["i@x"]


def test_signed_mail_shows_its_words_and_names_its_signature() -> None:
    parsed = mail(
        "Content-Type: multipart/signed; boundary=b; micalg=pgp-sha256\n\n--b\n\nwords\n--b\n"
        "Content-Type: application/pgp-signature\n\n-----BEGIN-----\n--b--\n"
    )
    assert parsed.text == "words"
    assert names(parsed) == ["signature.asc"]


def test_an_invitation_is_a_file_of_its_own() -> None:
    parsed = mail(
        "Content-Type: multipart/alternative; boundary=b\n\n--b\n\ncome\n--b\n"
        "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n--b--\n"
    )
    assert parsed.text == "come"
    assert [(a.filename, a.content_type) for a in parsed.attachments] == [
        ("invitation.ics", "text/calendar")
    ]


def test_a_rendering_for_other_programs_is_no_file() -> None:
    parsed = mail(
        "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nx\n--b\n"
        "Content-Type: text/x-amp-html\n\n<html amp4email>\n--b\nContent-Type: text/html\n\n<p>x\n"
        "--b--\n"
    )
    assert parsed.attachments == ()


def test_an_attached_mail_is_kept_whole() -> None:
    inner = (
        "From: x@y.example\nSubject: =?utf-8?q?R=C3=BCckfrage=3A_a/b?=\n"
        "Content-Type: multipart/mixed; boundary=b2\n\n--b2\n\ninner words\n--b2--\n"
    )
    raw = (
        HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee below\n--b\n"
        b"Content-Type: message/rfc822\n\n" + inner.encode() + b"\n--b--\n"
    )
    parsed = parse(raw)
    (attached,) = parsed.attachments
    assert parsed.text == "see below"
    assert attached.filename == "Rückfrage_ a_b.eml"
    assert attached.content_type == "message/rfc822"
    assert read_part(raw, attached.part) == inner.encode()
    assert attached.size == len(inner)
    assert attached.sha256 == hashlib.sha256(inner.encode()).hexdigest()


def test_the_parts_of_a_digest_are_mails() -> None:
    parsed = mail(
        "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\nx\n--b\n\n"
        "Subject: two\n\ny\n--b--\n"
    )
    assert names(parsed) == ["one.eml", "two.eml"]


def test_reports_are_kept_as_text() -> None:
    parsed = mail(
        "Content-Type: multipart/report; report-type=Delivery-Status; boundary=b\n\n--b\n\n"
        "could not deliver\n--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\n--b\n"
        "Content-Type: message/rfc822\n\nMessage-ID: <1@x>\nSubject: lost\n\nbody\n--b--\n"
    )
    assert parsed.report_type == "delivery-status"
    assert parsed.text == "could not deliver"
    assert [report.content_type for report in parsed.reports] == [
        "message/delivery-status",
        "message/rfc822",
    ]
    assert "\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed" in parsed.reports[0].text
    assert parsed.reports[1].text == "Message-ID: <1@x>\nSubject: lost\n"
    assert names(parsed) == ["lost.eml"]


@pytest.mark.parametrize(
    "kind", ["message/disposition-notification", "message/feedback-report", "text/rfc822-headers"]
)
def test_other_reports_are_kept_too_and_are_no_files(kind: str) -> None:
    parsed = mail(
        "Content-Type: multipart/report; boundary=b\n\n--b\n\nx\n--b\n"
        f"Content-Type: {kind}\n\nA: b\n--b--\n"
    )
    assert [(r.content_type, r.text) for r in parsed.reports] == [(kind, "A: b")]
    assert parsed.attachments == ()


def test_a_report_inside_a_wrapper_still_says_its_type() -> None:
    parsed = mail(
        "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/report;\n"
        ' report-type="delivery-status"; boundary=b\n\n--b\n\nx\n--b--\n--o\n\nfooter\n--o--\n'
    )
    assert parsed.report_type == "delivery-status"


def test_a_report_is_bounded() -> None:
    parsed = mail(
        "Content-Type: multipart/report; boundary=b\n\n--b\n"
        "Content-Type: message/delivery-status\n\n" + "A: b\n" * 50_000 + "--b--\n"
    )
    assert len(parsed.reports[0].text) <= 64_000


@pytest.mark.parametrize(
    ("delsp", "text"),
    [
        ("", "a long line\nnext\n> quoted once and more\n>> twice\n from"),
        ("; delsp=yes", "a longline\nnext\n> quoted onceand more\n>> twice\n from"),
    ],
)
def test_flowed_paragraphs_are_whole_again(delsp: str, text: str) -> None:
    body = "a long \nline\nnext\n> quoted once \n> and more\n>> twice\n  from\n"
    parsed = mail(f"Content-Type: text/plain; format=flowed{delsp}\n\n{body}")
    assert parsed.text == text


def test_a_signature_separator_does_not_flow() -> None:
    parsed = mail("Content-Type: text/plain; Format=Flowed\n\nbye \n-- \nAlice\n")
    assert parsed.text == "bye \n-- \nAlice"


def uuencoded(data: bytes) -> bytes:
    import binascii

    lines = [binascii.b2a_uu(data[start : start + 45]) for start in range(0, len(data), 45)]
    return b"".join(lines) + b"`\nend\n"


def test_uuencoded_files_in_the_text_are_files() -> None:
    data = bytes(range(200))
    raw = HEAD + b"\nsee file\nbegin 644 report 1.bin\n" + uuencoded(data) + b"\nbye\n"
    parsed = parse(raw)
    (file,) = parsed.attachments
    assert parsed.text == "see file\n\nbye"
    assert (file.filename, file.size) == ("report 1.bin", 200)
    assert read_part(raw, file.part) == data


def test_a_sentence_that_begins_with_begin_stays() -> None:
    text = "begin 644 words\nand go on\nend"
    assert mail(f"\n{text}").text == text


def test_a_name_on_the_only_text_does_not_hide_it() -> None:
    assert mail("Content-Type: text/plain; name=mail.txt\n\nwords").text == "words"


def test_a_named_text_behind_the_body_is_a_file() -> None:
    parsed = mail(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nwords\n--b\n"
        "Content-Type: text/plain; name=log.txt\n\nlog\n--b\n"
        "Content-Type: text/plain\nContent-Disposition: attachment\n\nmore\n--b--\n"
    )
    assert parsed.text == "words"
    assert names(parsed) == ["log.txt", "attachment-3.txt"]


def test_a_mail_that_is_a_file_has_no_text() -> None:
    raw = HEAD + b"Content-Type: application/pdf; name=a.pdf\n\n%PDF"
    parsed = parse(raw)
    assert (parsed.text, names(parsed)) == ("", ["a.pdf"])
    assert read_part(raw, parsed.attachments[0].part) == b"%PDF"


def test_a_truncated_multipart_is_read_to_its_end() -> None:
    parsed = mail("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo")
    assert parsed.text == "one\n\ntwo"
    assert "mime: multipart/mixed: no closing boundary: read to the end" in parsed.defects


@pytest.mark.parametrize("boundary", ["", "; boundary=other", '; boundary=""', "; boundary=é"])
def test_a_wrong_boundary_is_taken_from_the_body(boundary: str) -> None:
    parsed = mail(f"Content-Type: multipart/mixed{boundary}\n\n--b\n\none\n--b--\n")
    assert parsed.text == "one"
    assert "mime: multipart/mixed: boundary taken from its first line" in parsed.defects


@pytest.mark.parametrize("body", ["", "--b--\n", "just words\n"])
def test_an_empty_multipart_shows_what_is_there(body: str) -> None:
    parsed = mail(f"Content-Type: multipart/mixed; boundary=b\n\n{body}")
    assert parsed.text == ("just words" if "words" in body else "")
    assert not any(d.startswith("parse:") for d in parsed.defects)


def test_parts_behind_a_closing_boundary_are_still_read() -> None:
    parsed = mail(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n\n--b\n"
        "Content-Type: application/zip; name=a.zip\n\nx\n--b--\n"
    )
    assert names(parsed) == ["a.zip"]


def test_an_inner_part_that_never_closes_ends_with_the_outer_one() -> None:
    parsed = mail(
        "Content-Type: multipart/mixed; boundary=out\n\n--out\n"
        "Content-Type: multipart/alternative; boundary=outer\n\n--outer\n\ninner\n--out\n"
        "Content-Type: application/zip; name=a.zip\n\nx\n--out--\n"
    )
    assert parsed.text == "inner"
    assert names(parsed) == ["a.zip"]


def test_an_unreadable_content_type_is_text() -> None:
    parsed = mail("Content-Type: text\n\nwords")
    assert parsed.text == "words"
    assert parsed.content_type == "text/plain"


def test_the_words_of_all_texts_together_are_bounded() -> None:
    parts = "".join(f"--b\n\n{'word ' * 20}\n" for _ in range(50))
    raw = HEAD + f"Content-Type: multipart/mixed; boundary=b\n\n{parts}--b--\n".encode()
    parsed = parse(raw, MimeBudget(max_text_chars=500))
    assert 400 < len(parsed.text) <= 500
    assert "text/plain: longer than 500 characters: read shortened" in parsed.defects


def test_attachments_beyond_the_budget_are_listed_unread() -> None:
    raw = HEAD + b"Content-Type: application/zip; name=a.zip\n\n" + b"x" * 1000
    parsed = parse(raw, MimeBudget(max_decoded_bytes=100))
    (attachment,) = parsed.attachments
    assert (attachment.filename, attachment.size, attachment.sha256) == ("a.zip", 1000, "")
    assert any("beyond the budget" in d for d in parsed.defects)


def test_read_part_returns_the_bytes_that_were_described() -> None:
    message = EmailMessage()
    message["Subject"] = "files"
    message.set_content("words")
    message.add_alternative("<p>words</p>", subtype="html")
    contents = [bytes([n]) * (n + 1) * 100 for n in range(5)]
    for n, content in enumerate(contents):
        message.add_attachment(content, maintype="image", subtype="png", filename=f"{n}.png")
    raw = message.as_bytes()
    parsed = parse(raw)
    assert [read_part(raw, a.part) for a in parsed.attachments] == contents
    assert [a.sha256 for a in parsed.attachments] == [
        hashlib.sha256(content).hexdigest() for content in contents
    ]


@pytest.mark.parametrize("part", [-1, 5, 1_000_000, 2_000_003])
def test_read_part_of_a_part_that_is_not_there_is_a_lookup_error(part: int) -> None:
    with pytest.raises(LookupError):
        read_part(HEAD + b"\nwords", part)


def test_what_is_quoted_is_set_aside() -> None:
    parsed = mail("\nThanks!\n\nOn Mon, 8 Jan 2024, Shop <s@shop.example> wrote:\n> words\n")
    assert parsed.reply_text.strip() == "Thanks!"
    assert "words" in parsed.elided_text


def test_trace_fields_are_not_decoded() -> None:
    encoded = base64.b64encode(b"dmarc=pass").decode()
    parsed = mail(f"Authentication-Results: mx; =?utf-8?b?{encoded}?=\n\nx")
    assert "dmarc=pass" not in parsed.headers.get("authentication-results")
