"""Mails for measuring: made up, the same for the same seed, of the sizes and kinds a shop gets.

Median 8 kB, mean 16 kB; a tenth carries a file; most have text and HTML; eight languages; a third
answers an earlier mail of the set and quotes it.
"""

from __future__ import annotations

import binascii
import sys
from base64 import encodebytes
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from random import Random

START = datetime(2024, 1, 8, 8, 0, tzinfo=UTC)
SHARE_OF_REPLIES = 1 / 3
SHARE_WITH_FILE = 1 / 10


@dataclass(frozen=True, slots=True)
class Language:
    """What a customer writes in one language; `attribution` introduces a quoted mail."""

    greeting: str
    closing: str
    attribution: str
    words: tuple[str, ...]
    names: tuple[str, ...]
    subjects: tuple[str, ...]


def _language(
    greeting: str, closing: str, attribution: str, words: str, names: str, subjects: str
) -> Language:
    return Language(
        greeting,
        closing,
        attribution,
        tuple(words.split()),
        tuple(names.split(", ")),
        tuple(subjects.split(", ")),
    )


LANGUAGES = {
    "en": _language(
        "Hello,",
        "Kind regards",
        "On {date}, {name} <{address}> wrote:",
        "the order parcel has not arrived yet and I would like to know when it will be delivered "
        "because my invoice number shows another address could you please check whether a refund "
        "is possible thank you for your help with this matter we bought two items last week",
        "Alice Example, Robert Sample, Grace Tester, Oliver Placeholder",
        "Where is my order, Refund for invoice, Wrong size delivered, Question about delivery",
    ),
    "de": _language(
        "Guten Tag,",
        "Mit freundlichen Grüßen",
        "Am {date} schrieb {name} <{address}>:",
        "die Bestellung ist leider noch nicht angekommen und ich möchte gerne wissen wann sie "
        "geliefert wird weil auf der Rechnung eine andere Adresse steht können Sie bitte prüfen "
        "ob eine Rückerstattung möglich wäre vielen Dank für Ihre Mühe größere Stückzahl",
        "Jürgen Beispiel, Käthe Muster, Sören Platzhalter, Anna Probe",
        "Rückfrage zur Bestellung, Falsche Größe geliefert, Kündigung, Rechnung fehlt",
    ),
    "fr": _language(
        "Bonjour,",
        "Cordialement",
        "Le {date}, {name} <{address}> a écrit :",
        "la commande est toujours en attente et je voudrais savoir quand elle sera expédiée parce "
        "que la facture indique une autre adresse pourriez-vous vérifier si un remboursement "
        "reste possible merci beaucoup pour votre aide déjà reçu très déçu",
        "Amélie Exemple, François Modèle, Zoé Essai",
        "Où est ma commande, Remboursement demandé, Facture erronée",
    ),
    "es": _language(
        "Buenos días:",
        "Un saludo",
        "El {date}, {name} <{address}> escribió:",
        "el pedido todavía no ha llegado y quisiera saber cuándo será entregado porque la factura "
        "muestra otra dirección podrían comprobar si es posible una devolución muchas gracias por "
        "su ayuda mañana compañía también",
        "María Ejemplo, José Muestra, Íñigo Prueba",
        "Mi pedido no llega, Devolución, Duda sobre la factura",
    ),
    "pl": _language(
        "Dzień dobry,",
        "Z poważaniem",
        "{date} {name} <{address}> napisał(a):",
        "zamówienie jeszcze nie dotarło i chciałbym wiedzieć kiedy zostanie wysłane ponieważ na "
        "fakturze widnieje inny adres proszę sprawdzić czy możliwy jest zwrot pieniędzy dziękuję "
        "bardzo za pomoc również większość",
        "Łukasz Przykład, Zofia Wzór, Stanisław Próba",
        "Gdzie jest moje zamówienie, Zwrot pieniędzy, Błędna faktura",
    ),
    "ru": _language(
        "Здравствуйте!",
        "С уважением",
        "{date}, {name} <{address}> пишет:",
        "заказ до сих пор не пришёл и я хотел бы узнать когда он будет доставлен потому что в "
        "счёте указан другой адрес проверьте пожалуйста можно ли вернуть деньги большое спасибо "
        "за вашу помощь товар",
        "Иван Примеров, Ольга Образцова, Пётр Проба",
        "Где мой заказ, Возврат денег, Вопрос по счёту",
    ),
    "ja": _language(
        "お世話になっております。",
        "よろしくお願いいたします。",
        "{date} {name} <{address}>:",
        "注文した商品が まだ届いておりません。 いつ配送されるか 教えてください。 請求書の住所が "
        "間違っているようです。 返金は可能でしょうか。 ご確認を お願いいたします。 先週 二点 "
        "購入しました。",
        "山田太郎, 見本花子, 試験一郎",
        "注文について, 返金のお願い, 請求書の件",
    ),
    "zh": _language(
        "您好：",
        "此致敬礼",
        "{name} <{address}> 于 {date} 写道：",
        "我的订单 还没有收到， 请问什么时候 可以发货？ 发票上的地址 不正确。 请帮我查一下 "
        "是否可以退款。 非常感谢 您的帮助。 上周 买了两件商品。",
        "张三, 李四, 王小明",
        "订单查询, 申请退款, 发票问题",
    ),
}
_CHOICE = ("en", "en", "en", "en", "de", "de", "fr", "es", "pl", "ru", "ja", "zh")
_CHARSETS = {"de": "iso-8859-1", "fr": "iso-8859-1", "es": "windows-1252", "pl": "iso-8859-2"}
_CHARSETS |= {"ru": "windows-1251", "ja": "iso-2022-jp", "zh": "gb18030"}
_STYLE = "margin:0 0 12px 0;font-family:Calibri,Arial,sans-serif;font-size:11pt;color:#222222"
_FILES = (("invoice", "pdf", "application/pdf"), ("photo", "jpg", "image/jpeg"))


@dataclass(frozen=True, slots=True)
class _Mail:
    raw: bytes
    name: str
    address: str
    subject: str
    message_id: str
    references: str
    text: str
    sent: datetime
    language: str


def generate(count: int, seed: int) -> list[bytes]:
    """Return `count` mails as raw bytes with CRLF line ends, in the order they were sent."""
    random = Random(seed)
    mails: list[_Mail] = []
    for number in range(count):
        parent = None
        if mails and random.random() < SHARE_OF_REPLIES:
            parent = random.choice(mails[-300:])
        mails.append(_mail(number, seed, parent, random))
    return [mail.raw for mail in mails]


def _mail(number: int, seed: int, parent: _Mail | None, random: Random) -> _Mail:
    code = parent.language if parent else random.choice(_CHOICE)
    language = LANGUAGES[code]
    if parent:
        name, address = parent.name, parent.address
        subject = parent.subject if parent.subject.startswith("Re: ") else f"Re: {parent.subject}"
        references = f"{parent.references} <{parent.message_id}>".strip()
    else:
        name = random.choice(language.names)
        address = f"customer{number}@mail{number % 97}.example"
        subject = f"{random.choice(language.subjects)} {random.randrange(100_000, 999_999)}"
        references = ""
    sent = START + timedelta(seconds=97 * number)
    message_id = f"{seed:x}.{number}.{random.getrandbits(48):012x}@mail{number % 97}.example"
    text = _text(language, name, random)
    quoted = _quoted(language, parent) if parent else ""
    header = _header(name, address, subject, message_id, references, parent, sent, random)
    body = _body(code, text, quoted, number, random)
    return _Mail(header + body, name, address, subject, message_id, references, text, sent, code)


def _text(language: Language, name: str, random: Random) -> str:
    # Log-normal, as lengths of mails are: most are short, a few run to pages.
    length = int(random.lognormvariate(4.95, 0.75))
    paragraphs = [language.greeting]
    while length > 0:
        words = random.choices(language.words, k=random.randrange(18, 55))
        length -= len(words)
        sentence = " ".join(words)
        paragraphs.append(_wrapped(sentence[:1].upper() + sentence[1:] + "."))
    return "\n\n".join([*paragraphs, f"{language.closing}\n{name}"])


def _wrapped(paragraph: str) -> str:
    lines = [""]
    for word in paragraph.split():
        if len(lines[-1]) + len(word) > 72:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


def _quoted(language: Language, parent: _Mail) -> str:
    attribution = language.attribution.format(
        date=f"{parent.sent:%d.%m.%Y %H:%M}", name=parent.name, address=parent.address
    )
    lines = "\n".join(f"> {line}" for line in parent.text[:1500].split("\n"))
    return f"{attribution}\n{lines}"


def _header(
    name: str,
    address: str,
    subject: str,
    message_id: str,
    references: str,
    parent: _Mail | None,
    sent: datetime,
    random: Random,
) -> bytes:
    hops = "".join(
        f"Received: from mx{hop}.relay.example (mx{hop}.relay.example [192.0.2.{hop}])\r\n"
        f"\tby in{hop}.shop.example with ESMTPS id {random.getrandbits(60):015x}\r\n"
        f"\tfor <support@shop.example>; {format_datetime(sent + timedelta(seconds=9 - hop))}\r\n"
        for hop in range(random.randrange(2, 6))
    )
    signature = encodebytes(random.randbytes(256)).decode().strip().replace("\n", "\r\n\t")
    lines = [
        "Return-Path: <" + address + ">",
        "Delivered-To: support@shop.example",
        hops
        + "Authentication-Results: mx.shop.example; dkim=pass header.d=relay.example;\r\n"
        + f"\tspf=pass smtp.mailfrom={address}; dmarc=pass header.from=relay.example",
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=relay.example; s=2024;\r\n"
        "\th=from:to:subject:date:message-id:mime-version:content-type;\r\n"
        f"\tbh={encodebytes(random.randbytes(32)).decode().strip()};\r\n\tb={signature}",
        f"From: {_word(name, random)} <{address}>",
        "To: Shop Support <support@shop.example>",
        f"Subject: {_word(subject, random)}",
        f"Date: {format_datetime(sent)}",
        f"Message-ID: <{message_id}>",
        *([f"In-Reply-To: <{parent.message_id}>"] if parent else []),
        *(["References: " + references.replace(" ", "\r\n ")] if references else []),
        "MIME-Version: 1.0",
        "X-Mailer: Example Mail 16.0",
        f"X-Spam-Status: No, score={random.randrange(-30, 20) / 10}",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _word(text: str, random: Random) -> str:
    """Encode `text` for a header as RFC 2047 asks, a few characters a word."""
    if text.isascii():
        return text
    words = []
    base64 = random.random() < 0.5
    for start in range(0, len(text), 12):
        data = text[start : start + 12].encode()
        coded = (
            binascii.b2a_base64(data, newline=False)
            if base64
            else binascii.b2a_qp(data, header=True, quotetabs=True)
            .replace(b"?", b"=3F")
            .replace(b"=\n", b"")
        )
        words.append(f"=?utf-8?{'B' if base64 else 'Q'}?{coded.decode()}?=")
    return "\r\n ".join(words)


def _body(code: str, text: str, quoted: str, number: int, random: Random) -> bytes:
    kind = random.random()
    whole = f"{text}\n\n{quoted}\n" if quoted else f"{text}\n"
    if kind < 0.25:
        content = _part("plain", whole, code, random)
    elif kind < 0.32:
        content = _part("html", _html(text, quoted), code, random)
    else:
        content = _multipart(
            "alternative",
            f"alt-{number:x}-{random.getrandbits(64):016x}",
            [
                _part("plain", whole, code, random),
                _part("html", _html(text, quoted), code, random),
            ],
        )
    if random.random() < SHARE_WITH_FILE:
        boundary = f"mixed-{number:x}-{random.getrandbits(64):016x}"
        content = _multipart("mixed", boundary, [content, _file(number, random)])
    return content


def _part(subtype: str, text: str, code: str, random: Random) -> bytes:
    charset = "utf-8"
    if code in _CHARSETS and random.random() < 0.3:
        charset = _CHARSETS[code]
    if text.isascii() and charset == "utf-8":
        charset = "us-ascii"
    data = text.replace("\n", "\r\n").encode(charset, "replace")
    way = random.random()
    if charset in ("us-ascii", "iso-2022-jp"):
        encoding = "7bit" if way < 0.7 else "quoted-printable"
    elif code in ("ja", "zh", "ru"):
        encoding = "base64" if way < 0.8 else "8bit"
    else:
        encoding = "quoted-printable" if way < 0.75 else "8bit"
    if encoding == "base64":
        data = encodebytes(data).replace(b"\n", b"\r\n")
    elif encoding == "quoted-printable":
        data = binascii.b2a_qp(data, istext=True)
    return (
        f'Content-Type: text/{subtype}; charset="{charset}"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n".encode()
        + data
        + b"\r\n"
    )


def _html(text: str, quoted: str) -> str:
    paragraphs = "\n".join(
        f'<p class="MsoNormal" style="{_STYLE}"><span lang="x-none">'
        f"{escape(paragraph).replace(chr(10), '<br>' + chr(10))}</span></p>"
        for paragraph in text.split("\n\n")
    )
    quote = ""
    if quoted:
        attribution, _, lines = quoted.partition("\n")
        inner = escape(lines.replace("\n> ", "\n").removeprefix("> ")).replace("\n", "<br>\n")
        quote = (
            f'<div class="gmail_quote"><div dir="ltr">{escape(attribution)}<br></div>\n'
            '<blockquote style="margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex">\n'
            f"{inner}</blockquote></div>\n"
        )
    rules = "\n".join(
        f"p.Style{n}, li.Style{n} {{margin:0cm; font-size:{n}.0pt; font-family:sans-serif;}}"
        for n in range(8, 24)
    )
    return (
        '<!DOCTYPE html>\n<html><head><meta name="viewport" content="width=device-width">\n'
        f"<style>\n{rules}\n</style></head>\n"
        f'<body bgcolor="#ffffff"><div class="WordSection1">\n{paragraphs}\n{quote}'
        "</div></body></html>\n"
    )


def _multipart(subtype: str, boundary: str, parts: list[bytes]) -> bytes:
    line = b"--" + boundary.encode()
    return (
        f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
        + b"".join(line + b"\r\n" + part + b"\r\n" for part in parts)
        + line
        + b"--\r\n"
    )


def _file(number: int, random: Random) -> bytes:
    stem, extension, content_type = random.choice(_FILES)
    data = random.randbytes(int(random.lognormvariate(10.62, 0.8)))
    name = f"{stem}-{number}.{extension}"
    return (
        f'Content-Type: {content_type}; name="{name}"\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n".encode()
        + encodebytes(data).replace(b"\n", b"\r\n")
    )


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    sizes = sorted(map(len, generate(wanted, seed=1)))
    print(f"{wanted} mails: median {sizes[wanted // 2]}, mean {sum(sizes) // wanted} bytes")
