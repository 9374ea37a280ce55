import pytest

from inboxd.mail.charset_labels import codec_name
from inboxd.mail.charsets import decode_text, storable
from inboxd.mail.mime import parse
from inboxd.mail.reading import Reading

GERMAN = "Sehr geehrte Damen und Herren, können Sie prüfen, wann die Bestellung kommt? Schöne Grüße"
FRENCH = "Bonjour, où est ma commande ? Ça devrait être arrivé à Orléans déjà, je suis très déçu."
POLISH = "Dzień dobry, chciałbym zapytać, kiedy zostanie wysłane moje zamówienie. Dziękuję, Łukasz"
CZECH = "Dobrý den, chtěl bych se zeptat, kdy bude odeslána moje objednávka. Děkuji, Jiří"
TURKISH = "Merhaba, siparişimin ne zaman gönderileceğini öğrenmek istiyorum. Teşekkürler"
RUSSIAN = "Здравствуйте, я хотел бы узнать, где находится мой заказ. Спасибо за помощь!"
GREEK = "Καλημέρα, θα ήθελα να ρωτήσω πότε θα αποσταλεί η παραγγελία μου. Ευχαριστώ πολύ"
HEBREW = "שלום, אני רוצה לדעת מתי ההזמנה שלי תגיע. תודה רבה"
THAI = "สวัสดีครับ ผมอยากทราบว่าสินค้าจะส่งเมื่อไหร่ ขอบคุณครับ"
CHINESE = "您好，我想询问一下我的订单什么时候可以发货，谢谢您的帮助。"
TRADITIONAL = "您好，我想詢問一下我的訂單什麼時候可以出貨，謝謝您的幫助。"
JAPANESE = "お世話になっております。注文番号についてお伺いしたいことがあります。"
KOREAN = "안녕하세요. 주문한 상품이 언제 배송되는지 알고 싶습니다. 감사합니다."


def read(data: bytes, declared: str | None) -> tuple[str, list[str]]:
    reading = Reading()
    return decode_text(data, declared, reading, "text/plain"), reading.defects


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("utf-8", "utf-8", GERMAN),
        ("UTF8", "utf-8", GERMAN),
        ("utf8mb4", "utf-8", RUSSIAN),
        ("unicode-1-1-utf-8", "utf-8", RUSSIAN),
        ("iso-8859-1", "cp1252", GERMAN + " – „zitiert“"),
        ("latin1", "latin-1", FRENCH),
        ("ISO-8559-1", "latin-1", FRENCH),
        ("iso-8859-2", "iso-8859-2", POLISH),
        ("windows-1250", "cp1250", CZECH),
        ("x-cp1251", "cp1251", RUSSIAN),
        ("koi8-r", "koi8-r", RUSSIAN),
        ("windows-1253", "cp1253", GREEK),
        ("iso-8859-9", "cp1254", TURKISH),
        ("windows-1255", "cp1255", HEBREW),
        ("iso-8859-8-i", "iso-8859-8", HEBREW),
        ("windows-874", "cp874", THAI),
        ("tis-620", "cp874", THAI),
        ("gb2312", "gb18030", CHINESE + "镕€"),
        ("gbk", "gb18030", CHINESE),
        ("hz-gb-2312", "hz", "您好，订单"),
        ("big5", "big5", TRADITIONAL),
        ("x-x-big5", "big5", TRADITIONAL),
        ("ks_c_5601-1987", "cp949", KOREAN + "똠방각하"),
        ("euc-kr", "cp949", KOREAN + "똠방각하"),
        ("iso-2022-kr", "iso2022_kr", "안녕하세요"),
        ("shift_jis", "cp932", JAPANESE + "①髙"),
        ("x-sjis", "cp932", JAPANESE),
        ("windows-31j", "cp932", JAPANESE),
        ("euc-jp", "euc_jp", JAPANESE),
        ("iso-2022-jp", "iso2022_jp", JAPANESE),
        ("utf-7", "utf-7", GERMAN),
        ("unicode-1-1-utf-7", "utf-7", RUSSIAN),
        ("utf-16", "utf-16", GERMAN),
        ("utf-16le", "utf-16-le", GERMAN),
        ("macintosh", "mac-roman", FRENCH),
        ("ibm850", "cp850", GERMAN),
        ("'iso-8859-1' (Latin)", "latin-1", GERMAN),
    ],
)
def test_pitfall_11_labels_of_the_field_are_read(label: str, codec: str, text: str) -> None:
    assert read(text.encode(codec), label) == (text, [])


def test_pitfall_11_vietnamese_is_composed() -> None:
    # windows-1258 writes some tones as combining marks behind the vowel
    assert read(b"Ti\xea\xecng Vi\xea\xf2t", "windows-1258")[0] == "Tiếng Việt"


@pytest.mark.parametrize("label", ["iso-2022-jp", "iso-2022-jp-ms", "cp50221", "csISO2022JPMS"])
def test_pitfall_11_japanese_as_microsoft_writes_it(label: str) -> None:
    circled = b"\x1b$B-!\x1b(B"  # NEC row 13
    name = b"\x1b$B|b66\x1b(B"  # NEC selection of IBM's extensions
    katakana = b"\x1b(I1;6\x1b(B"  # half width
    assert read(circled, label)[0] == "①"
    assert read(name, label)[0] == "髙橋"
    assert read(circled + b" a " + katakana, label)[0] == "① a ｱｻｶ"
    plain = "こんにちは、元気"
    assert read(plain.encode("iso-2022-jp") + circled, label)[0] == plain + "①"


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("cp1252", GERMAN),
        ("cp1252", FRENCH),
        ("cp1250", POLISH),
        ("cp1250", CZECH),
        ("cp1254", TURKISH),
        ("cp1251", RUSSIAN),
        ("koi8-r", RUSSIAN),
        ("cp1253", GREEK),
        ("cp1255", HEBREW),
        ("cp874", THAI),
        ("gb18030", CHINESE),
        ("big5", TRADITIONAL),
        ("cp932", JAPANESE),
        ("euc_jp", JAPANESE),
        ("cp949", KOREAN),
    ],
)
@pytest.mark.parametrize("label", [None, "", "us-ascii", "x-unknown", "unknown-8bit", "utf-8"])
def test_pitfall_11_text_without_a_right_label_is_guessed(
    codec: str, text: str, label: str | None
) -> None:
    found, defects = read(text.encode(codec), label)
    assert found == text
    assert len(defects) == 1


def test_utf8_is_read_whatever_it_is_called() -> None:
    for label in (None, "iso-8859-1", "windows-1251", "x-nonsense", "shift_jis", "gb2312"):
        assert read(GERMAN.encode(), label)[0] == GERMAN


def test_a_few_chinese_bytes_that_could_be_utf8_follow_their_label() -> None:
    data = "联通".encode("gb18030")
    assert data.decode("utf-8", "ignore") != ""
    assert read(data, "gb2312")[0] == "联通"


def test_damaged_utf8_keeps_its_rest() -> None:
    data = GERMAN.encode() * 3 + b"\xc3"
    text, defects = read(data, "utf-8")
    assert text == GERMAN * 3 + "�"
    assert defects == ["charset: text/plain: read as utf-8"]


def test_ascii_labelled_as_sixteen_bits_is_ascii() -> None:
    assert read(b"plain words", "utf-16")[0] == "plain words"


@pytest.mark.parametrize(
    "label",
    [
        "base64",
        "rot13",
        "zlib",
        "undefined",
        "unicode_escape",
        "raw_unicode_escape",
        "idna",
        "punycode",
        "../../etc/passwd",
        "aliases",
        "\0",
        "é",
        "x" * 5000,
        "",
        "None",
    ],
)
def test_labels_that_are_no_charsets_name_no_codec(label: str) -> None:
    assert codec_name(label) is None


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b", "\udfffä", "ä\0"])
def test_S5_text_is_always_storable(text: str) -> None:
    stored = storable(text)
    assert "\0" not in stored
    stored.encode("utf-8")


def test_S5_lone_surrogates_out_of_utf7_are_replaced() -> None:
    text, _ = read(b"+2AA-", "utf-7")
    text.encode("utf-8")


def test_guesses_are_bounded() -> None:
    reading = Reading(guesses=1)
    decode_text(RUSSIAN.encode("cp1251"), None, reading, "a")
    assert reading.guesses == 0
    assert decode_text(RUSSIAN.encode("cp1251"), None, reading, "b") != RUSSIAN


def test_html_says_its_charset_itself() -> None:
    raw = b'Content-Type: text/html\n\n<meta charset="koi8-r"><p>' + "Да".encode("koi8-r")
    html = parse(raw).html
    assert html is not None
    assert html.endswith("<p>Да")
