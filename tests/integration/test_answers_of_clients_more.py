"""Phones, web mail and scripts through real servers: the words arrive, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import leak_kit
import pytest
from desk_kit import Sent
from leak_kit import Client, mail, quote_of
from programs import swaks
from servers import Dovecot, Postfix
from shop import SIGNATURE, Shop, html_of, read, text_of
from test_answers_of_clients import WORDS, Exchange
from test_whole_way_lmtp import assert_nothing_internal, assert_plain_wire

from inboxd.mail.mime import parse

pytestmark = pytest.mark.servers

PROGRAMS: tuple[Client, ...] = (
    *(leak_kit.gmail_android, leak_kit.outlook_ios, leak_kit.samsung, leak_kit.k9),
    *(leak_kit.yahoo, leak_kit.proton, leak_kit.thunderbird_html, leak_kit.neomutt),
)


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot, postfix: Postfix
) -> Iterator[Shop]:
    """One shop that all these answers go through, a conversation each."""
    shop = Shop(tmp_path_factory.mktemp("more"), dovecot, postfix, rules="[]\n")
    shop.route()
    with shop.running():
        yield shop


def answered_with(client: Client, exchange: Exchange, words: str, language: str) -> bytes:
    """Return Anna's answer to what lies in her mailbox."""
    raw = exchange.notified
    told = Sent(0, "", "", (), "", datetime.now(UTC), raw, parse(raw))
    sender = f"Anna <{exchange.shop.anna}>"
    return mail(client(words, quote_of(told), language), told, sender, id(exchange))


@pytest.mark.parametrize("language", ["en", "de", "ja"])
@pytest.mark.parametrize("client", PROGRAMS, ids=lambda each: each.__name__)
def test_the_customer_gets_exactly_the_words(shop: Shop, client: Client, language: str) -> None:
    exchange = Exchange(shop)
    words = WORDS["paragraphs"]
    raw = answered_with(client, exchange, f"{words}\n\n#tag carrier", language)
    shop.answer(shop.anna, raw)
    got = exchange.got()
    assert text_of(got) == f"{words}\n\n-- \n{SIGNATURE}\n"
    assert_plain_wire(got)
    assert_nothing_internal(got, shop, "wrote:", "Reply above", "carrier", "how long do you keep")
    assert "how long do you keep" not in html_of(got)


def test_a_real_swaks_answers_as_a_script_does(shop: Shop) -> None:
    exchange = Exchange(shop)
    target = str(read(exchange.notified)["Reply-To"].addresses[0].addr_spec)
    done = swaks(
        *("--server", "127.0.0.1", "--port", str(shop.postfix.smtp_port)),
        *("--from", shop.anna, "--to", target),
        *("--header", "Subject: from a script", "--body", "It is paid.\\n\\n#close\\n"),
    )
    assert done.returncode == 0, done.stderr
    assert text_of(exchange.got()) == f"It is paid.\n\n-- \n{SIGNATURE}\n"
    assert shop.conversations()[-1]["state"] == "closed"
