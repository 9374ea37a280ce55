"""Pitfall 28: "Thanks!" need not open a closed conversation again; anything more must."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.mail.thanks import is_mere_thanks


@pytest.mark.parametrize(
    "text",
    [
        "Thanks!",
        "Thank you very much for your quick reply!",
        "Ok, thanks",
        "Perfect, thank you 😊",
        "Great, it works now. Thank you all",
        "Thank you so much!!!\n\nHave a great day",
        "👍",
        "Thanks :-)",
        "Danke!",
        "Vielen Dank für die schnelle Antwort!\n\nLiebe Grüße",
        "Merci beaucoup !",
        "Muchas gracias por su ayuda",
        "Grazie mille!",
        "Bedankt voor de snelle reactie",
        "Muito obrigado",
        "Dziękuję bardzo!",
        "Tack så mycket!",
        "Mange tak",
        "Tusen takk!",
        "Kiitos paljon",
        "Děkuji moc",
        "Большое спасибо!",
        "Çok teşekkürler",
        "大変助かりました。ありがとうございました！",
        "非常感谢您的帮助",
        "빠른 답변 감사합니다.",
    ],
)
def test_pitfall_28_thanks_in_the_languages_of_the_trade(text: str) -> None:
    assert is_mere_thanks(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hello",
        "It works now",
        "Thanks, but it still does not work",
        "Thanks. When will it arrive?",
        "Thanks for nothing",
        "No thanks",
        "Yes please, thanks",
        "Thanks, order 1234",
        "Thank you, please call me",
        "Thanks\nRefund",
        "Thank you. I will wait",
        "Thanks for the 5 €",
        "Thanks, write to carol@firm.example",
        "Thanks 👎",
        "Danke, aber es fehlt ein Teil",
        "Danke nein",
        "Merci de me rappeler",
        "Grazie ma non funziona",
        "Kiitos, ei toimi",
        "спасибо, не работает",
        "ありがとうございます。届いていません。",
        "谢谢，但是坏了",
        "감사합니다. 환불해 주세요",
        "好的",
        "thanks " * 60,
    ],
)
def test_pitfall_28_whatever_says_more_is_no_mere_thanks(text: str) -> None:
    assert not is_mere_thanks(text)


def test_pitfall_28_only_names_that_are_known_may_stand_in_it() -> None:
    assert is_mere_thanks("Thanks Anna!\nCarol", ("Anna Smith", "Carol Jones"))
    assert not is_mere_thanks("Thanks Anna!")


@given(st.text())
def test_every_text_is_told_the_same_way_twice(text: str) -> None:
    assert is_mere_thanks(text) == is_mere_thanks(text)


@pytest.mark.parametrize("piece", ["了", "ごお", "好的", "ありがとう", "a'", "thanks ", "…"])
def test_hostile_lengths_cost_nothing(piece: str) -> None:
    text = (piece * 240)[:239]
    before = time.process_time()
    is_mere_thanks(f"{text}x")
    assert time.process_time() - before < 0.1
