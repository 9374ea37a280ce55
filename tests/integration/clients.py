"""Answers as mail clients write them: each with its own quoting, headers and HTML.

The parts follow what the clients themselves send: text and HTML with the whole answered mail
quoted, wrapped and escaped the client's way, tracking headers included.
"""

from __future__ import annotations

import html as html_module
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid

from shop import html_of, read, text_of

from inboxd.clock import SystemClock


@dataclass(frozen=True, slots=True)
class File:
    """An attachment."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody wants to say to a mail that lies in their mailbox."""

    raw: bytes
    sender: str
    name: str
    words: str
    files: Sequence[File] = ()

    @property
    def author(self) -> str:
        """The writer of the answered mail, as a client shows it."""
        return str(read(self.raw)["From"].addresses[0].display_name)

    @property
    def author_address(self) -> str:
        """The address of the writer of the answered mail."""
        return str(read(self.raw)["From"].addresses[0].addr_spec)

    @property
    def body(self) -> str:
        """The inner HTML of the answered mail's body."""
        whole = html_of(self.raw)
        match = re.search(r"<body[^>]*>(.*)</body>", whole, re.S | re.I)
        return match[1].strip() if match else whole

    def message(self) -> EmailMessage:
        """Return the answer's header as every client writes it, without a body."""
        answered = read(self.raw)
        target = answered["Reply-To"] or answered["From"]
        subject = str(answered["Subject"])
        mail = EmailMessage()
        mail["From"] = formataddr((self.name, self.sender))
        mail["To"] = str(target)
        mail["Subject"] = subject if subject.lower().startswith("re:") else f"Re: {subject}"
        mail["Date"] = format_datetime(SystemClock().now())
        mail["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        mail["In-Reply-To"] = str(answered["Message-ID"])
        mail["References"] = " ".join(
            str(each) for each in (answered["References"], answered["Message-ID"]) if each
        )
        return mail

    def finish(self, mail: EmailMessage) -> bytes:
        """Attach the files and return the bytes."""
        for file in self.files:
            maintype, _, subtype = file.content_type.partition("/")
            mail.add_attachment(file.content, maintype, subtype, filename=file.name)
        return bytes(mail)


def _quoted(text: str, sign: str = "> ") -> str:
    return "\n".join(f"{sign}{line}".rstrip() for line in text.splitlines())


def _divs(words: str) -> str:
    return "".join(
        f"<div>{html_module.escape(line)}</div>" if line else "<div><br></div>"
        for line in words.splitlines()
    )


def gmail(answer: Answer) -> bytes:
    """Gmail on the web: the attribution wrapped, the quote in div.gmail_quote."""
    mail = answer.message()
    when = f"{SystemClock().now():%a, %b %d, %Y at %I:%M\u202f%p}"
    line = f"On {when} {answer.author} <{answer.author_address}> wrote:"
    quote = _quoted("\n".join(_wrapped(text_of(answer.raw), 76)))
    wrapped = "\n".join(textwrap.wrap(line, 70, break_long_words=False))
    mail.set_content(f"{answer.words}\n\n{wrapped}\n\n{quote}\n")
    mail.add_alternative(
        f'<div dir="ltr">{_divs(answer.words)}</div><br>'
        '<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
        f'On {when} {html_module.escape(answer.author)} &lt;<a href="mailto:'
        f'{answer.author_address}">{answer.author_address}</a>&gt; wrote:<br></div>'
        '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid '
        f'rgb(204,204,204);padding-left:1ex">{answer.body}</blockquote></div>\n',
        subtype="html",
    )
    return answer.finish(mail)


def outlook(answer: Answer) -> bytes:
    """Outlook on a desk, English: no quote signs, a header block above the answered mail."""
    return _outlook(answer, ("From", "Sent", "To", "Subject"), "Kind regards")


def outlook_german(answer: Answer) -> bytes:
    """Outlook on a desk, German, and in windows-1252."""
    return _outlook(answer, ("Von", "Gesendet", "An", "Betreff"), "Mit freundlichen Grüßen")


def _outlook(answer: Answer, words: tuple[str, str, str, str], _closing: str) -> bytes:
    from_, sent, to, subject = words
    answered = read(answer.raw)
    mail = answer.message()
    mail["X-MS-Has-Attach"] = "yes" if answer.files else ""
    mail["Thread-Index"] = "AQHbPOx3dQmX1Q2V5kq0S5mJt5tqLrLZ0b8A"
    mail["Thread-Topic"] = str(answered["Subject"])
    mail["Content-Language"] = "en-US"
    when = f"{SystemClock().now():%A, %d %B %Y %H:%M}"
    block = (
        f"{from_}: {answer.author} <{answer.author_address}>\n{sent}: {when}\n"
        f"{to}: {answered['To']}\n{subject}: {answered['Subject']}\n"
    )
    mail.set_content(
        f"{answer.words}\n\n{block}\n{text_of(answer.raw)}\n", charset="utf-8", cte="base64"
    )
    rows = "<br>\n".join(
        f"<b>{name}:</b> {html_module.escape(value.strip())}"
        for name, _, value in (line.partition(":") for line in block.splitlines())
    )
    paragraphs = "".join(
        f'<p class="MsoNormal">{html_module.escape(line) or "<o:p>&nbsp;</o:p>"}<o:p></o:p></p>\n'
        for line in answer.words.splitlines()
    )
    mail.add_alternative(
        '<html xmlns:o="urn:schemas-microsoft-com:office:office" '
        'xmlns:w="urn:schemas-microsoft-com:office:word"><head><style><!-- p.MsoNormal '
        "{margin:0cm;font-size:11.0pt;} --></style></head>"
        '<body lang="EN-GB" link="#0563C1" vlink="#954F72"><div class="WordSection1">\n'
        f'{paragraphs}<p class="MsoNormal"><o:p>&nbsp;</o:p></p>\n'
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">\n'
        f'<p class="MsoNormal"><span lang="EN-US">{rows}<o:p></o:p></span></p></div>\n'
        f'<p class="MsoNormal"><o:p>&nbsp;</o:p></p>\n{answer.body}</div></body></html>\n',
        subtype="html",
        charset="utf-8",
    )
    return answer.finish(mail)


def outlook_html_only(answer: Answer) -> bytes:
    """Outlook on the web as some servers pass it on: one HTML part, nothing else."""
    mail = answer.message()
    answered = read(answer.raw)
    rows = (
        f"<b>From:</b> {html_module.escape(answer.author)} &lt;{answer.author_address}&gt;<br>\n"
        f"<b>Sent:</b> {SystemClock().now():%A, %B %d, %Y %I:%M %p}<br>\n"
        f"<b>To:</b> {html_module.escape(str(answered['To']))}<br>\n"
        f"<b>Subject:</b> {html_module.escape(str(answered['Subject']))}"
    )
    style = "font-family: Aptos, Calibri, sans-serif; font-size: 12pt; color: rgb(0, 0, 0);"
    words = "".join(
        f'<div class="elementToProof" style="{style}">{html_module.escape(line) or "<br>"}</div>\n'
        for line in answer.words.splitlines()
    )
    mail.set_content(
        '<html><head><style type="text/css" style="display:none;"> P {margin-top:0;margin-bottom:'
        f'0;}} </style></head><body dir="ltr">\n{words}'
        '<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1">\n'
        '<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt"'
        f' color="#000000">{rows}</font><div>&nbsp;</div></div>\n<div>{answer.body}</div>'
        "</body></html>\n",
        subtype="html",
    )
    return answer.finish(mail)


def apple_mail(answer: Answer) -> bytes:
    """Mail on a Mac: attribution with the day before the month, blockquote type=cite."""
    return _apple(answer, signature="", day="%d. %b %Y, at %H:%M")


def iphone(answer: Answer) -> bytes:
    """Mail on an iPhone, with the signature that it adds."""
    return _apple(answer, signature="Sent from my iPhone", day="%d %b %Y, at %H:%M")


def _apple(answer: Answer, signature: str, day: str) -> bytes:
    mail = answer.message()
    mail["X-Mailer"] = "iPhone Mail (22B91)" if signature else "Apple Mail (2.3826.200.121)"
    mail["Mime-Version"] = "1.0 (Mac OS X Mail 16.0)"
    line = (
        f"On {SystemClock().now().strftime(day)}, {answer.author} <{answer.author_address}> wrote:"
    )
    below = f"\n\n{signature}" if signature else ""
    mail.set_content(
        f"{answer.words}{below}\n\n> {line}\n> \n{_quoted(text_of(answer.raw))}\n",
        cte="quoted-printable",
    )
    own = "<br>".join(html_module.escape(each) for each in answer.words.splitlines())
    tail = f'<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">{signature}</div>'
    mail.add_alternative(
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head>'
        '<body style="overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: '
        f'after-white-space;">{own}{tail if signature else ""}<br><div><br>'
        f'<blockquote type="cite"><div>{html_module.escape(line)}</div>'
        f'<br class="Apple-interchange-newline"><div>{answer.body}</div></blockquote></div><br>'
        "</body></html>\n",
        subtype="html",
        cte="quoted-printable",
    )
    return answer.finish(mail)


def thunderbird(answer: Answer) -> bytes:
    """Thunderbird as it comes: plain text, format=flowed, the quote below the answer."""
    mail = answer.message()
    mail["User-Agent"] = "Mozilla Thunderbird"
    line = f"On {SystemClock().now():%m/%d/%y %H:%M}, {answer.author} wrote:"
    own = "\n".join(_flowed(each) for each in answer.words.splitlines())
    mail.set_content(f"{own}\n\n{line}\n{_quoted(text_of(answer.raw))}\n")
    mail.set_param("format", "flowed")
    return answer.finish(mail)


def thunderbird_below_the_quote(answer: Answer) -> bytes:
    """Thunderbird set to answer below the quote: its author has to delete the quote."""
    mail = answer.message()
    line = f"On {SystemClock().now():%m/%d/%y %H:%M}, {answer.author} wrote:"
    mail.set_content(f"{line}\n{_quoted(text_of(answer.raw))}\n\n{answer.words}\n")
    return answer.finish(mail)


def without_quote(answer: Answer) -> bytes:
    """A client that quotes nothing."""
    mail = answer.message()
    mail.set_content(answer.words + "\n")
    return answer.finish(mail)


CLIENTS: tuple[Callable[[Answer], bytes], ...] = (
    gmail,
    outlook,
    outlook_german,
    outlook_html_only,
    apple_mail,
    iphone,
    thunderbird,
    without_quote,
)


def _wrapped(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for line in text.splitlines():
        lines += textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]
    return lines


def _flowed(line: str) -> str:
    """Wrap a line as RFC 3676 says: a trailing space where it goes on."""
    return " \n".join(textwrap.wrap(line, 72, break_long_words=False)) if line else ""
