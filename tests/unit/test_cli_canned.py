"""`canned list` and `canned preview`, as people and scripts see them."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_kit import CONFIG, MAIL, Shop, write_shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = write_shop(tmp_path, CONFIG.replace("agents:", "languages: [en]\nagents:"))
    (tmp_path / "canned" / "terms.pdf").write_bytes(b"%PDF")
    for name, text in {
        "refund": "---\ntitle: Refund\nattachments: terms.pdf\n---\nRefund for {{ match.order }}.",
        "refund.de": "Erstattung für **{{ match.order }}**.",
    }.items():
        (tmp_path / "canned" / f"{name}.md").write_text(text, encoding="utf-8")
    made.take(MAIL)
    return made


def test_the_list_names_languages_and_files(shop: Shop) -> None:
    told = shop.run("canned", "list")
    assert told.code == 0
    assert told.out.splitlines()[1].split() == ["refund", "Refund", "any,", "de", "terms.pdf"]
    (refund,) = shop.run("canned", "list", "--json").json
    assert (refund["name"], refund["title"]) == ("refund", "Refund")
    assert refund["variants"] == [
        {"language": None, "file": "refund.md", "title": "Refund", "attachments": ["terms.pdf"]},
        {"language": "de", "file": "refund.de.md", "title": "refund", "attachments": []},
    ]


def test_a_preview_shows_the_mail_and_sends_none(shop: Shop) -> None:
    args = ("canned", "preview", "refund", "--conversation", "1", "--value", "order=4711")
    told = shop.run(*args)
    assert told.code == 0, told
    assert "Subject:  Re: Where is my refund?" in told.out
    assert "Attached: terms.pdf (application/pdf, 4 bytes)" in told.out
    assert "Refund for 4711.\n\nTea Shop" in told.out.replace("-- \n", "")
    german = shop.run(*args, "--language", "de-AT", "--agent", "anna", "--html")
    assert "Erstattung für **4711**." in german.out
    assert "</html>" in german.out
    found = shop.run(*args, "--json").json
    assert found["attachments"][0]["filename"] == "terms.pdf"
    assert found["language"] is None
    assert found["html"].count("Refund for 4711.") == 1
    assert shop.run("outbox", "list", "--json").json[0]["kind"] == "notification"


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("refund", "--conversation", "1"), 1, "--value NAME=TEXT"),
        (("refnd", "--conversation", "1"), 1, "did you mean 'refund'?"),
        (("refund", "--conversation", "9"), 1, "no conversation #9"),
        (("refund", "--conversation", "1", "--agent", "ana"), 1, "did you mean 'anna'?"),
        (("refund", "--conversation", "1", "--value", "order"), 2, "NAME=TEXT"),
        (("refund",), 2, "--conversation"),
    ],
)
def test_a_preview_says_what_is_wrong(
    shop: Shop, args: tuple[str, ...], code: int, words: str
) -> None:
    told = shop.run("canned", "preview", *args)
    assert (told.code, told.out) == (code, "")
    assert words in told.err
