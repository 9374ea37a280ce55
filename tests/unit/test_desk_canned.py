"""Canned replies in a conversation: language, placeholders, attachments, preview."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from desk_kit import CONFIG, Desk, make

from inboxd.desk import dossier
from inboxd.desk.canned_preview import Preview, preview
from inboxd.errors import ConfigError, Permanent
from inboxd.store import conversations, outbox
from inboxd.store.tables import Contact, table_of
from inboxd.templates.canned import load_canned

HELLO = {
    "hello": "Hello {{ contact.name }}.\n",
    "hello.de": "Guten Tag. {{ conversation.opened | date }}\n",
    "hello.de-AT": "Servus.\n",
    "hello.fr": "Bonjour.\n",
}
SEND_HELLO = """\
- name: Hello
  when: conversation.opened
  then: [{reply: {canned: hello}}]
"""


def config(*, shop: str = "", mailbox: str = "") -> str:
    text = CONFIG.replace("mailboxes:", f"{shop}\nmailboxes:", 1)
    return text.replace("    display_name: Tea Shop\n", f"    display_name: Tea Shop\n{mailbox}", 1)


def desk(folder: Path, rules: str = SEND_HELLO, **said: str) -> Desk:
    return make(folder, config=config(**said), rules=rules, canned=HELLO)


def shown(shop: Desk, name: str = "hello", **options: object) -> Preview:
    with shop.database.read() as connection:
        return preview(connection, shop.shop, shop.clock.now(), name, 1, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "greeting"),
    [
        ({}, "Hello Jane Doe."),
        ({"mailbox": "    language: de\n"}, "Guten Tag."),
        ({"mailbox": "    language: de-AT\n"}, "Servus."),
        ({"mailbox": "    language: de-CH\n"}, "Guten Tag."),
        ({"mailbox": "    language: pl\n"}, "Hello Jane Doe."),
        ({"mailbox": "    language: pl\n", "shop": "languages: [fr, de]"}, "Bonjour."),
        ({"shop": "languages: [es, de]"}, "Guten Tag."),
    ],
)
def test_the_mailbox_and_the_fallback_order_choose_the_language(
    tmp_path: Path, said: dict[str, str], greeting: str
) -> None:
    shop = desk(tmp_path, **said)
    shop.customer()
    assert shop.to("jane@customer.example", "auto_reply").mail.text.startswith(greeting)


def test_a_field_of_the_conversation_wins_and_that_of_the_contact_comes_next(
    tmp_path: Path,
) -> None:
    rule = "- name: Set\n  when: conversation.opened\n  then: [{set: {fields.language: fr}}]\n"
    shop = desk(tmp_path, rule + SEND_HELLO, mailbox="    language: de-AT\n")
    shop.customer()
    assert "Bonjour" in shop.to("jane@customer.example", "auto_reply").mail.text
    assert shown(shop).text.startswith("Bonjour")
    with shop.database.write() as connection:
        table = table_of(Contact)
        connection.execute(table.update().values(fields={"language": "de_DE"}))
    assert shown(shop).language == "fr"
    with shop.database.write() as connection:
        kept = conversations.get(connection, 1)
        assert kept is not None
        from dataclasses import replace

        conversations.save(connection, replace(kept, fields={"language": "as she likes"}))
    assert shown(shop).text.startswith("Guten Tag. 6. Mai 2030")


@pytest.mark.parametrize(
    ("text", "mailbox", "greeting"),
    [
        ("Guten Tag, wo ist denn mein grüner Tee geblieben?\n", "fr", "Guten Tag."),
        ("Bonjour, où est donc passé mon thé vert, je vous prie ?\n", "de", "Bonjour."),
        ("Dzień dobry, gdzie jest moja zielona herbata?\n", "fr", "Bonjour."),  # no Polish one
        ("??\n", "de", "Guten Tag."),
    ],
)
def test_the_customers_words_tell_the_language_before_the_mailbox_does(
    tmp_path: Path, text: str, mailbox: str, greeting: str
) -> None:
    shop = desk(tmp_path, mailbox=f"    language: {mailbox}\n")
    shop.customer(text, subject="4711")
    assert shop.to("jane@customer.example", "auto_reply").mail.text.startswith(greeting)


def test_a_rule_sends_the_attachments_and_the_conversation_shows_them(tmp_path: Path) -> None:
    shop = with_files(tmp_path)
    shop.customer()
    sent = shop.to("jane@customer.example", "auto_reply").mail
    assert [(f.filename, f.content_type, f.size) for f in sent.attachments] == [
        ("terms.pdf", "application/pdf", 9), ("how to.txt", "text/plain", 8)
    ]  # fmt: skip
    assert [f.filename for f in shop.messages()[-1].attachments] == ["terms.pdf", "how to.txt"]
    with shop.database.read() as connection:
        assert dossier.read_attachment(connection, 1, 2) == b"like so\n"


def test_R5_a_mail_that_waits_keeps_its_bytes_when_the_file_changes(tmp_path: Path) -> None:
    shop = with_files(tmp_path)
    shop.customer()
    before = shop.to("jane@customer.example", "auto_reply")
    (tmp_path / "canned" / "terms.pdf").write_bytes(b"%PDF-other")
    shop.customer(subject="Another")  # as loaded, for nobody has read the folder again
    reloaded = load_canned(tmp_path / "canned")
    object.__setattr__(shop.shop, "canned", reloaded)
    shop.customer(subject="A third")
    (tmp_path / "canned" / "terms.pdf").unlink()
    first, second, third = (each for each in shop.outbox() if each.kind == "auto_reply")
    assert hashlib.sha256(first.raw).digest() == hashlib.sha256(before.raw).digest()
    sizes = [each.mail.attachments[0].size for each in (first, second, third)]
    assert sizes == [9, 9, 10]
    with shop.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM kept_file").scalar() == 3
        assert outbox.counts(connection)["queued"] >= 3


def test_a_file_that_is_gone_costs_the_reply_and_not_the_mail(tmp_path: Path) -> None:
    shop = with_files(tmp_path)
    (tmp_path / "canned" / "terms.pdf").unlink()
    shop.customer()
    assert shop.has_event("auto_reply.withheld", "there is no file 'terms.pdf'")
    assert [each.kind for each in shop.outbox()].count("alert") == 1


def test_an_agents_answer_brings_its_own_files_and_those_of_the_canned_reply(
    tmp_path: Path,
) -> None:
    shop = with_files(tmp_path, rules="")
    shop.customer()
    shop.answer_as("anna", shop.to("anna@shop.example"), "Here they are.\n\n#canned papers")
    sent = shop.to("jane@customer.example", "reply").mail
    assert "Here they are.\n\nPapers for Jane Doe from Anna." in sent.text
    assert [f.filename for f in sent.attachments] == ["terms.pdf", "how to.txt"]
    assert [f.filename for f in shop.messages()[-1].attachments] == ["terms.pdf", "how to.txt"]


def test_an_answer_whose_file_is_gone_is_refused_as_a_whole(tmp_path: Path) -> None:
    shop = with_files(tmp_path, rules="")
    shop.customer()
    (tmp_path / "canned" / "terms.pdf").unlink()
    shop.answer_as("anna", shop.to("anna@shop.example"), "Here.\n\n#canned papers")
    assert "there is no file 'terms.pdf'" in shop.to("anna@shop.example", "receipt").mail.text
    assert "reply" not in [each.kind for each in shop.outbox()]


def test_an_agent_asks_for_a_language(tmp_path: Path) -> None:
    shop = desk(tmp_path, rules="")
    shop.customer()
    shop.answer_as("anna", shop.to("anna@shop.example"), "#canned hello language=fr")
    assert shop.to("jane@customer.example", "reply").mail.text.startswith("Bonjour.")


def test_the_preview_is_the_mail_that_is_sent_and_sends_none(tmp_path: Path) -> None:
    shop = with_files(tmp_path)
    shop.customer()
    sent = shop.to("jane@customer.example", "auto_reply").mail
    count = len(shop.outbox())
    seen = shown(shop, "papers")
    assert (seen.subject, seen.text.strip()) == (sent.subject, sent.text.strip())
    assert seen.to == "Jane Doe <jane@customer.example>"
    assert [each.filename for each in seen.attachments] == ["terms.pdf", "how to.txt"]
    anna = shop.shop.config.agent("anna")
    assert "from Anna." in shown(shop, "papers", agent=anna).text
    assert shown(shop, "with-order", values={"order": "4711"}).text.startswith("About order 4711.")
    assert len(shop.outbox()) == count
    with pytest.raises(ConfigError, match="'order' is not known here"):
        shown(shop, "with-order")
    with pytest.raises(Permanent, match="no conversation #7"), shop.database.read() as connection:
        preview(connection, shop.shop, shop.clock.now(), "hello", 7)


def with_files(folder: Path, rules: str = SEND_HELLO.replace("hello", "papers")) -> Desk:
    (folder / "canned" / "more").mkdir(parents=True)
    (folder / "canned" / "terms.pdf").write_bytes(b"%PDF-1.7\n")
    (folder / "canned" / "more" / "how to.txt").write_bytes(b"like so\n")
    (folder / "canned" / "papers.md").write_text(
        "---\ntitle: Papers\nattachments: [terms.pdf, more/how to.txt]\n---\n"
        "Papers for {{ contact.name }}{{ ' from ' ~ agent.name if agent.name }}.\n"
    )
    return make(folder, rules=rules, canned=HELLO)


def test_markdown_becomes_html_in_an_agents_answer_too(tmp_path: Path) -> None:
    canned = {"steps": "Please **wait**:\n\n- one\n- {{ contact.name }}\n"}
    shop = make(tmp_path, canned=canned)
    shop.customer()
    words = "Hello *Jane*,\n\n#canned steps\n\n1 < 2 and https://shop.example/x\n"
    shop.answer_as("anna", shop.to("anna@shop.example"), words)
    mail = shop.to("jane@customer.example", "reply").mail
    assert mail.text.startswith("Hello *Jane*,\n\nPlease **wait**:\n\n- one\n- Jane Doe\n\n1 < 2")
    assert mail.html is not None
    assert "<strong>wait</strong>" in mail.html
    assert "<li>Jane Doe</li>" in mail.html
    assert "Hello *Jane*," in mail.html
    assert "1 &lt; 2 and <a href=" in mail.html
    assert mail.html.index("*Jane*") < mail.html.index("wait") < mail.html.index("1 &lt; 2")
    seen = shown(shop, "steps", agent=shop.shop.config.agent("anna"))
    assert "<strong>wait</strong>" in seen.html
