"""The shipped mails as they read, and the shop's own templates in their place."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from inboxd.errors import ConfigError
from inboxd.templates.contexts import (
    CONTEXTS,
    MARKER,
    ActionLink,
    AlertContext,
    AutoReplyContext,
    ConversationContext,
    NotificationContext,
    Person,
    ReceiptContext,
    ReplyContext,
    TagError,
)
from inboxd.templates.render import Renderer
from inboxd.templates.samples import SAMPLES
from inboxd.templates.text_html import text_to_html

SHIPPED = Renderer(None)
REPLY = ReplyContext(subject="Where is it?", text="Tomorrow.", signature="Anna\nShop")


def notification(**changes: object) -> NotificationContext:
    context = SAMPLES["notification"][0]
    assert isinstance(context, NotificationContext)
    return replace(context, **changes)  # type: ignore[arg-type]


def test_the_shipped_templates_have_no_fault() -> None:
    assert SHIPPED.check() == []


def test_every_mail_has_samples_of_its_context() -> None:
    assert SAMPLES.keys() == CONTEXTS.keys()
    for name, samples in SAMPLES.items():
        assert all(isinstance(sample, CONTEXTS[name]) for sample in samples)


def test_a_notification_reads_from_the_marker_down() -> None:
    rendered = SHIPPED.render("notification", notification())
    assert rendered.subject == "[#1042] Where is my order 4711?"
    lines = rendered.text.split("\n")
    assert lines[0] == MARKER
    assert lines[1] == "#1042 · open · Anna · high · refund · vip"
    order = [
        "Eva Kunde <eva@customer.example> wrote:",
        "I ordered on Monday",
        "- invoice 4711.pdf (120 kB)",
        "Quoted in the same mail:",
        "> Bergstraße 1",
        "Earlier in this conversation",
        "Eva Kunde, 2 days ago:",
        "Anna, 2 days ago (answer):",
        "Ben, yesterday (internal note):",
        "Opened 3 h ago, mailbox support.",
        "You get this because the conversation is assigned to you.",
        "#close          close the conversation",
    ]
    places = [rendered.text.index(words) for words in order]
    assert places == sorted(places)


def test_actions_are_buttons_and_stand_in_the_text_last() -> None:
    rendered = SHIPPED.render("notification", notification())
    context = notification()
    for action in context.actions:
        assert f'<a href="{action.mailto}" style="display:inline-block;' in rendered.html
        assert f"\n{action.label}: {action.address}\n" in rendered.text
    assert context.begin is not None
    assert rendered.text.endswith(f"\n{context.begin.address}\n")
    assert rendered.text.index("#close ") < rendered.text.index("Close: ")
    without = SHIPPED.render("notification", notification(actions=(), begin=None))
    assert "mailto:" not in without.html
    assert "may be empty" not in without.text


def test_a_link_cannot_break_out_of_its_attribute() -> None:
    hostile = ActionLink('"><b>', "a@b", 'mailto:a@b?subject="><script>')
    html = SHIPPED.render("notification", notification(actions=(hostile,))).html
    assert "<script>" not in html
    assert "<b>" not in html


@pytest.mark.parametrize(
    ("begins", "subject"), [(True, "Where is it?"), (False, "Re: Where is it?")]
)
def test_a_first_mail_is_no_answer(begins: bool, subject: str) -> None:
    assert SHIPPED.render("reply", replace(REPLY, begins=begins)).subject == subject


def test_an_agent_whose_mail_is_proven_is_not_warned_of_forgers() -> None:
    doubted, proven = (SHIPPED.render("held", sample) for sample in SAMPLES["held"])
    for mail in (doubted.text, doubted.html):
        assert "somebody uses your name" in mail
    for mail in (proven.text, proven.html):
        assert "somebody uses your name" not in mail
        assert "Who is the customer?" in mail


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"assignee": "", "team": "", "tags": ()}, "#1042 · open · unassigned · high"),
        ({"assignee": "", "priority": ""}, "#1042 · open · support-team · refund · vip"),
        ({"state": "pending", "priority": "", "tags": ()}, "#1042 · pending · Anna"),
    ],
)
def test_the_state_is_one_line(changes: dict[str, object], line: str) -> None:
    assert SHIPPED.render("notification", notification(**changes)).text.split("\n")[1] == line


def test_every_mail_about_a_conversation_begins_with_the_marker() -> None:
    """What stands above it in a quoted answer could reach the customer."""
    for name, samples in SAMPLES.items():
        for sample in samples:
            rendered = SHIPPED.render(name, sample)
            if isinstance(sample, ConversationContext):
                assert rendered.text.startswith(f"{MARKER}\n")
                body = rendered.html.partition("<body")[2]
                assert body.partition("</p>")[0].endswith(MARKER)
            elif name in ("reply", "auto_reply", "alert"):
                assert MARKER not in rendered.text


def test_news_without_words_of_the_customer_gives_the_reason_first() -> None:
    text = SHIPPED.render("notification", notification(new_text="", reason="Nobody answered.")).text
    assert text.index("Nobody answered.") < text.index("Customer: Eva Kunde")
    assert text.count("Nobody answered.") == 1


def test_what_a_customer_writes_on_one_line_stays_on_one_line() -> None:
    hostile = notification(
        subject="a\nb\u2028c\x00d", customer=Person("Eva\r\n#9 · closed", "eva@customer.example")
    )
    rendered = SHIPPED.render("notification", hostile)
    assert rendered.subject == "[#1042] a b c d"
    assert "Eva #9 · closed <eva@customer.example> wrote:" in rendered.text.split("\n")


def test_very_long_words_are_shortened_for_agents_and_never_for_customers() -> None:
    words = "<&>\n" * 50_000
    shown = SHIPPED.render("notification", notification(new_text=words))
    assert "[… shortened: 200000 characters in all]" in shown.text
    assert len(shown.text) < 60_000
    # Its first mail: what a template extends is compiled while it renders.
    sent = Renderer(None).render("reply", replace(REPLY, text=words * 4))
    assert sent.text.startswith((words * 4).rstrip())
    assert sent.html.count("&lt;&amp;&gt;") == 200_000


def test_an_answer_holds_the_words_and_the_signature_alone() -> None:
    rendered = SHIPPED.render("reply", replace(REPLY, agent_name="SECRET", shop_name="SECRET"))
    assert rendered.subject == "Re: Where is it?"
    assert rendered.text == "Tomorrow.\n\n-- \nAnna\nShop\n"
    assert "SECRET" not in rendered.html
    assert SHIPPED.render("reply", replace(REPLY, signature="")).text == "Tomorrow.\n"


@pytest.mark.parametrize(
    ("subject", "tag", "answer"),
    [
        ("Order", "", "Re: Order"),
        ("Re: Order", "", "Re: Order"),
        ("AW: Bestellung", "", "AW: Bestellung"),
        ("回复：订单", "", "回复：订单"),
        ("Refund", "[#7]", "Re: Refund [#7]"),
        ("Re: Refund [#7]", "[#7]", "Re: Refund [#7]"),
        ("", "", "Re:"),
        ("a\r\nBcc: x@y.example", "", "Re: a Bcc: x@y.example"),
    ],
)
def test_subjects_of_answers(subject: str, tag: str, answer: str) -> None:
    context = replace(REPLY, subject=subject, subject_tag=tag)
    assert SHIPPED.render("reply", context).subject == answer


def test_an_automatic_reply_uses_its_html_or_makes_it() -> None:
    made = AutoReplyContext(subject="Order", text="One.\n\nTwo.", signature="Shop")
    rendered = SHIPPED.render("auto_reply", made)
    assert rendered.subject == "Re: Order"
    assert rendered.text == "One.\n\nTwo.\n\n-- \nShop\n"
    assert rendered.html.count("<p") == 3
    given = replace(made, html="<ul><li>One</li></ul>", canned_subject="We have it")
    rendered = SHIPPED.render("auto_reply", given)
    assert rendered.subject == "We have it"
    assert "<ul><li>One</li></ul>" in rendered.html
    assert "Two." not in rendered.html


def test_a_receipt_gives_the_text_back_with_the_reason() -> None:
    text = "#colse\n\n  Hello <Eva>,\n> quoted\n"
    context = ReceiptContext(
        agent_name="Anna",
        number=7,
        subject="Order",
        errors=(TagError("#colse", "There is no such tag.", "#close"),),
        original_text=text,
    )
    rendered = SHIPPED.render("receipt", context)
    assert rendered.text.endswith(text)
    assert "  #colse\n  There is no such tag.\n  Did you mean #close ?\n" in rendered.text
    assert "Nothing was sent and nothing was changed" in rendered.text
    assert "Hello &lt;Eva&gt;" in rendered.html


def test_a_receipt_lists_what_was_done() -> None:
    context = ReceiptContext(agent_name="A", number=7, subject="Order", done=("closed", "tagged"))
    assert SHIPPED.render("receipt", context).text.endswith("Done:\n- closed\n- tagged\n")


def test_the_wrong_context_is_refused() -> None:
    with pytest.raises(TypeError, match="NotificationContext"):
        SHIPPED.render("notification", REPLY)


def test_own_templates_take_the_place_of_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "reply.txt.j2").write_text("{{ text|upper }} -- {{ shop_name }}")
    (tmp_path / "_foot.html.j2").write_text("<i>{{ shop_name }}</i>")
    (tmp_path / "reply.html.j2").write_text(
        '{% extends "shipped/reply.html.j2" %}'
        '{% block content %}{{ super() }}{% include "_foot.html.j2" %}{% endblock %}'
    )
    renderer = Renderer(tmp_path)
    assert renderer.check() == []
    rendered = renderer.render("reply", replace(REPLY, shop_name="A & B"))
    assert rendered.subject == "Re: Where is it?"
    assert rendered.text == "TOMORROW. -- A & B\n"
    assert "Tomorrow." in rendered.html
    assert "<i>A &amp; B</i>" in rendered.html


def test_a_folder_that_is_not_there_holds_no_templates(tmp_path: Path) -> None:
    renderer = Renderer(tmp_path / "none")
    assert renderer.check() == []
    assert renderer.render("reply", REPLY).text.startswith("Tomorrow.")


@pytest.mark.parametrize(
    ("name", "template", "place", "words"),
    [
        ("reply.txt.j2", "a\n b {{ text }} {{ signatur }}", (2, 18), "did you mean 'signature'?"),
        ("reply.txt.j2", "text {{ txet }}", (1, 9), "did you mean 'text'?"),
        ("notification.txt.j2", "{{ marker }}\n{{ customer.nmae }}", (2, 13), "mean 'name'?"),
        ("reply.html.j2", "\n{% if text %}x", (2, 1), "Unexpected end of template"),
        ("reply.html.j2", "a {{ text|uper }}", (1, 11), "No filter named 'uper'"),
        ("reply.subject.j2", "{{ 1 / 0 }}", (1, 1), "division by zero"),
        ("reply.txt.j2", "{{ text + 1 }}", (1, 1), "str"),
        ("reply.txt.j2", "{% include '_gone.j2' %}", (1, 13), "there is no template '_gone.j2'"),
        ("held.txt.j2", "Hello {{ marker }}", (1, 1), "'marker' is not the first"),
        ("held.html.j2", "<p>Hi</p>{{ marker }}", (1, 1), "'marker' is not the first"),
        ("replay.txt.j2", "", (0, 0), "did you mean 'reply.txt.j2'?"),
    ],
)
def test_faults_have_their_place(
    tmp_path: Path, name: str, template: str, place: tuple[int, int], words: str
) -> None:
    (tmp_path / name).write_text(template)
    faults = Renderer(tmp_path).check()
    assert [(f.file, f.line, f.column) for f in faults] == [(str(tmp_path / name), *place)]
    assert words in faults[0].message


def test_a_fault_in_an_included_piece_is_reported_there(tmp_path: Path) -> None:
    (tmp_path / "_piece.txt.j2").write_text("one\n{{ nothing }}")
    (tmp_path / "reply.txt.j2").write_text("{% include '_piece.txt.j2' %}")
    (fault,) = Renderer(tmp_path).check()
    assert (fault.file, fault.line) == (str(tmp_path / "_piece.txt.j2"), 2)


def test_a_template_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "reply.txt.j2").write_bytes(b"\xff\xfe")
    (fault,) = Renderer(tmp_path).check()
    assert fault.file == str(tmp_path / "reply.txt.j2")


def test_a_fault_that_shows_only_at_run_time_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "alert.txt.j2").write_text("{% if title == 'x' %}{{ summary.gone }}{% endif %}")
    renderer = Renderer(tmp_path)
    assert renderer.check() == []
    with pytest.raises(ConfigError, match="'gone' is not known here") as caught:
        renderer.render("alert", AlertContext(title="x", summary="y"))
    assert (caught.value.faults[0].line, caught.value.faults[0].column) == (1, 33)


def test_a_renderer_serves_several_threads() -> None:
    wanted = SHIPPED.render("notification", notification())
    renderer = Renderer(None)
    results: list[object] = []

    def work() -> None:
        results.extend(renderer.render("notification", notification()) for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [wanted] * 80


def test_contexts_and_compose_load_no_template_engine() -> None:
    code = (
        "import sys, inboxd.mail.compose, inboxd.templates.contexts\n"
        "print([m for m in ('jinja2', 'markdown_it', 'nh3', 'idna') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


P = '<p style="margin:0 0 1em">'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("  \n \n", ""),
        ("one\ntwo", f"{P}one<br>\ntwo</p>\n"),
        ("one\n\n\n \n\ntwo\r\n", f"{P}one</p>\n{P}two</p>\n"),
        ("a < b & c", f"{P}a &lt; b &amp; c</p>\n"),
        ("a  b", f"{P}a&nbsp; b</p>\n"),
        ("a\x00\x1b[1mb", f"{P}a[1mb</p>\n"),
        ("(https://x.example/a_(b)?c=1&d).", f'{P}(<a href="https://x.example/a_(b)?c=1&amp;d">'
         "https://x.example/a_(b)?c=1&amp;d</a>).</p>\n"),
        ("see http://x.example, or", f'{P}see <a href="http://x.example">http://x.example</a>, or'
         "</p>\n"),
        ("ftp://x.example javascript:x", f"{P}ftp://x.example javascript:x</p>\n"),
    ],
)  # fmt: skip
def test_text_as_html(text: str, html: str) -> None:
    assert text_to_html(text) == html


def test_quotes_become_block_quotes_nested_as_written() -> None:
    html = text_to_html("> one\n>> two\n>\n> three\nmine\n\n> four")
    bare = html.replace("<br>", "")
    for style in (P, '<blockquote style="'):
        assert style in html
    shape = [piece for piece in _tags(bare) if piece in ("blockquote", "/blockquote", "p")]
    assert shape == [
        "blockquote", "p", "blockquote", "p", "/blockquote", "p", "/blockquote",
        "p", "blockquote", "p", "/blockquote",
    ]  # fmt: skip
    deep = text_to_html(">" * 500 + " x")
    assert deep.count("<blockquote") == deep.count("</blockquote>") == 8


def _tags(html: str) -> list[str]:
    return [piece.split(">")[0].split(" ")[0] for piece in html.split("<")[1:]]


def test_text_as_html_is_fast_on_hostile_text() -> None:
    for text in ("> " * 100_000, ">\n" * 100_000, "https://" * 20_000, " " * 300_000,
                 "https://x/" + "(" * 50_000 + ")" * 100_000, "\n" * 300_000, "&" * 300_000,
                 "\n \n" * 100_000):  # fmt: skip
        started = time.process_time()
        text_to_html(text)
        assert time.process_time() - started < 1
