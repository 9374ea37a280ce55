"""Whatever a mail says, what is written is valid and reads back as the same."""

from __future__ import annotations

import email
import re
from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from inboxd.mail.compose import (
    Draft,
    OutgoingAttachment,
    OutgoingMail,
    PartRef,
    assemble,
    compose,
    decode_draft,
    encode_draft,
)
from inboxd.mail.encoded_words import one_line
from inboxd.mail.filenames import safe_filename
from inboxd.mail.header_writing import filename_for_people
from inboxd.mail.mime import parse
from inboxd.mail.mime import read_part as part_of_raw
from inboxd.mail.model import Address

# Separators that some reader takes for line ends, encoded words, quotes, and every script.
_AWKWARD = (
    "\r\n|\r|\n|\x0b|\x00|\u0085|\u2028|=?utf-8?q?=0D=0ABcc:_x@y?=|\"|\\|(|)|<|>|,|;|@|'|%|=|?|=_|"
    "é|🙂|e\u0301|語| |\t|From |.|--"
)
AWKWARD = st.sampled_from(_AWKWARD.split("|"))
# Pieces of mails as strangers write them, for what is read and then written again.
HOSTILE = [
    *(
        b"To: a@b.example, ",
        b"Subject: ",
        b"Date: Mon, 8 Jan 2024 09:30:00 +0100\n",
        b"\n",
        b"\n\n",
    ),
    *(b"Content-Type: text/html\n", b"Content-Type: multipart/mixed; boundary=b\n", b"\n--b\n"),
    *(
        b"=?utf-8?q?=00=0D=0ABcc:=20x?=",
        b"\xe4\xf6",
        b"\0",
        b"\x1b$B",
        b"\xed\xa0\x80",
        b"\xe2\x80\xa8",
    ),
    *(b"From a\n", b".\r\n", b"<p>words</p>", b"> words\n", b"begin 644 a\n#0V%T\n`\nend\n"),
]
WRITABLE = re.compile(r"[a-z0-9.]+@[a-z0-9.]+")
TEXT = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=60),
    st.lists(AWKWARD | st.text(st.characters(codec="utf-8"), max_size=8), max_size=9).map("".join),
)
LOCAL = st.from_regex(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,12}(\.[a-z0-9+_-]{1,12}){0,2}", fullmatch=True
)
DOMAIN = st.from_regex(r"[a-z0-9]{1,10}(-[a-z0-9]{1,5})?\.(example|test)", fullmatch=True)
ADDRESS = st.builds("{}@{}".format, LOCAL, DOMAIN)
MAILBOX = st.builds(Address, TEXT, ADDRESS)
MESSAGE_ID = st.from_regex(r"[a-z0-9.+_-]{1,30}@[a-z0-9.-]{1,20}", fullmatch=True)
ATTACHMENT = st.builds(
    OutgoingAttachment,
    filename=TEXT,
    content_type=st.sampled_from(["image/png", "text/plain", "application/pdf", "message/rfc822"]),
    journal_id=st.integers(1, 2**40),
    part=st.integers(0, 1000),
    inline=st.booleans(),
    content_id=st.none() | MESSAGE_ID,
)
MAIL = st.builds(
    OutgoingMail,
    from_=MAILBOX,
    to=st.lists(MAILBOX, max_size=4).map(tuple),
    cc=st.lists(MAILBOX, max_size=3).map(tuple),
    reply_to=st.none() | MAILBOX,
    subject=TEXT,
    message_id=MESSAGE_ID,
    date=st.datetimes(
        datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)
    ),
    text=TEXT,
    html=st.none() | TEXT,
    in_reply_to=st.none() | MESSAGE_ID,
    references=st.lists(MESSAGE_ID, max_size=40, unique=True).map(tuple),
    attachments=st.lists(ATTACHMENT, max_size=3).map(tuple),
    automatic=st.sampled_from(["no", "auto-replied", "auto-generated"]),
)  # fmt: skip


def read_part(journal_id: int, part: int) -> bytes:
    return f"{journal_id}/{part}".encode() * (part % 50)


def read_back(mail: OutgoingMail) -> EmailMessage:
    message = email.message_from_bytes(assemble(compose(mail), read_part), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def shown(addresses: tuple[Address, ...]) -> list[tuple[str, str]]:
    return [(one_line(a.name), a.address) for a in addresses]


def bare(people: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return people without the quotes around their names, which our reader takes for no part."""
    return [(name.strip(" ,;'\""), address) for name, address in people]


def mailboxes(mail: OutgoingMail, field: str) -> list[tuple[str, str]]:
    """Read an address field by the older parser.

    `policy.default` keeps the blanks between two encoded words of a name.
    """
    raw = email.message_from_bytes(assemble(compose(mail), read_part)).get(field, "")
    pairs = getaddresses([re.sub("\r\n(?= )", "", raw)])
    return [(str(make_header(decode_header(name))), address) for name, address in pairs]


def body_lines(text: str) -> list[str]:
    text = re.sub("\r\n?", "\n", text)
    text = re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f]", "", text)
    return text.removesuffix("\n").split("\n")


@settings(deadline=None)
@given(MAIL)
def test_what_is_written_is_valid(mail: OutgoingMail) -> None:
    raw = assemble(compose(mail), read_part)
    assert raw.isascii()
    assert raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r")
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    header = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert all(re.match(rb"[A-Za-z-]+: [!-~]| [!-~]", line) for line in header)
    assert all(len(line) <= 76 for line in header if b"=?" in line and b"Message-ID" not in line)


@settings(deadline=None)
@given(MAIL)
def test_headers_read_back(mail: OutgoingMail) -> None:
    message = read_back(mail)
    assert mailboxes(mail, "From") == shown((mail.from_,))
    if mail.to:
        assert mailboxes(mail, "To") == shown(mail.to)
    if mail.cc:
        assert mailboxes(mail, "Cc") == shown(mail.cc)
    if mail.reply_to:
        assert message["Reply-To"].addresses[0].addr_spec == mail.reply_to.address
    assert (message["Subject"] or "") == one_line(mail.subject)
    assert parsedate_to_datetime(message["Date"]) == mail.date.replace(microsecond=0)
    assert message["Message-ID"] == f"<{mail.message_id}>"
    assert message["In-Reply-To"] == (f"<{mail.in_reply_to}>" if mail.in_reply_to else None)
    kept = mail.references if len(mail.references) <= 21 else (
        mail.references[0], *mail.references[-20:]
    )  # fmt: skip
    assert (message["References"] or "").split() == [f"<{i}>" for i in kept]


@settings(deadline=None)
@given(MAIL)
def test_no_value_becomes_a_field(mail: OutgoingMail) -> None:
    expected = {"From", "Date", "Message-ID", "MIME-Version", "Content-Type"}
    expected |= {"To"} if mail.to or not mail.cc else set()
    expected |= {"Cc"} if mail.cc else set()
    expected |= {"Reply-To"} if mail.reply_to else set()
    expected |= {"Subject"} if one_line(mail.subject) else set()
    expected |= {"In-Reply-To"} if mail.in_reply_to else set()
    expected |= {"References"} if mail.references else set()
    if mail.automatic != "no":
        expected |= {"Auto-Submitted", "X-Auto-Response-Suppress", "Precedence"}
    if mail.html is None and not mail.attachments:
        expected |= {"Content-Transfer-Encoding"}
    assert sorted(read_back(mail).keys()) == sorted(expected)


@settings(deadline=None)
@given(MAIL)
def test_bodies_and_files_read_back(mail: OutgoingMail) -> None:
    message = read_back(mail)
    leaves = [p for p in message.walk() if not p.is_multipart()]
    assert not [d for p in message.walk() for d in p.defects]
    texts = [mail.text] if mail.html is None else [mail.text, mail.html]
    for part, text in zip(leaves, texts, strict=False):
        assert body_lines(part.get_payload(decode=True).decode()) == body_lines(text)
    files = leaves[len(texts) :]
    assert sorted(f.get_payload(decode=True) for f in files) == sorted(
        read_part(a.journal_id, a.part) for a in mail.attachments
    )
    assert sorted(f.get_filename() for f in files) == sorted(
        filename_for_people(a.filename) for a in mail.attachments
    )


@settings(deadline=None)
@given(
    st.lists(
        st.binary(max_size=80) | st.builds(PartRef, st.integers(0, 2**63), st.integers(0, 2**31))
    )
)
def test_any_draft_survives_storage(segments: list[bytes | PartRef]) -> None:  # fmt: skip
    draft = Draft(tuple(segments))
    assert decode_draft(encode_draft(draft)) == draft


@settings(deadline=None)
@given(MAIL)
def test_our_own_reader_sees_the_same(mail: OutgoingMail) -> None:
    # In an address our reader distrusts what looks like an encoded word, and shows both readings.
    assume(not any("=?" in a.address for a in (mail.from_, *mail.to, *mail.cc)))
    # And a file's name that is one whole encoded word it takes for a name that was encoded twice.
    assume(not any("=?" in a.filename for a in mail.attachments))
    read = parse(assemble(compose(mail), read_part))
    assert bare(shown(read.from_)) == bare(shown((mail.from_,)))
    # A mailbox that a field names twice may be told of once.
    assert set(bare(shown(read.to))) == set(bare(shown(mail.to)))
    assert set(bare(shown(read.cc))) == set(bare(shown(mail.cc)))
    assert read.subject == one_line(mail.subject)
    assert read.message_id == mail.message_id
    assert read.in_reply_to == ((mail.in_reply_to,) if mail.in_reply_to else ())
    assert read.references[-1:] == mail.references[-1:]
    assert read.date == mail.date.replace(microsecond=0)
    assert sorted(a.filename for a in read.attachments) == sorted(
        safe_filename(filename_for_people(a.filename), a.content_type, 0) for a in mail.attachments
    )
    raw = assemble(compose(mail), read_part)
    assert sorted(part_of_raw(raw, a.part) for a in read.attachments) == sorted(
        read_part(a.journal_id, a.part) for a in mail.attachments
    )


@settings(deadline=None)
@given(st.lists(st.sampled_from(HOSTILE) | st.binary(max_size=12), max_size=25).map(b"".join))
def test_what_was_read_of_any_mail_is_read_again(raw: bytes) -> None:
    """Answering quotes what was read: its words, names and ids survive being written and read."""
    read = parse(b"From: Jane <jane@x.example>\n" + raw)
    shop = Address("Shop", "shop@x.example")
    answer = OutgoingMail(
        from_=shop,
        to=tuple(a for a in read.to if WRITABLE.fullmatch(a.address)),
        subject=read.subject,
        message_id="1@x.example",
        date=read.date or datetime(2024, 1, 8, tzinfo=UTC),
        text=read.text,
        html=read.html,
    )
    again = parse(assemble(compose(answer), read_part))
    assert again.from_ == (shop,)
    assert again.subject == one_line(read.subject)
    assert again.date == answer.date
    assert {a.address for a in again.to} == {a.address for a in answer.to}
    assert (again.html is None) == (read.html is None)
    assert not [d for d in again.defects if d.startswith(("parse:", "header:", "mime:"))]
