"""An agent who answers with a real neomutt, over real IMAP and SMTP servers."""

from __future__ import annotations

from pathlib import Path

import pytest
from neomutt import answer_newest
from servers import Dovecot, Postfix
from shop import SIGNATURE, Shop, text_of
from test_answers_of_clients import Exchange
from test_whole_way_lmtp import assert_nothing_internal

pytestmark = pytest.mark.servers


@pytest.mark.parametrize(
    ("words", "state"),
    [("It comes tomorrow,\nby noon.", "pending"), ("It is paid.\n\n#close #tag carrier", "closed")],
)
def test_a_real_neomutt_answers_and_the_customer_gets_the_words_alone(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix, words: str, state: str
) -> None:
    shop = Shop(tmp_path, dovecot, postfix, rules="[]\n")
    shop.route()
    with shop.running():
        exchange = Exchange(shop)
        answer_newest(
            tmp_path,
            user=shop.anna,
            name="Anna",
            words=words,
            imap_port=dovecot.imap_port,
            smtp_port=postfix.smtp_port,
        )
        got = exchange.got()

    assert text_of(got) == f"{words.partition('#')[0].strip()}\n\n-- \n{SIGNATURE}\n"
    assert_nothing_internal(got, shop, "wrote:", "Reply above", "carrier")
    assert shop.conversations()[-1]["state"] == state
