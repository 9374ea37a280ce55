"""S8: templates reach plain values only, at bounded cost; what customers write stays text."""

from __future__ import annotations

import re
import time
from dataclasses import fields, replace
from pathlib import Path

import pytest

from inboxd.errors import ConfigError
from inboxd.templates.canned import load_canned
from inboxd.templates.canned_context import (
    CannedContact,
    CannedContext,
    CannedConversation,
    CannedShop,
)
from inboxd.templates.contexts import (
    NotificationContext,
    Person,
    ReplyContext,
)
from inboxd.templates.render import Renderer
from inboxd.templates.samples import SAMPLES

ESCAPES = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ text.__class__ }}",
    "{{ text['__class__'] }}",
    "{{ text|attr('__class__') }}",
    "{{ [text]|map(attribute='__class__')|join }}",
    "{{ '{0.__class__}'.format(text) }}",
    "{{ '%s'|format(text) }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context.environment }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ range.__self__ }}",
    "{{ range(3).__class__ }}",
    "{{ text.upper() }}",
    "{{ joiner() }}",
    "{{ dict(a=1) }}",
    "{{ url_for.__globals__ }}",
    "{% for x in [1] %}{{ loop._iterable }}{% endfor %}",
    "{% for x in [1] %}{{ loop.__class__.__init__.__globals__ }}{% endfor %}",
    "{% macro m() %}{% endmacro %}{{ m._environment.loader }}",
    "{% macro m() %}{% endmacro %}{{ m.__call__.__func__.__globals__ }}",
    "{% include '../secret.txt' %}",
    "{% include '/etc/passwd' %}",
    "{{ text|safe }}",
    "{{ text|pprint }}",
    "{{ text|tojson }}",
    "{{ ' joined'|string ~ ([]|random) }}",
]
TOO_MUCH = [
    "{{ range(100000000)|list }}",
    "{% for a in range(999) %}{% for b in range(999) %}{% endfor %}{% endfor %}",
    "{% for a in range(999) %}{% for b in range(999) %}.{% endfor %}{% endfor %}",
    "{{ 'x' * 1000000000 }}",
    "{{ [0] * 1000000000 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ '%999999999d' % 1 }}",
    "{{ 'x'|center(1000000000) }}",
    "{{ 'x'|indent(1000000000) }}",
    "{% set ns = namespace(x='xxxxxxxxxxxxxxxx') %}"
    "{% for a in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    "{% set ns = namespace(x='xxxxxxxxxxxxxxxx') %}"
    "{% for a in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{% set ns = namespace(x='xxxxxxxxxxxxxxxx') %}"
    "{% for a in range(60) %}{% set ns.x %}{{ ns.x }}{{ ns.x }}{% endset %}{% endfor %}",
    "{% set ns = namespace(x='xxxxxxxxxxxxxxxx') %}"
    "{% for a in range(60) %}{% set ns.x = ns.x|replace('x', 'xxxx') %}{% endfor %}",
    "{% set ns = namespace(x=2) %}{% for a in range(99) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
    "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% include 'reply.txt.j2' %}",
    "{% extends 'reply.txt.j2' %}",
]


def renderer(folder: Path, template: str) -> Renderer:
    (folder / "reply.txt.j2").write_text(template)
    return Renderer(folder)


@pytest.mark.parametrize("template", ESCAPES)
def test_S8_escapes_from_the_sandbox_fail(tmp_path: Path, template: str) -> None:
    (tmp_path.parent / "secret.txt").write_text("secret")
    with pytest.raises(ConfigError) as caught:
        renderer(tmp_path, template).render("reply", ReplyContext(subject="s", text="words"))
    (fault,) = caught.value.faults
    assert fault.file == str(tmp_path / "reply.txt.j2")


@pytest.mark.parametrize("template", TOO_MUCH)
def test_S8_cost_is_bounded(tmp_path: Path, template: str) -> None:
    started = time.process_time()
    with pytest.raises(ConfigError):
        renderer(tmp_path, template).render("reply", ReplyContext(subject="s", text="words"))
    assert time.process_time() - started < 2


def test_S8_cost_is_bounded_in_what_a_constant_is_computed_from(tmp_path: Path) -> None:
    faults = renderer(tmp_path, "{{ ('x' * 99999999)|length }}").check()
    assert [f.file for f in faults] == [str(tmp_path / "reply.txt.j2")]


def test_S8_a_template_that_failed_does_not_spend_the_next_ones_budget(tmp_path: Path) -> None:
    broken = renderer(tmp_path, "{% for a in range(999) %}{% for b in range(999) %}{% endfor %}"
                                "{% endfor %}")  # fmt: skip
    context = ReplyContext(subject="s", text="words")
    for _ in range(3):
        with pytest.raises(ConfigError):
            broken.render("reply", context)
        assert broken.render("alert", SAMPLES["alert"][0]).subject


@pytest.mark.parametrize("template", ["{{ nothing }}", "{{ nothing.at_all }}", "{{ text.nothing }}",
                                      "{% if nothing %}{% endif %}", "{{ nothing ~ 'x' }}",
                                      "{% for x in nothing %}{% endfor %}"])  # fmt: skip
def test_S8_what_is_not_defined_is_an_error(tmp_path: Path, template: str) -> None:
    with pytest.raises(ConfigError, match="not known here"):
        renderer(tmp_path, template).render("reply", ReplyContext(subject="s", text="words"))


JINJA = "{{7*7}}{% for x in range(9) %}{{ x }}{% endfor %}{# gone #}"


def everywhere(context: NotificationContext) -> NotificationContext:
    texts = {f.name: JINJA for f in fields(context) if isinstance(getattr(context, f.name), str)}
    texts["marker"] = context.marker
    history = tuple(replace(entry, who=JINJA, when=JINJA, text=JINJA) for entry in context.history)
    files = tuple(replace(file, filename=JINJA, size=JINJA) for file in context.attachments)
    customer = Person(JINJA, JINJA)
    return replace(  # type: ignore[type-var]
        context, **texts, history=history, attachments=files, customer=customer, tags=(JINJA,)
    )


def test_S8_jinja_in_any_field_stays_text() -> None:
    context = everywhere(SAMPLES["notification"][0])  # type: ignore[arg-type]
    rendered = Renderer(None).render("notification", context)
    assert rendered.subject == f"[#1042] {JINJA}"
    for form in (rendered.text, rendered.html):
        assert form.count(JINJA) >= 15
        assert "49" not in form
        assert "012345678" not in form


def test_S8_jinja_and_markdown_in_canned_values_stay_text(tmp_path: Path) -> None:
    places = "{{ contact.name }} {{ conversation.subject }} {{ fields.x }} {{ match.y }}"
    (tmp_path / "hello.md").write_text(f"---\nsubject: '{places}'\n---\n{places}\n")
    value = f"{JINJA} *b* [x](https://evil.example) <img src=x onerror=y> `c`\n\n# h"
    context = CannedContext(
        contact=CannedContact(value),
        conversation=CannedConversation(1, value),
        shop=CannedShop("Shop"),
        fields={"x": value},
        match={"y": value},
    )
    rendered = load_canned(tmp_path).render("hello", None, context)
    line = value.replace("\n\n", " ")
    assert rendered.subject == " ".join([line] * 4)
    assert rendered.text == " ".join([line] * 4) + "\n"
    escaped = line.replace("<", "&lt;").replace(">", "&gt;")
    assert rendered.html == "<p>" + " ".join([escaped] * 4) + "</p>\n"


@pytest.mark.parametrize(
    "source",
    [
        "{{ now.reader.zone }}",
        "{{ now.__class__ }}",
        "{{ [now] | map(attribute='reader') | first }}",
        "{{ now['reader'] }}",
        "{{ promise.at }}",
        "{{ now | date('short').__globals__ }}",
    ],
)
def test_S8_a_time_leads_to_nothing_but_its_words(tmp_path: Path, source: str) -> None:
    (tmp_path / "hello.md").write_text(source)
    with pytest.raises(ConfigError):
        load_canned(tmp_path)


def test_S8_values_in_link_targets_cannot_change_the_scheme(tmp_path: Path) -> None:
    (tmp_path / "track.md").write_text(
        "[a]({{ fields.url }}) [b](https://shop.example/?o={{ fields.url }}) "
        "https://shop.example/{{ fields.url }}\n"
    )
    context = CannedContext(
        contact=CannedContact("Eva"),
        conversation=CannedConversation(1, "s"),
        shop=CannedShop("Shop"),
        fields={"url": 'javascript:alert(1)" onclick="x'},
    )
    html = load_canned(tmp_path).render("track", None, context).html
    tags = re.findall("<a[^>]*>", html)
    target = "javascript:alert(1)%22%20onclick=%22x"
    assert tags == [
        "<a>",
        f'<a href="https://shop.example/?o={target}">',
        f'<a href="https://shop.example/{target}">',
    ]


def test_S8_contexts_hold_plain_values_only() -> None:
    context = ReplyContext(subject="s", text=object())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="object"):
        Renderer(None).render("reply", context)
