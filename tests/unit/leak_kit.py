"""Answers as agents' mail clients write them, each with our notification quoted its own way.

The forms are those of the clients themselves: attributions, header blocks, containers, footers. A
client turns words and a notification into the bodies of a mail; a style says what becomes of a
quote on its way.
"""

from __future__ import annotations

import html as html_module
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage

from desk_kit import Sent

WHO = ("Jane Doe via Tea Shop", "support@shop.example")

# Attributions of Gmail and of Apple's Mail, header blocks of Outlook, by language.
GMAIL = {
    "en": "On Mon, May 6, 2030 at 10:00\u202fAM {name} <{address}> wrote:",
    "de": "Am Mo., 6. Mai 2030 um 10:00 Uhr schrieb {name} <{address}>:",
    "fr": "Le lun. 6 mai 2030 à 10:00, {name} <{address}> a écrit :",
    "es": "El lun, 6 may 2030 a las 10:00, {name} (<{address}>) escribió:",
    "it": "Il giorno lun 6 mag 2030 alle ore 10:00 {name} <{address}> ha scritto:",
    "nl": "Op ma 6 mei 2030 om 10:00 schreef {name} <{address}>:",
    "pt": "Em seg., 6 de mai. de 2030 às 10:00, {name} <{address}> escreveu:",
    "pl": "pon., 6 maj 2030 o 10:00 {name} <{address}> napisał(a):",
    "ja": "2030年5月6日(月) 10:00 {name} <{address}>:",
    "ru": "пн, 6 мая 2030 г. в 10:00, {name} <{address}>:",
}
APPLE = {
    "en": "On 6 May 2030, at 10:00, {name} <{address}> wrote:",
    "de": "Am 06.05.2030 um 10:00 schrieb {name} <{address}>:",
    "fr": "Le 6 mai 2030 à 10:00, {name} <{address}> a écrit :",
    "es": "El 6 may 2030, a las 10:00, {name} <{address}> escribió:",
    "it": "Il giorno 6 mag 2030, alle ore 10:00, {name} <{address}> ha scritto:",
    "nl": "Op 6 mei 2030, om 10:00 heeft {name} <{address}> het volgende geschreven:",
    "pt": "No dia 06/05/2030, às 10:00, {name} <{address}> escreveu:",
    "pl": "Wiadomość napisana przez {name} <{address}> w dniu 6 maj 2030, o godz. 10:00:",
    "ja": "2030/05/06 10:00、{name} <{address}>のメール:",
    "ru": "6 мая 2030 г., в 10:00, {name} <{address}> написал(а):",
}
OUTLOOK = {
    "en": ("From", "Sent", "To", "Subject", "Monday, May 6, 2030 10:00 AM"),
    "de": ("Von", "Gesendet", "An", "Betreff", "Montag, 6. Mai 2030 10:00"),
    "fr": ("De", "Envoyé", "À", "Objet", "lundi 6 mai 2030 10:00"),
    "es": ("De", "Enviado", "Para", "Asunto", "lunes, 6 de mayo de 2030 10:00"),
    "it": ("Da", "Inviato", "A", "Oggetto", "lunedì 6 maggio 2030 10:00"),
    "nl": ("Van", "Verzonden", "Aan", "Onderwerp", "maandag 6 mei 2030 10:00"),
    "pt": ("De", "Enviado", "Para", "Assunto", "segunda-feira, 6 de maio de 2030 10:00"),
    "pl": ("Od", "Wysłane", "Do", "Temat", "poniedziałek, 6 maja 2030 10:00"),
    "ja": ("差出人", "送信日時", "宛先", "件名", "2030年5月6日 10:00"),
    "ru": ("От", "Отправлено", "Кому", "Тема", "6 мая 2030 г. 10:00"),
}
IPHONE = {
    "en": "Sent from my iPhone",
    "de": "Von meinem iPhone gesendet",
    "fr": "Envoyé de mon iPhone",
    "es": "Enviado desde mi iPhone",
    "it": "Inviato da iPhone",
    "nl": "Verstuurd vanaf mijn iPhone",
    "pt": "Enviado do meu iPhone",
    "pl": "Wysłane z iPhone'a",
    "ja": "iPhoneから送信",
    "ru": "Отправлено с iPhone",
}
LANGUAGES = tuple(GMAIL)


@dataclass(frozen=True)
class Bodies:
    """A mail's text and HTML; None where the client writes no such part."""

    text: str | None
    html: str | None = None
    attach: bytes | None = None
    flowed: bool = False


@dataclass(frozen=True)
class Quote:
    """The notification as a style leaves it: what a client quotes."""

    text: str
    body: str  # inner HTML
    subject: str
    sent: Sent


Client = Callable[[str, Quote, str], Bodies]


def quote_of(sent: Sent) -> Quote:
    whole = sent.mail.html or ""
    match = re.search(r"<body[^>]*>(.*)</body>", whole, re.S | re.I)
    return Quote(sent.mail.text, match[1].strip() if match else whole, sent.mail.subject, sent)


def signed_lines(text: str, sign: str = "> ") -> str:
    return "\n".join(f"{sign}{line}".rstrip() for line in text.splitlines())


def line_of(forms: dict[str, str], language: str) -> str:
    return forms[language].format(name=WHO[0], address=WHO[1])


def _wrapped(text: str, width: int) -> str:
    lines: list[str] = []
    for line in text.splitlines():
        lines += textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]
    return "\n".join(lines)


def divs(words: str) -> str:
    lines = words.splitlines()
    return "".join(f"<div>{html_module.escape(each) or '<br>'}</div>" for each in lines)


def header_block(quote: Quote, language: str) -> str:
    from_, sent, to, subject, when = OUTLOOK[language]
    return (
        f"{from_}: {WHO[0]} <{WHO[1]}>\n{sent}: {when}\n{to}: Anna <anna@shop.example>\n"
        f"{subject}: {quote.subject}\n"
    )


def html_block(block: str) -> str:
    rows = (line.partition(":") for line in block.splitlines())
    return "<br>\n".join(f"<b>{name}:</b> {html_module.escape(value)}" for name, _, value in rows)


# -- the clients, as they come


def gmail_web(words: str, quote: Quote, language: str) -> Bodies:
    line = line_of(GMAIL, language)
    text = f"{words}\n\n{_wrapped(line, 70)}\n\n{signed_lines(_wrapped(quote.text, 74))}\n"
    return Bodies(text, gmail_html(f'<div dir="ltr">{divs(words)}</div><br>', line, quote.body))


def gmail_android(words: str, quote: Quote, language: str) -> Bodies:
    line = line_of(GMAIL, language)
    own = "<br>".join(map(html_module.escape, words.splitlines()))
    text = f"{words}\n\n{line}\n\n{signed_lines(quote.text)}\n"
    return Bodies(text, gmail_html(f'<div dir="auto">{own}</div><br>', line, quote.body))


def gmail_html(own: str, line: str, body: str) -> str:
    return (
        f'{own}<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
        f"{html_module.escape(line)}<br></div>"
        '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid '
        f'rgb(204,204,204);padding-left:1ex">{body}</blockquote></div>\n'
    )


def ios_mail(words: str, quote: Quote, language: str) -> Bodies:
    return _apple(words, quote, language, IPHONE[language])


def apple_mail(words: str, quote: Quote, language: str) -> Bodies:
    return _apple(words, quote, language, "")


def _apple(words: str, quote: Quote, language: str, footer: str) -> Bodies:
    line = line_of(APPLE, language)
    below = f"\n\n{footer}" if footer else ""
    text = f"{words}{below}\n\n> {line}\n> \n{signed_lines(quote.text)}\n"
    own = "<br>".join(map(html_module.escape, words.splitlines()))
    tail = f'<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">{footer}</div>'
    html = (
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head>'
        f'<body style="overflow-wrap: break-word;">{own}{tail if footer else ""}<br><div><br>'
        f'<blockquote type="cite"><div>{html_module.escape(line)}</div>'
        f'<br class="Apple-interchange-newline"><div>{quote.body}</div></blockquote></div><br>'
        "</body></html>\n"
    )
    return Bodies(text, html)


def outlook_desktop(words: str, quote: Quote, language: str) -> Bodies:
    block = header_block(quote, language)
    paragraphs = "".join(
        f'<p class="MsoNormal">{html_module.escape(line) or "<o:p>&nbsp;</o:p>"}<o:p></o:p></p>\n'
        for line in words.splitlines()
    )
    html = (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!-- p.MsoNormal '
        '{margin:0cm;} --></style></head><body lang="EN-GB"><div class="WordSection1">\n'
        f'{paragraphs}<p class="MsoNormal"><o:p>&nbsp;</o:p></p>\n'
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">\n'
        f'<p class="MsoNormal">{html_block(block)}<o:p></o:p></p></div>\n'
        f'<p class="MsoNormal"><o:p>&nbsp;</o:p></p>\n{quote.body}</div></body></html>\n'
    )
    return Bodies(f"{words}\n\n{block}\n{quote.text}\n", html)


def outlook_web(words: str, quote: Quote, language: str) -> Bodies:
    """As some servers pass it on: one HTML part, nothing else."""
    lines = words.splitlines()
    own = "".join(
        f'<div class="elementToProof">{html_module.escape(line) or "<br>"}</div>\n'
        for line in lines
    )
    return Bodies(None, _outlook_reply(own, quote, language))


def outlook_ios(words: str, quote: Quote, language: str) -> Bodies:
    block = header_block(quote, language)
    bar = "_" * 32
    text = f"{words}\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n{bar}\n{block}\n{quote.text}\n"
    own = (
        f'<div dir="ltr">{divs(words)}</div><div id="ms-outlook-mobile-signature">Get '
        '<a href="https://aka.ms/o0ukef">Outlook for iOS</a></div>\n'
    )
    return Bodies(text, _outlook_reply(own, quote, language))


def _outlook_reply(own: str, quote: Quote, language: str) -> str:
    return (
        f'<html><head></head><body dir="ltr">\n{own}<div id="appendonsend"></div>'
        '<hr style="display:inline-block;width:98%" tabindex="-1">\n'
        '<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" color="#000000">'
        f"{html_block(header_block(quote, language))}</font><div>&nbsp;</div></div>\n"
        f"<div>{quote.body}</div></body></html>\n"
    )


def thunderbird(words: str, quote: Quote, language: str) -> Bodies:
    line = line_of(APPLE, language)
    own = "\n".join(
        " \n".join(textwrap.wrap(each, 72, break_long_words=False)) if each else ""
        for each in words.splitlines()
    )
    return Bodies(f"{own}\n\n{line}\n{signed_lines(quote.text)}\n", flowed=True)


def thunderbird_html(words: str, quote: Quote, language: str) -> Bodies:
    line = html_module.escape(line_of(APPLE, language))
    own = "<br>\n".join(map(html_module.escape, words.splitlines()))
    return Bodies(
        None,
        f"<!DOCTYPE html><html><head></head><body><p>{own}</p>"
        f'<div class="moz-cite-prefix">{line}<br></div>\n<blockquote type="cite" '
        f'cite="mid:x@shop.example">\n{quote.body}</blockquote></body></html>\n',
    )


def yahoo(words: str, quote: Quote, language: str) -> Bodies:
    line = line_of(GMAIL, language)
    text = f"{words}\n\n    {line}  \n \n {signed_lines(quote.text, ' ')}   \n"
    html = (
        f'<html><body><div class="ydp1yahoo-style-wrap"><div dir="ltr">{divs(words)}</div></div>'
        '<div id="ydp2yahoo_quoted_1" class="yahoo_quoted"><div><div>'
        f"{html_module.escape(line)}</div><div><br></div><div>{quote.body}</div></div></div>"
        "</body></html>\n"
    )
    return Bodies(text, html)


def proton(words: str, quote: Quote, language: str) -> Bodies:
    line = line_of(GMAIL, language)
    text = f"{words}\n\n{line}\n\n{signed_lines(quote.text)}\n"
    html = (
        f'<div style="font-family: Arial;">{divs(words)}</div>'
        f'<div class="protonmail_quote">{html_module.escape(line)}<br>'
        f'<blockquote class="protonmail_quote" type="cite">{quote.body}</blockquote><br></div>\n'
    )
    return Bodies(text, html)


def k9(words: str, quote: Quote, language: str) -> Bodies:
    line = line_of(APPLE, language)
    text = f"{words}\n\n{line}\n{signed_lines(_wrapped(quote.text, 74), '>')}\n"
    return Bodies(text)


def samsung(words: str, quote: Quote, language: str) -> Bodies:
    block = header_block(quote, language).replace("\n", " \n")
    text = f"{words}\n\n\n\n-------- Original message --------\n{block} \n{quote.text}\n"
    html = (
        f'<html><body><div dir="auto">{divs(words)}</div><div><br></div>'
        '<div style="font-size:100%;color:#000000" dir="auto"><!-- originalMessage -->'
        f"<div>-------- Original message --------</div><div>{html_block(block)}</div>"
        f"<div><br></div></div>{quote.body}</body></html>\n"
    )
    return Bodies(text, html)


def neomutt(words: str, quote: Quote, language: str) -> Bodies:
    line = f"{line_of(APPLE, language)}"
    return Bodies(f"{words}\n\n{line}\n{signed_lines(quote.text)}\n")


def swaks(words: str, quote: Quote, language: str) -> Bodies:
    """A script: words, and nothing quoted."""
    return Bodies(f"{words}\n")


CLIENTS: tuple[Client, ...] = (
    *(gmail_web, gmail_android, ios_mail, apple_mail, outlook_desktop, outlook_web, outlook_ios),
    *(thunderbird, thunderbird_html, yahoo, proton, k9, samsung, neomutt, swaks),
)


# -- the mail


def mail(bodies: Bodies, sent: Sent, sender: str, number: int) -> bytes:
    """Return the bytes of an answer to `sent`."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = sent.reply_to
    message["Subject"] = f"Re: {sent.mail.subject}"
    message["Date"] = "Mon, 06 May 2030 09:00:00 +0000"
    message["Message-ID"] = f"<leak-{number}@mail.example>"
    message["In-Reply-To"] = f"<{sent.mail.message_id}>"
    message["References"] = f"<{sent.mail.message_id}>"
    if bodies.text is not None:
        message.set_content(bodies.text, charset="utf-8", cte="base64")
        if bodies.flowed:
            message.set_param("format", "flowed")
        if bodies.html is not None:
            message.add_alternative(bodies.html, subtype="html", charset="utf-8", cte="base64")
    else:
        message.set_content(bodies.html or "", subtype="html", charset="utf-8", cte="base64")
    if bodies.attach is not None:
        message.add_attachment(
            bodies.attach, maintype="application", subtype="octet-stream", filename="x.eml"
        )
        part = list(message.iter_attachments())[-1]
        part.replace_header("Content-Type", "message/rfc822")
        part.replace_header("Content-Transfer-Encoding", "8bit")
        part.set_payload(bodies.attach.decode("ascii"))
    return bytes(message)
