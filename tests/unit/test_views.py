"""Values as scripts see them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

from inboxd.desk import views
from inboxd.desk.printable import harmless_json
from inboxd.desk.search import excerpt
from inboxd.mail.model import Address, Bounce, BouncedRecipient, Kind, ParsedMail, Verdict


def test_moments_are_rfc_3339_in_utc() -> None:
    at = datetime(2030, 12, 1, 9, 0, 7, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert views.moment(at) == "2030-12-01T07:00:07Z"
    assert views.moment(datetime(33, 1, 1, tzinfo=UTC)) == "0033-01-01T00:00:00Z"
    assert views.moment(None) is None


def test_addresses_have_name_and_address() -> None:
    assert views.addresses([Address("Jane", "j@x.example"), Address("", "k@x.example")]) == [
        {"name": "Jane", "address": "j@x.example"},
        {"name": "", "address": "k@x.example"},
    ]


def test_a_mail_that_says_nothing_has_every_key() -> None:
    seen = views.mail("-", ParsedMail(), Verdict(Kind.EMPTY))
    assert (seen["from"], seen["date"], seen["message_id"], seen["bounce"]) == (None,) * 4
    assert (seen["to"], seen["references"], seen["attachments"]) == ([], [], [])


def test_a_bounce_without_recipients_is_not_null() -> None:
    seen = views.mail("-", ParsedMail(), Verdict(Kind.BOUNCE, bounce=Bounce()))
    assert seen["bounce"] == {"recipients": []}
    bounce = Bounce((BouncedRecipient("a@x.example", "failed", "5.1.1"),))
    seen = views.mail("-", ParsedMail(), Verdict(Kind.BOUNCE, bounce=bounce))
    assert seen["bounce"]["recipients"][0]["action"] == "failed"


def test_harmless_json_says_the_same() -> None:
    value = {"a": "\x1b[2J\x9b\u202e\u2028 ü 日本 \U0001f600"}
    document = harmless_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(document) == value
    assert not set("\x9b\u202e\u2028") & set(document)
    assert "ü 日本 \U0001f600" in document


def test_an_excerpt_holds_the_word() -> None:
    text = "x " * 200 + "needle in\nhay " + "y " * 200
    found = excerpt(text, "nothing NEEDLE")
    assert "needle in hay" in found
    assert found.startswith("…")
    assert found.endswith("…")
    assert excerpt("short", "other") == "short"
