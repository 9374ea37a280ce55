"""S7: what a customer writes cannot move, repaint or type into the terminal of who reads it."""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from cli_kit import Shop, write_shop

ATTACKS = {
    "clear screen (CSI)": "\x1b[2J\x1b[H",
    "window title (OSC)": "\x1b]0;owned\x07",
    "hyperlink (OSC 8)": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "clipboard (OSC 52)": "\x1b]52;c;cm0gLXJm\x1b\\",
    "device control (DCS)": "\x1bP+q544e\x1b\\",
    "C1 controls": "\x9b31m\x9d0;owned\x9c\x85\x84",
    "bell and backspace": "safe\x07\x08\x08\x08\x08evil",
    "overprint (CR)": "pay 10 EUR\rpay 99 EUR",
    "right to left": "file\u202egpj.exe\u2066\u2067\u2069\u061c\u200f",
    "line separators": "a\u2028b\u2029c\x0b\x0cd",
    "delete and null": "a\x7fb\x00c\x0e\x0f",
    "invisible tags": "a\U000e0041\U000e007fb\ufeff\u2060",
}
READABLE = "grün, 日本語, עברית, \U0001f468\u200d\U0001f469\u200d\U0001f467, 100 €"
FORBIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)


def _encoded(text: str) -> str:
    return f"=?utf-8?b?{base64.b64encode(text.encode()).decode()}?="


def _mail(attack: str, number: int) -> bytes:
    word = _encoded(f"Marker{attack}")
    body = base64.encodebytes(f"Marker {attack} end\n\n> quoted {attack}\n".encode()).decode()
    return (
        f"From: {word} <jane@customer.example>\n"
        "To: support@shop.example\n"
        f"Subject: {word}\n"
        f"Message-ID: <{number}@customer.example>\n"
        'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n'
        "--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
        f"{body}\n"
        "--b\nContent-Type: application/octet-stream\n"
        f'Content-Disposition: attachment; filename="{word}"\n\nx\n--b--\n'
    ).encode()


COMMANDS = {
    "list": ["list"],
    "search": ["search", "marker"],
    "outbox": ["outbox", "list"],
    "journal": ["journal", "list"],
    "list --json": ["list", "--json"],
    "search --json": ["search", "marker", "--json"],
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with a conversation for each attack, in their order."""
    folder = tmp_path_factory.mktemp("shop")
    shop = write_shop(folder)
    files = []
    for i, attack in enumerate((*ATTACKS.values(), READABLE)):
        files.append(folder / f"{i}.eml")
        files[-1].write_bytes(_mail(attack, i))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NO_COLOR", "1")  # then no escape sequence is our own
        assert shop.run("ingest", *files).code == 0
        assert shop.run("work").code == 0
        yield shop


@pytest.mark.parametrize("name", COMMANDS)
def test_S7_lists_hold_no_control_characters_of_mails(shop: Shop, name: str) -> None:
    ended = shop.run(*COMMANDS[name], tty=True)
    assert ended.code == 0, ended
    assert not FORBIDDEN.findall(ended.out)


@pytest.mark.parametrize("name", ATTACKS)
def test_S7_no_control_character_of_a_mail_reaches_a_terminal(shop: Shop, name: str) -> None:
    number = str(list(ATTACKS).index(name) + 1)
    for command in (["show"], ["show", "--full"], ["show", "--json"], ["explain"]):
        ended = shop.run(*command, number, tty=True)
        assert ended.code == 0, ended
        assert "Marker" in ended.out
        assert not FORBIDDEN.findall(ended.out), command


@pytest.mark.parametrize("name", ATTACKS)
def test_S7_arguments_and_errors_are_harmless_too(shop: Shop, name: str) -> None:
    attack = ATTACKS[name].replace("\0", "")
    for command in (["assign", "1", f"x{attack}"], ["ingest", f"/no/{attack}"]):
        ended = shop.run(*command, tty=True)
        assert ended.code == 1
        assert not FORBIDDEN.findall(ended.out + ended.err), (command, ended)


def test_S7_what_is_readable_stays_readable(shop: Shop) -> None:
    shown = shop.run("show", str(len(ATTACKS) + 1), tty=True).out
    assert READABLE in " ".join(shown.split())
