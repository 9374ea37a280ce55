"""What mail clients write above a quote or a forward, however they break the lines of it."""

from __future__ import annotations

import textwrap

import pytest

from inboxd.mail.quotes import split_reply

WORDS = "It came today.\n\nWhere are the laces?"
QUOTE = "> Hello Jane,\n> your parcel is on its way.\n"
BARE = "Hello Jane,\nyour parcel is on its way.\n"
LONG_NAME = "Support Team of the Example Shoe Company in Amsterdam"

ATTRIBUTIONS = """
On Mar 5, 2024, 10:12 +0100, Shop Support <help@shop.example>, wrote:
On Tue, Mar 05, 2024 at 10:12 AM, Shop Support < help@shop.example > wrote:
On March 5, 2024, Shop Support <help@shop.example> wrote:
On March 5, 2024 at 10:12 AM GMT+1 Shop Support <help@shop.example> wrote:
On March 5, 2024 10:12:33 AM GMT+01:00, Shop Support <help@shop.example> wrote:
Mar 5, 2024 10:12:33 Shop Support <help@shop.example>:
Am 5. März 2024 10:12:33 MEZ schrieb Shop Support <help@shop.example>:
05.03.2024, 10:12, "Shop" <help@shop.example>:
Shop Support <help@shop.example> schrieb am Di., 5. März 2024, 10:12:
Shop Support (help@shop.example) schrieb am 05.03.2024 um 10:12:
Shop Support <help@shop.example> escribió el 5 mar 2024 10:12:
El 5 mar 2024, a las 10:12, Shop Support <help@shop.example> escribió:
Le 5 mars 2024 à 10:12, Shop Support <help@shop.example> a écrit :
Le mardi 5 mars 2024 à 10:12:33 UTC+1, Shop Support <help@shop.example> a écrit :
Il giorno 5 mar 2024, alle ore 10:12, Shop Support <help@shop.example> ha scritto:
Il martedì 5 marzo 2024 10:12:33 CET, Shop Support <help@shop.example> ha scritto:
Op dinsdag 5 maart 2024 om 10:12:33 CET schreef Shop Support <help@shop.example>:
Em terça-feira, 5 de março de 2024 às 10:12:33 BRT, Shop Support <help@shop.example> escreveu:
No dia 5 de março de 2024, Shop Support <help@shop.example> escreveu:
No dia 5/03/2024, às 10:12, Shop Support <help@shop.example> escreveu:
Shop Support <help@shop.example> escreveu no dia terça, 5/03/2024 à(s) 10:12:
Dnia 5 marca 2024 10:12 Shop Support <help@shop.example> napisał(a):
wtorek, 5 marca 2024, 10:12 Shop Support <help@shop.example> napisał:
Wiadomość napisana przez Shop Support <help@shop.example> w dniu 05.03.2024, o godz. 10:12:
5 mars 2024 kl. 10:12 skrev Shop Support <help@shop.example>:
På tirsdag 5. mars 2024 klokken 10:12:33, Shop Support <help@shop.example> skrev:
Den tirsdag den 5. marts 2024 10.12.33 CET skrev Shop Support <help@shop.example>:
Den 5. marts 2024 kl. 10.12.33 CET, Shop Support <help@shop.example> skrev:
Shop Support <help@shop.example> kirjoitti 5.3.2024 kello 10.12:
tiistai 5. maaliskuuta 2024 klo 10.12.33 UTC+2 Shop Support <help@shop.example> kirjoitti:
Dne úterý 5. března 2024 10:12:33, Shop Support <help@shop.example> napsal:
út 5. 3. 2024 v 10:12 Shop Support <help@shop.example> napsal:
Вторник, 5 марта 2024, 10:12 +03:00 от Shop Support <help@shop.example>:
вт, 5 мар. 2024 г., 10:12 Shop Support <help@shop.example>:
5 марта 2024 г., в 10:12, Shop Support <help@shop.example> написал(а):
05.03.2024 10:12, Shop Support пишет:
5 Mar 2024 tarihinde 10:12 saatinde, Shop Support <help@shop.example> şunları yazdı:
5 Mar 2024 Sal 10:12 tarihinde Shop Support <help@shop.example> şunu yazdı:
Shop Support <help@shop.example>, 5 Mar 2024 Sal, 10:12 tarihinde şunu yazdı:
Shop Support <help@shop.example> şunları yazdı (5 Mar 2024 10:12):
2024年3月5日(火) 10:12 Shop Support <help@shop.example>:
2024/03/05 10:12、Shop Support <help@shop.example>のメール:
2024年3月5日 10:12、Shop Support <help@shop.example>のメール:
On 2024/03/05 10:12, Shop Support wrote:
于 2024年3月5日 10:12，Shop Support <help@shop.example> 写道：
在 2024年3月5日，10:12，Shop Support <help@shop.example> 写道：
在 2024/3/5 10:12, Shop Support 写道:
Shop Support <help@shop.example> 於 2024年3月5日 上午10:12 寫道：
At 2024-03-05 10:12:33, "Shop Support" <help@shop.example> wrote:
2024. 3. 5. 오전 10:12, Shop Support <help@shop.example> 작성:
2024년 3월 5일 오전 10:12, Shop Support <help@shop.example>님이 작성:
2024년 3월 5일 (화) 오후 10:12, Shop Support <help@shop.example>님이 작성하였습니다:
Shop Support <help@shop.example> wrote:
Shop Support <help@shop.example> schrieb:
Shop Support <help@shop.example> a écrit :
Shop Support <help@shop.example> escribió:
Shop Support <help@shop.example> ha scritto:
Shop Support <help@shop.example> schreef:
Shop Support <help@shop.example> napisał(a):
Shop Support <help@shop.example> написал:
""".strip().splitlines()


@pytest.mark.parametrize("line", ATTRIBUTIONS)
@pytest.mark.parametrize("below", [QUOTE, BARE], ids=["quoted", "unmarked"])
def test_attribution_of_each_client_begins_the_quote(line: str, below: str) -> None:
    for mail in (f"{WORDS}\n\n{line}\n\n{below}", f"{WORDS}\n{line}\n{below}"):
        reply = split_reply(mail)
        assert reply.reply_text == WORDS
        assert "your parcel" in reply.elided_text


@pytest.mark.parametrize("name", ["Shop Support", LONG_NAME])
@pytest.mark.parametrize("line", [line for line in ATTRIBUTIONS if "@" in line])
def test_attribution_is_found_wherever_it_is_broken(line: str, name: str) -> None:
    for width in (28, 36, 44, 52, 60, 68, 76):
        broken = textwrap.wrap(
            line.replace("Shop Support", name),
            width,
            break_long_words=False,
            break_on_hyphens=False,
        )
        if len(broken) > 5:
            continue
        for below in (QUOTE, BARE):
            mail = "\n".join([WORDS, "", *broken, "", below])
            assert split_reply(mail).reply_text == WORDS, (width, below)


@pytest.mark.parametrize(
    "line",
    [
        "Tue,\n5 Mar 2024 at 10:12 Shop Support <help@shop.example> wrote:",
        "Di.,\n5. März 2024 um 10:12 schrieb Shop Support <help@shop.example>:",
        "mar.\n5 mars 2024 à 10:12, Shop Support <help@shop.example> a écrit :",
        "tis\n5 mars 2024 kl. 10:12 skrev Shop Support <help@shop.example>:",
        "вт,\n5 мар. 2024 г. в 10:12, Shop Support <help@shop.example>:",
    ],
)
def test_attribution_broken_after_a_lone_weekday_is_found_whole(line: str) -> None:
    assert split_reply(f"{WORDS}\n\n{line}\n\n{QUOTE}").reply_text == WORDS


def test_a_word_of_thanks_right_above_a_name_is_not_part_of_it() -> None:
    mail = f"Thanks a lot\nShop Support <help@shop.example> wrote:\n{QUOTE}"
    assert split_reply(mail).reply_text == "Thanks a lot"


@pytest.mark.parametrize(
    "line",
    [
        '>>> "Shop Support" <help@shop.example> 05.03.2024 10:12 >>>',
        ">>> Shop Support 05.03.24 10.12 Uhr >>>",
    ],
)
def test_groupwise_marks_its_attribution_with_arrows_and_its_quote_not_at_all(line: str) -> None:
    reply = split_reply(f"{WORDS}\n\n{line}\n{BARE}")
    assert (reply.reply_text, reply.elided_text) == (WORDS, f"{line}\n{BARE.strip()}")


BLOCK = "From: Shop <help@shop.example>\nSent: Tuesday, March 5, 2024\nTo: Jane\nSubject: Shoes\n"


@pytest.mark.parametrize(
    "line",
    [
        "  Original Message  ",
        "------------------&nbsp;原始邮件&nbsp;------------------",
        "---- 回复的原邮件 ----",
        "-----Original-Nachricht-----",
    ],
)
def test_line_above_a_header_block_goes_with_it(line: str) -> None:
    assert split_reply(f"{WORDS}\n\n{line}\n{BLOCK}\n{BARE}").reply_text == WORDS


SUBJECTS = [
    "FW: Shoes", "Fwd: Shoes", "WG: Schuhe", "TR : Chaussures", "RV: Zapatos", "Inoltra: Scarpe",
    "Doorst: Schoenen", "ENC: Sapatos", "PD: Buty", "VB: Skor", "VL: Kengät", "İLT: Ayakkabı",
    "転送: 靴", "转发：鞋", "轉寄: 鞋", "전달: 신발", "Fwd[2]: Shoes",
]  # fmt: skip


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("line", ["", "-----Original Message-----\n", "_" * 32 + "\n"])
def test_forward_by_outlook_is_kept_with_the_words_above_it(subject: str, line: str) -> None:
    mail = f"Can you help her?\n\n{line}{BLOCK}\nMy shoes are wet."

    assert split_reply(mail, subject=subject).reply_text.split() == mail.split()


@pytest.mark.parametrize(
    "subject", ["", "Shoes", "Re: Shoes", "AW: WG: Schuhe", "RE: FW: Shoes", "VS: Sko", "I: Scarpe"]
)
def test_answer_by_outlook_is_no_forward(subject: str) -> None:
    assert split_reply(f"{WORDS}\n\n{BLOCK}\n{BARE}", subject=subject).reply_text == WORDS


@pytest.mark.parametrize(
    ("subject", "names"),
    [("VS: Sko", ("Fra", "Sendt", "Til", "Emne")), ("I: Scarpe", ("Da", "Data", "A", "Oggetto"))],
)
def test_prefix_of_two_meanings_is_read_in_the_language_of_the_block(
    subject: str, names: tuple[str, ...]
) -> None:
    values = ("Shop <help@shop.example>", "5.3.2024", "Jane", "X")
    block = "\n".join(f"{name}: {value}" for name, value in zip(names, values, strict=True))

    assert "wet" in split_reply(f"See.\n\n{block}\n\nAll wet.", subject=subject).reply_text


def test_forward_in_html_is_kept_where_the_subject_says_so() -> None:
    html = (
        "<div>Can you help her?</div><div id='appendonsend'></div><hr><div id='divRplyFwdMsg'>"
        "<b>From:</b> Shop &lt;help@shop.example&gt;<br><b>Sent:</b> Tuesday, March 5, 2024<br>"
        "<b>To:</b> Jane<br><b>Subject:</b> Shoes<br></div><div>My shoes are wet.</div>"
    )
    assert "wet" in split_reply("", html, subject="FW: Shoes").reply_text
    assert "wet" not in split_reply("", html, subject="RE: Shoes").reply_text


@pytest.mark.parametrize(
    "forward",
    [
        f"> Begin forwarded message:\n>\n> From: a@doe.example\n> Subject: Hm\n>\n{QUOTE}",
        f"Forwarded message:\n\n> From: a@doe.example\n> Subject: Hm\n>\n{QUOTE}",
        f"Weitergeleitete Nachricht:\n\n*Von:* a@doe.example\n*Betreff:* Hm\n\n{BARE}",
    ],
)
def test_forward_that_is_quoted_or_bears_no_dashes_is_kept(forward: str) -> None:
    assert "your parcel" in split_reply(f"See.\n\n{forward}").reply_text


# Answers between the quoted lines


@pytest.mark.parametrize(
    "line",
    [
        "On Mar 5, 2024, at 10:12, Shop <help@shop.example> wrote:",
        "Am 05.03.24 um 10:12 schrieb Shop Support:",
        "Le 5 mars 2024 à 10:12, Shop <help@shop.example> a écrit :",
        "El 5/3/24 a las 10:12, Shop Support escribió:",
        "Il 05/03/2024 10:12, Shop Support ha scritto:",
        "Op 5 mrt 2024 om 10:12 schreef Shop <help@shop.example>:",
        "Em 05/03/2024 10:12, Shop Support escreveu:",
        "W dniu 05.03.2024 o 10:12, Shop Support pisze:",
        "Den tis 5 mars 2024 kl 10:12 skrev Shop <help@shop.example>:",
        "Den 05.03.2024 10:12, skrev Shop Support:",
        "Shop Support kirjoitti 5.3.2024 klo 10.12:",
        "Dne 05. 03. 24 v 10:12 Shop Support napsal(a):",
        "05.03.2024 10:12, Shop Support пишет:",
        "Shop <help@shop.example>, 5 Mar 2024 Sal, 10:12 tarihinde şunu yazdı:",
        "2024年3月5日(火) 10:12 Shop <help@shop.example>:",
        '在 2024-03-05 10:12:33，"Shop" <help@shop.example> 写道：',
        "2024년 3월 5일 (화) 오전 10:12, Shop <help@shop.example>님이 작성:",
    ],
)
def test_pitfall_24_answers_between_the_lines_stay_in_every_language(line: str) -> None:
    answers = "> Which size?\n\n42\n\n> Which colour?\n\nRed"

    reply = split_reply(f"See below.\n\n{line}\n\n{answers}\n\n> Regards\n\nSent from my iPhone")

    assert reply.reply_text == f"See below.\n\n{answers}"
