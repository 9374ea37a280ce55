"""Canned replies: reading, choosing the language, filling in, and every fault with its place."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from inboxd.errors import ConfigError
from inboxd.templates.canned import load_canned
from inboxd.templates.canned_context import (
    CannedContact,
    CannedContext,
    CannedConversation,
    CannedPerson,
    CannedShop,
)

MONDAY = datetime(2030, 5, 6, 8, tzinfo=UTC)
CONTEXT = CannedContext(
    contact=CannedContact("Eva", "eva@customer.example", {"tier": "gold"}),
    conversation=CannedConversation(
        1042, "Where is it?", opened=MONDAY, customer_wrote=MONDAY + timedelta(hours=3)
    ),
    shop=CannedShop("Shop", "support@shop.example"),
    mailbox="support",
    agent=CannedPerson("Anna", "anna@shop.example"),
    fields={"order": "4711"},
    match={"word": "refund"},
    promise=MONDAY + timedelta(days=1),
    now=MONDAY,
    zone=ZoneInfo("Europe/Berlin"),
)
SHIPPED = Path(__file__).parents[2] / "config" / "canned"


def filled(folder: Path, source: str, context: CannedContext = CONTEXT) -> tuple[str, str]:
    (folder / "a.md").write_text(source)
    rendered = load_canned(folder).render("a", None, context)
    return rendered.text, rendered.html


def test_every_placeholder_stands_for_its_value(tmp_path: Path) -> None:
    text, html = filled(
        tmp_path,
        "{{ contact.name }} {{ contact.address }} {{ agent.name }} {{ conversation.number }} "
        "{{ conversation.subject }} {{ conversation.state }} {{ conversation.answer_by }} "
        "{{ fields.order }} {{ match.word }} {{ shop.name }} {{ shop.address }} {{ mailbox.name }} "
        "{{ contact.first_name }} {{ contact.fields.tier }} {{ promise }} "
        "{{ conversation.priority }}",
    )
    words = (
        "Eva eva@customer.example Anna 1042 Where is it? open by Tuesday 10:00 4711 refund Shop "
        "support@shop.example support Eva gold by Tuesday 10:00 normal"
    )
    assert text == f"{words}\n"
    assert html == f"<p>{words}</p>\n"


def test_the_text_is_the_source_and_the_html_is_made_of_it(tmp_path: Path) -> None:
    source = (
        "Hello **{{ contact.name }}**,\nsecond line\n\n- one\n- two\n\n"
        "[our page](https://shop.example/o/{{ fields.order }}) or https://shop.example/?a=1&b=2.\n"
    )
    text, html = filled(tmp_path, source)
    assert text == source.replace("{{ contact.name }}", "Eva").replace("{{ fields.order }}", "4711")
    assert html == (
        "<p>Hello <strong>Eva</strong>,<br>\nsecond line</p>\n"
        "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"
        '<p><a href="https://shop.example/o/4711">our page</a> or '
        '<a href="https://shop.example/?a=1&amp;b=2">https://shop.example/?a=1&amp;b=2</a>.</p>\n'
    )


def test_a_value_stands_in_every_place_of_a_link(tmp_path: Path) -> None:
    context = replace(CONTEXT, fields={"order": "a b/ü&c"})
    _, html = filled(
        tmp_path,
        "[{{ fields.order }}](https://{{ shop.name|lower }}.example/{{ fields.order }}?x=1)\n"
        "`{{ fields.order }}`",
        context,
    )
    assert '<a href="https://shop.example/a%20b/%C3%BC&amp;c?x=1">a b/ü&amp;c</a>' in html
    assert "<code>a b/ü&amp;c</code>" in html


def test_values_pass_through_blocks_conditions_and_loops(tmp_path: Path) -> None:
    text, html = filled(
        tmp_path,
        "{% set who %}{{ contact.name }} *of* {{ shop.name }}{% endset %}{{ who }}\n"
        "{% if fields.order is defined %}has {{ fields.order }}{% endif %}\n"
        "{% for key, value in fields|dictsort %}\n- {{ key }}: {{ value }}\n{% endfor %}\n"
        "{{ fields.missing|default('none') }} {{ contact.name|upper }} {{ 1 + 1 }}",
        replace(CONTEXT, contact=CannedContact("*Eva*")),
    )
    assert text.split("\n")[0] == "*Eva* *of* Shop"
    assert "*Eva* <em>of</em> Shop" in html
    assert "has 4711" in text
    assert "- order: 4711" in text
    assert "none *EVA* 2" in html


def test_private_use_characters_in_a_value_are_no_marks(tmp_path: Path) -> None:
    text, html = filled(
        tmp_path,
        "{{ contact.name }} {{ shop.name }}",
        replace(CONTEXT, contact=CannedContact("\ue0001\ue001")),
    )
    assert text == "1 Shop\n"
    assert html == "<p>1 Shop</p>\n"


def test_title_and_subject(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        '---\ntitle: Refund\nsubject: "{{ shop.name }}: #{{ conversation.number }}"\n---\nText\n'
    )
    (tmp_path / "b.md").write_text("No front matter\n\n---\n\nbut a rule\n")
    canned = load_canned(tmp_path)
    assert canned.names == ("a", "b")
    assert (canned.title("a"), canned.title("b")) == ("Refund", "b")
    assert canned.render("a", None, CONTEXT).subject == "Shop: #1042"
    assert canned.render("a", None, CONTEXT).text == "Text\n"
    assert canned.render("b", None, CONTEXT).subject is None
    assert canned.render("b", None, CONTEXT).text == "No front matter\n\n---\n\nbut a rule\n"


def test_S6_a_subject_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\nsubject: 'Re: {{ conversation.subject }}'\n---\nText\n")
    context = replace(CONTEXT, conversation=CannedConversation(1, "x\r\nBcc: y@z\u2028\u0085a"))
    assert load_canned(tmp_path).render("a", None, context).subject == "Re: x Bcc: y@z a"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (None, "english"),
        ("", "english"),
        ("fr", "english"),
        ("de", "deutsch"),
        ("DE-de", "deutsch"),
        ("de-AT", "österreichisch"),
        ("de-AT-wien", "österreichisch"),
    ],
)
def test_the_nearest_language_is_taken(tmp_path: Path, language: str | None, text: str) -> None:
    (tmp_path / "a.md").write_text("english")
    (tmp_path / "a.de.md").write_text("deutsch")
    (tmp_path / "a.de-AT.md").write_text("österreichisch", encoding="utf-8")
    assert load_canned(tmp_path).render("a", language, CONTEXT).text == f"{text}\n"


def test_windows_line_ends_and_byte_order_marks(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\xef\xbb\xbf---\r\ntitle: T\r\n---\r\none\r\ntwo\r\n")
    canned = load_canned(tmp_path)
    assert canned.title("a") == "T"
    assert canned.render("a", None, CONTEXT).text == "one\ntwo\n"


def test_a_folder_that_is_not_there_and_a_readme_hold_no_canned_reply(tmp_path: Path) -> None:
    assert load_canned(tmp_path / "none").names == ()
    (tmp_path / "README.md").write_text("About {{ nothing }}")
    assert load_canned(tmp_path).names == ()


@pytest.mark.parametrize(
    ("name", "source", "place", "words"),
    [
        ("a.md", "Hi\n{{ contact.nmae }}", (2, 4), "did you mean 'contact.name'?"),
        ("a.md", "Hi {{ contct.name }}", (1, 7), "did you mean 'contact'?"),
        ("a.md", "---\ntitle: x\n---\nHi\n\n {{ customer }}", (6, 5), "known here: agent, contact"),
        ("a.md", "---\nsubject: 'x {{ shop.nam }}'\n---\nHi", (2, 16), "did you mean 'shop.name'?"),
        ("a.md", "---\ntitle: x\ntitel: y\n---\nHi", (3, 1), "did you mean 'title'?"),
        ("a.md", "---\ntitle: 7\n---\nHi", (2, 8), "put it in quotes"),
        ("a.md", "---\ntitle: x\ntitle: y\n---\nHi", (3, 1), "title"),
        ("a.md", "---\n- x\n---\nHi", (2, 1), "should be a mapping"),
        ("a.md", "---\ntitle: x: y\n---\nHi", (2, 9), "not allowed here"),
        ("a.md", "---\ntitle: x\nHi", (1, 1), "three hyphens"),
        ("a.md", "---\ntitle: x\n---\n\n", (1, 1), "there is no text"),
        ("a.md", "", (1, 1), "there is no text"),
        ("a.md", "x\n\n{% if contact %}y", (3, 1), "Unexpected end of template"),
        ("a.md", "x {{ contact.name|uper }}", (1, 19), "No filter named 'uper'"),
        ("a.md", "x {{ contact.name.upper() }}", (1, 19), "'upper' is not known here"),
        ("a.md", "x\n{{ fields.order / 2 }}", (2, 1), "unsupported operand"),
        ("A.md", "x", (0, 0), "in lower case"),
        ("a b.md", "x", (0, 0), "NAME.LANGUAGE.md"),
        ("a.deutsch.md", "x", (0, 0), "NAME.LANGUAGE.md"),
        ("a.de.md", "x", (0, 0), "a.md, for every other language, is missing"),
    ],
)
def test_faults_have_their_place(
    tmp_path: Path, name: str, source: str, place: tuple[int, int], words: str
) -> None:
    (tmp_path / name).write_text(source)
    with pytest.raises(ConfigError) as caught:
        load_canned(tmp_path)
    faults = caught.value.faults
    assert [(f.file, f.line, f.column) for f in faults] == [(str(tmp_path / name), *place)]
    assert words in faults[0].message


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("{{ x1 }}\n{{ x2 }}\n{{ shop.x3 }}")
    (tmp_path / "b.md").write_bytes(b"\xff")
    with pytest.raises(ConfigError) as caught:
        load_canned(tmp_path)
    assert [(Path(f.file).name, f.line) for f in caught.value.faults] == [
        ("a.md", 1), ("a.md", 2), ("a.md", 3), ("b.md", 0)
    ]  # fmt: skip


def test_a_field_that_nobody_filled_is_an_error_when_it_is_needed(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Hi\nyour {{ fields.order }} and {{ match.word }}")
    canned = load_canned(tmp_path)
    with pytest.raises(ConfigError, match="'order' is not known here") as caught:
        canned.render("a", None, replace(CONTEXT, fields={}))
    (fault,) = caught.value.faults
    assert (fault.file, fault.line, fault.column) == (str(tmp_path / "a.md"), 2, 16)


def test_an_unknown_name_is_an_error_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "refund-received.md").write_text("x")
    canned = load_canned(tmp_path)
    with pytest.raises(ConfigError, match="did you mean 'refund-received'"):
        canned.render("refund-recieved", None, CONTEXT)


@pytest.mark.parametrize("name", ["received", "refund-received", "still-there"])
def test_the_examples_read_well_with_much_and_with_little(name: str) -> None:
    canned = load_canned(SHIPPED)
    little = CannedContext(CannedContact(""), CannedConversation(1, "x"), CannedShop("Shop"))
    for context, greeting in ((CONTEXT, "Hello Eva,"), (little, "Hello,")):
        rendered = canned.render(name, "de", context)
        assert rendered.text.startswith(f"{greeting}\n\n")
        assert rendered.html.startswith(f"<p>{greeting}</p>")
        assert "\n\n\n" not in rendered.text
        assert "{" not in rendered.text


def test_times_are_the_readers(tmp_path: Path) -> None:
    source = (
        "{{ conversation.opened }}|{{ conversation.opened | date }}|{{ now | time }}|"
        "{{ promise }}|{{ promise | datetime('short') }}|{{ 'x ' ~ promise }}"
    )
    for language in ("de", "en-US", "fr", "tlh"):
        (tmp_path / f"a.{language}.md").write_text(source)
    (tmp_path / "a.md").write_text(source)
    canned = load_canned(tmp_path, ["de-AT"])
    assert canned.render("a", "de", CONTEXT).text == (
        "6. Mai 2030, 10:00|6. Mai 2030|10:00|bis Dienstag 10:00|07.05.30, 10:00|"
        "x bis Dienstag 10:00\n"
    )
    french = canned.render("a", "fr", CONTEXT).text
    assert french.startswith("6 mai 2030, 10:00|6 mai 2030|10:00|d’ici mardi 10:00|")
    american = canned.render("a", "en-us", CONTEXT).text.replace("\u202f", " ")
    assert american.startswith("May 6, 2030, 10:00 AM|May 6, 2030|10:00 AM|by Tuesday 10:00|")
    assert canned.render("a", "tlh", CONTEXT).text == american.replace(" AM", "\u202fAM")
    assert canned.render("a", None, CONTEXT).text.startswith("6. Mai 2030")  # languages: de-AT


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(hours=1), "by Monday 11:00"),
        (timedelta(days=6), "by Sunday 10:00"),
        (timedelta(days=7), "by Monday, 13 May 2030 10:00"),
        (timedelta(days=-1), "by Sunday, 5 May 2030 10:00"),
    ],
)
def test_a_promise_names_the_day_by_its_weekday_within_a_week(
    tmp_path: Path, ahead: timedelta, words: str
) -> None:
    context = replace(CONTEXT, promise=MONDAY + ahead)
    text, _ = filled(tmp_path, "---\nlanguage: en-GB\n---\n{{ promise }}", context)
    assert text == f"{words}\n"


def test_what_is_no_time_stays_as_it_is_and_what_is_not_known_is_empty(tmp_path: Path) -> None:
    context = replace(
        CONTEXT,
        conversation=CannedConversation(1, "x"),
        fields={"a": "tomorrow", "b": "2030-05-09", "c": "2030-05-09T22:30:00Z"},
        promise=None,
    )
    text, _ = filled(
        tmp_path,
        "---\nlanguage: de\n---\n{{ fields.a | date }}|{{ fields.b | date }}|"
        "{{ fields.c | datetime }}|{{ fields.b | time }}|{{ fields.b | datetime }}|"
        "{{ promise }}{{ conversation.opened }}{{ conversation.customer_wrote | date }}|"
        "{{ 'no' if not promise }}",
        context,
    )
    assert text == ("tomorrow|9. Mai 2030|10. Mai 2030, 00:30|2030-05-09|9. Mai 2030||no\n")


@pytest.mark.parametrize(
    ("attachments", "words"),
    [
        ("[gone.pdf]", "there is no file 'gone.pdf'"),
        ("../secret.txt", "'../secret.txt' leads out of the folder"),
        ("[a/../../secret.txt]", "leads out of the folder"),
        ("[/etc/passwd]", "leads out of the folder"),
        ("[out.txt]", "leads out of the folder"),
        ("[loop]", "cannot be"),
        ("[forms]", "'forms' is not a file"),
        ("[fifo]", "'fifo' is not a file"),
        ("[large.bin]", "larger than 10 MB"),
        ('["a\\\\b.txt"]', "is no file's name"),
        ('["a\\nb"]', "is no file's name"),
        ('[""]', "is no file's name"),
        ("[7]", "a list of files"),
        ("{a: b}", "a list of files"),
        ("[nine, nine, nine, nine.bin, nine2.bin, nine3.bin]", "20 MB together"),
        (str(["nine"] * 21).replace("'", ""), "at most 20"),
    ],
)
def test_S18_attachments_are_checked_when_they_are_loaded(
    tmp_path: Path, attachments: str, words: str
) -> None:
    folder = tmp_path / "canned"
    (folder / "forms").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "fifo")
    for name, size in {"large.bin": 10_000_001, "nine": 5, "nine.bin": 9_000_000}.items():
        with (folder / name).open("wb") as file:
            file.truncate(size)
    (folder / "nine2.bin").hardlink_to(folder / "nine.bin")
    (folder / "nine3.bin").hardlink_to(folder / "nine.bin")
    (folder / "a.md").write_text(f"---\nattachments: {attachments}\n---\nHi")
    with pytest.raises(ConfigError) as caught:
        load_canned(folder)
    (fault,) = caught.value.faults
    assert words in fault.message
    assert fault.line == 2


def test_two_files_in_one_language_are_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\nlanguage: de\n---\nHi")
    (tmp_path / "a.de.md").write_text("Hallo")
    with pytest.raises(ConfigError, match=r"written in de, as a\.de\.md is"):
        load_canned(tmp_path)
    (tmp_path / "a.de.md").unlink()
    (tmp_path / "a.fr.md").write_text("---\nlanguage: fr\n---\nBonjour")
    with pytest.raises(ConfigError, match="the file's name says already"):
        load_canned(tmp_path)


def test_a_language_to_fall_back_to_stands_in_for_the_file_without_one(tmp_path: Path) -> None:
    (tmp_path / "a.de.md").write_text("Hallo")
    (tmp_path / "a.en.md").write_text("Hello")
    canned = load_canned(tmp_path, ["en", "de"])
    texts = [canned.render("a", each, CONTEXT).text for each in ("de-AT", "pl", None, "en-GB")]
    assert texts == ["Hallo\n", "Hello\n", "Hello\n", "Hello\n"]
    assert [each.language for each in canned.variants("a")] == ["de", "en"]
