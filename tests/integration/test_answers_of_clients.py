"""Whatever mail client an agent answers with, the customer gets the agent's words and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import clients
import pytest
from clients import Answer
from servers import Dovecot, Postfix
from shop import SIGNATURE, Shop, html_of, text_of
from test_whole_way_lmtp import assert_nothing_internal, assert_plain_wire

pytestmark = pytest.mark.servers

Write = Callable[[Answer], bytes]
QUESTION = "Hello,\n\nhow long do you keep my order 4711?\nAnd is it paid?\n\nJane\n"
WORDS = {
    "short": "Two weeks.",
    "paragraphs": "Hello Jane,\n\nwe keep it for two weeks – and it is paid.\n\nBest\nAnna",
    "long line": (
        "We keep your order for two weeks, which is the time that the courier gives us before it "
        "comes back to our store; it is paid, and nothing is left for you to do but to open the "
        "door when it rings."
    ),
    "signs": "1 < 2 & 3 > 2, “quoted”, a@b.example, https://shop.example/?a=1&b=2 – ok?",
}


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot, postfix: Postfix
) -> Iterator[Shop]:
    """One shop that all these answers go through, a conversation each."""
    shop = Shop(tmp_path_factory.mktemp("clients"), dovecot, postfix, rules="[]\n")
    shop.route()
    with shop.running():
        yield shop


class Exchange:
    """A customer's question that Anna answers, and what becomes of it."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.before = {who: len(shop.inbox(who)) for who in (shop.jane, shop.anna)}
        shop.send(shop.jane, shop.address, bytes(shop.compose(shop.jane, "Order 4711", QUESTION)))
        self.notified = shop.wait_for(shop.anna, self.before[shop.anna] + 1)

    def answer(self, write: Write, words: str) -> None:
        """Have Anna answer with a client."""
        self.shop.answer(
            self.shop.anna, write(Answer(self.notified, self.shop.anna, "Anna", words))
        )

    def got(self) -> bytes:
        """Return what the customer gets."""
        return self.shop.wait_for(self.shop.jane, self.before[self.shop.jane] + 1)

    def receipt(self) -> str:
        """Return what Anna is told."""
        return text_of(self.shop.wait_for(self.shop.anna, self.before[self.shop.anna] + 2))

    def customer_got_nothing(self) -> bool:
        """Whether the customer has got nothing once everything is delivered."""
        self.shop.wait_until_quiet()
        return len(self.shop.inbox(self.shop.jane)) == self.before[self.shop.jane]


@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.parametrize("write", clients.CLIENTS, ids=lambda each: each.__name__)
def test_the_customer_gets_exactly_the_words(shop: Shop, write: Write, kind: str) -> None:
    exchange = Exchange(shop)
    exchange.answer(write, WORDS[kind])
    raw = exchange.got()
    assert text_of(raw) == f"{WORDS[kind]}\n\n-- \n{SIGNATURE}\n"
    assert_plain_wire(raw)
    assert_nothing_internal(raw, shop, "wrote:", "Reply above", "how long do you keep")
    assert "how long do you keep" not in html_of(raw)


@pytest.mark.parametrize("place", ["above", "below"])
@pytest.mark.parametrize("write", clients.CLIENTS, ids=lambda each: each.__name__)
def test_tags_above_or_below_the_words(shop: Shop, write: Write, place: str) -> None:
    exchange = Exchange(shop)
    tags = "#tag carrier\n#priority low #assign bert"
    words = WORDS["paragraphs"]
    exchange.answer(write, f"{tags}\n\n{words}" if place == "above" else f"{words}\n\n{tags}")
    raw = exchange.got()
    assert text_of(raw) == f"{words}\n\n-- \n{SIGNATURE}\n"
    assert_nothing_internal(raw, shop, "#assign")
    done = [line for line in exchange.receipt().splitlines() if line.startswith("- ")]
    assert done[1:] == ["- Tagged: carrier.", "- Priority: low.", "- Assigned to bert."]


def test_an_answer_below_the_quote_is_not_sent_and_the_agent_is_told(shop: Shop) -> None:
    exchange = Exchange(shop)
    exchange.answer(clients.thunderbird_below_the_quote, WORDS["paragraphs"])
    assert "Nothing was sent and nothing was changed" in exchange.receipt()
    assert exchange.customer_got_nothing()


def test_an_answer_between_the_quoted_lines_is_not_sent_and_the_agent_is_told(shop: Shop) -> None:
    exchange = Exchange(shop)

    def between(answer: Answer) -> bytes:
        mail = answer.message()
        quoted = "\n".join(f"> {line}".rstrip() for line in text_of(answer.raw).splitlines())
        asked = "> And is it paid?"
        assert asked in quoted
        text = quoted.replace(asked, f"{asked}\n\nYes, it is paid.\n")
        mail.set_content(f"Tea Shop wrote:\n{text}\n")
        return answer.finish(mail)

    exchange.answer(between, "")
    assert "Nothing was sent and nothing was changed" in exchange.receipt()
    assert exchange.customer_got_nothing()


def test_S13_an_answer_from_another_address_is_held_and_can_be_written_again(shop: Shop) -> None:
    """The agent wrote from a private address; nothing is sent until the proven one repeats it."""
    exchange = Exchange(shop)
    words = "We keep it for two weeks."
    private = Answer(exchange.notified, "anna@private.example", "Anna", f"{words}\n\n#close")
    shop.answer(private.sender, clients.gmail(private))
    held = shop.wait_for(shop.anna, exchange.before[shop.anna] + 2)
    assert words in text_of(held)
    assert exchange.customer_got_nothing()
    assert shop.conversations()[-1]["state"] == "open"
    proven = Answer(held, shop.anna, "Anna", f"{words}\n\n#close")
    shop.answer(shop.anna, clients.gmail(proven))
    assert text_of(exchange.got()) == f"{words}\n\n-- \n{SIGNATURE}\n"


def test_pitfall_17_a_line_of_the_notification_is_never_sent(shop: Shop) -> None:
    """The agent deletes the marker and leaves a line of the notification among the own words."""
    exchange = Exchange(shop)
    internal = next(
        line for line in text_of(exchange.notified).splitlines() if line.startswith("Opened ")
    )
    exchange.answer(clients.without_quote, f"Two weeks.\n\n{internal}\n\nAnna")
    receipt = exchange.receipt()
    assert "Nothing was sent and nothing was changed" in receipt
    assert "this line of our notification stands in your answer" in receipt
    assert exchange.customer_got_nothing()
    # The same once more, now as an answer to that receipt: it is no way round.
    again = Answer(shop.inbox(shop.anna)[-1], shop.anna, "Anna", f"Two weeks.\n\n{internal}\n\nA.")
    shop.answer(shop.anna, clients.without_quote(again))
    second = text_of(shop.wait_for(shop.anna, exchange.before[shop.anna] + 3))
    assert "this line of our notification stands in your answer" in second
    assert exchange.customer_got_nothing()
    # Corrected, the words that stood in both receipts may go.
    corrected = Answer(shop.inbox(shop.anna)[-1], shop.anna, "Anna", "It takes two weeks.\n\nAnna")
    shop.answer(shop.anna, clients.gmail(corrected))
    assert text_of(exchange.got()) == f"It takes two weeks.\n\nAnna\n\n-- \n{SIGNATURE}\n"
