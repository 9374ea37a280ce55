"""Nothing internal leaks: whatever a client does to our notification, the customer sees none of it.

Each answer goes through the whole desk. The customer gets the agent's words, exactly, or nothing,
and then the agent is told why.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from shutil import copyfile

import leak_ways
import pytest
from desk_kit import Desk, Sent, make
from leak_kit import CLIENTS, LANGUAGES, Client, mail, quote_of, swaks
from leak_ways import MARKERS, WAYS, as_it_is, indented, unquoted

from inboxd.mail.mime import parse
from inboxd.mail.outgoing import MARKER
from inboxd.store.db import Database

SECRET = "xylophone"
NOTE = f"She is difficult. The watchword is {SECRET}.\n\nDo not give her more than five percent."
WORDS = "Hello Jane,\n\nyour tea left the harbour on Monday.\nIt will be there on Friday.\n\nAnna"
SIGNATURE = "\n\n-- \nThe Tea Shop, 5 Harbour Street"
TAGS = {
    "none": "{words}",
    "top": "#tag carrier\n\n{words}",
    "bottom": "{words}\n\n#tag carrier #priority low",
}
EVERY_PLACE = ("en", "de", "ja")
JANES = ("where is my green tea", "and is it organic")
# The forms that clients write by themselves: an agent who uses one must not get mail back.
MUST_BE_SENT = {client.__name__ for client in CLIENTS} | {
    "indented",
    "barred",
    "unquoted",
    "unquoted_html",
    "text_without_quote",
    "signature_below",
    "quoted_twice",
}


@dataclass(frozen=True)
class Shop:
    """A shop in which Anna has a notification with an internal note in its history."""

    desk: Desk
    told: Sent

    def fresh(self, folder: Path) -> Desk:
        """Return the shop with a database of its own."""
        path = folder / f"{len(list(folder.iterdir()))}.db"
        copyfile(self.desk.folder / "prepared.db", path)
        return replace(self.desk, database=Database(f"sqlite:///{path}"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    desk = make(tmp_path_factory.mktemp("shop"))
    desk.customer("Hello,\nwhere is my green tea?\n", message_id="first@customer.example")
    desk.answer_as("ben", desk.to("ben@shop.example"), f"#note\n{NOTE}")
    desk.customer("And is it organic?\n", in_reply_to="first@customer.example")
    told = desk.to("anna@shop.example", "notification")
    for words in (MARKER, SECRET, "And is it organic?", "Ben"):
        assert words in told.mail.text
        assert words in (told.mail.html or "")
    desk.fresh()
    desk.database.close()
    (database,) = (desk.folder / "var").glob("*.db")
    copyfile(database, desk.folder / "prepared.db")
    return Shop(desk, told)


def squeezed(text: str) -> str:
    """Return the letters and digits of a text: no wrapping, quoting or markup hides a line."""
    return re.sub(r"[\W_]+", "", text).casefold()


@cache
def internal_lines(text: str) -> frozenset[str]:
    """Return the notification's lines, squeezed, but for what Jane wrote herself."""
    lines = {squeezed(line) for line in text.splitlines()}
    known = {squeezed(line) for line in JANES} | {squeezed(line) for line in WORDS.splitlines()}
    return frozenset(line for line in lines if len(line) >= 10 and line not in known)


def leaks(told: Sent, sent: Sent) -> Iterator[str]:
    """Yield what of the notification, and of the shop's inside, stands in a customer's mail."""
    headers = "\n".join(f"{name}: {value}" for name, value in sent.mail.headers)
    everything = "\n".join((headers, sent.mail.text, sent.mail.html or "", sent.raw.decode()))
    flat = squeezed(everything)
    yield from (line for line in internal_lines(told.mail.text) if line in flat)
    tokens = set(re.findall(r"[+]([a-z0-9]{16,})@", told.mail.text + told.reply_to))
    yield from (token for token in tokens if token in everything.casefold())
    inside = (
        SECRET,
        "anna@shop",
        "ben@shop",
        "carl@shop",
        "x-inboxd",
        "unassigned",
        "internal note",
    )
    yield from (word for word in inside if word in everything.casefold())
    yield from (word for word in (r"\bBen\b", r"\bunassigned\b") if re.search(word, sent.mail.text))
    if sent.mail.attachments:
        yield "a file that the agent did not mean to send"


def outcome(shop: Shop, folder: Path, raw: bytes) -> tuple[str, str]:
    """Let Anna send a mail; return what came of it ("sent", "returned", "held"), and the details.

    "leaked" and "lost" (other words than the agent's, or silence) are what must not be.
    """
    desk = shop.fresh(folder)
    desk.send(raw, to=[shop.told.reply_to])
    queued = desk.fresh()
    desk.database.close()
    to_jane = [each for each in queued if "jane@customer.example" in each.recipients]
    found = [leak for each in to_jane for leak in leaks(shop.told, each)]
    if found:
        return "leaked", "; ".join(found[:3])
    if to_jane:
        (sent,) = to_jane
        same = sent.mail.text.rstrip() == WORDS + SIGNATURE and len(to_jane) == 1
        return ("sent", "") if same else ("lost", sent.mail.text)
    told = [each for each in queued if "anna@shop.example" in each.recipients]
    why = " ".join(each.mail.text for each in told if each.kind in ("receipt", "held"))
    if "Nothing was sent" not in why:
        return "lost", f"Anna was told: {why!r}"
    return ("held" if any(each.kind == "held" for each in told) else "returned"), why


@pytest.fixture(scope="module")
def counts() -> Iterator[Counter[str]]:
    found: Counter[str] = Counter()
    yield found
    print(f"\nleak test: {sum(found.values())} answers, {dict(found)}, leaked 0")


def places(language: str, number: int) -> list[str]:
    """Return where tags stand: everywhere in some languages, elsewhere in turn."""
    every = list(TAGS)
    return every if language in EVERY_PLACE else [every[number % len(every)]]


def check(shop: Shop, folder: Path, client: Client, counts: Counter[str], **how: object) -> None:
    """Send answers of one kind, in some languages and with tags in several places."""
    alter = how.get("alter", as_it_is)
    must_be_sent = how.get("must_be_sent", False)
    quote = alter(quote_of(shop.told))  # type: ignore[operator]
    wrong = []
    languages = how.get("languages", LANGUAGES)
    for number, language in enumerate(languages):  # type: ignore[arg-type,var-annotated]
        for place in places(language, number):
            form = TAGS[place]
            bodies = client(form.format(words=WORDS), quote, language)
            raw = mail(bodies, shop.told, "Anna <anna@shop.example>", number)
            came, details = outcome(shop, folder, raw)
            counts[came] += 1
            if came in ("leaked", "lost") or (must_be_sent and came != "sent"):
                wrong.append(f"{language}, tags {place}: {came}: {details}")
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("client", CLIENTS, ids=lambda each: each.__name__)
def test_S13_pitfall_17_each_client_in_each_language(
    shop: Shop, tmp_path: Path, counts: Counter[str], client: Client
) -> None:
    check(shop, tmp_path, client, counts, must_be_sent=True)


@pytest.mark.parametrize("way", WAYS, ids=lambda each: each.__name__)
def test_S13_pitfall_17_each_way_to_quote(
    shop: Shop, tmp_path: Path, counts: Counter[str], way: Client
) -> None:
    sent = way.__name__ in MUST_BE_SENT
    check(shop, tmp_path, way, counts, must_be_sent=sent, languages=("en", "de", "ja"))


@pytest.mark.parametrize("alter", MARKERS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("client", [*CLIENTS[:-1], *WAYS], ids=lambda each: each.__name__)
def test_S13_pitfall_17_whatever_becomes_of_the_marker(
    shop: Shop,
    tmp_path: Path,
    counts: Counter[str],
    client: Client,
    alter: object,
) -> None:
    check(shop, tmp_path, client, counts, alter=alter, languages=("fr",))


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Shop]:
    """The other mails that agents get about a conversation, each with a shop that has sent it."""
    desk = make(tmp_path_factory.mktemp("others"))
    desk.customer("Hello,\nwhere is my green tea?\n", message_id="first@customer.example")
    desk.answer_as("ben", desk.to("ben@shop.example"), f"#note\n{NOTE}")
    told = desk.to("anna@shop.example", "notification")
    desk.answer_as("ben", desk.to("ben@shop.example"), "It has left, I think. One moment.")
    desk.answer_as("anna", told, f"#clsoe\n\n{NOTE}")
    desk.answer_as("anna", told, f"{NOTE}\n\n#close", to="support@shop.example")
    mails = {
        kind: desk.to("anna@shop.example", kind)
        for kind in ("notification", "answered", "receipt", "held")
    }
    desk.fresh()
    desk.database.close()
    (database,) = (desk.folder / "var").glob("*.db")
    copyfile(database, desk.folder / "prepared.db")
    return {kind: Shop(desk, told) for kind, told in mails.items()}


@pytest.mark.parametrize("kind", ["answered", "receipt", "held"])
@pytest.mark.parametrize(
    "client", [*CLIENTS[:-1], unquoted, indented], ids=lambda each: each.__name__
)
def test_S13_pitfall_17_every_mail_of_ours_that_agents_answer(
    others: dict[str, Shop], tmp_path: Path, counts: Counter[str], client: Client, kind: str
) -> None:
    check(others[kind], tmp_path, client, counts, must_be_sent=True, languages=("de",))


def test_there_are_more_than_two_hundred_answers() -> None:
    places_ = sum(len(places(language, number)) for number, language in enumerate(LANGUAGES))
    natural = len(CLIENTS) * places_
    ways = len(WAYS) * len(EVERY_PLACE) * len(TAGS)
    assert natural + ways > 200
    assert leak_ways.MARKER == MARKER


def test_a_leak_would_be_seen(shop: Shop) -> None:
    """Otherwise the tests above would prove nothing: each line of the notification is found."""
    harmless = mail(swaks(WORDS, quote_of(shop.told), "en"), shop.told, "support@shop.example", 1)
    harmless = harmless.replace(shop.told.reply_to.encode(), b"jane@customer.example")
    clean = replace(shop.told, raw=harmless, mail=parse(harmless))
    assert list(leaks(shop.told, clean)) == []
    lines = [line for line in shop.told.mail.text.splitlines() if squeezed(line)]
    hidden = [line for line in lines if not list(leaks(shop.told, _with(clean, line)))]
    assert {squeezed(line) for line in hidden} <= {*map(squeezed, JANES), "ben", "hello"}


def _with(sent: Sent, line: str) -> Sent:
    return replace(
        sent, mail=replace(sent.mail, text=f"{sent.mail.text}\n> {line[:40]}\n{line[40:]}")
    )
