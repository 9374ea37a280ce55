"""What the fuzzer feeds, and what must hold for whatever it feeds. The tests use the same."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from inboxd.conversations.commands import TagContext
from inboxd.conversations.digest_lines import parse_digest_lines
from inboxd.conversations.tag_table import TAGS
from inboxd.conversations.tags import parse_tags
from inboxd.errors import ConfigError, Fault
from inboxd.mail.mime import parse, read_part
from inboxd.mail.model import Address, Headers, ParsedMail
from inboxd.rules.evaluate import evaluate
from inboxd.rules.facts import ConversationFacts, Facts, MessageFacts
from inboxd.rules.loader import Known, RuleSet, read_rules
from inboxd.yaml_positions import parse_yaml

CORPUS = Path(__file__).parents[1] / "tests" / "fuzz_corpus"
MOST_SECONDS = 2.0  # of processor time, for one input of at most MOST_BYTES
MOST_BYTES = 100_000

TAG_CONTEXT = TagContext(
    agents=("anna", "ben"),
    teams=("billing",),
    canned=("refund-received",),
    me="anna",
    now=datetime(2029, 5, 8, 8, 30, tzinfo=UTC),
    zone=ZoneInfo("Europe/Berlin"),
    views=("mine", "unassigned"),
)
KNOWN = Known(
    agents=frozenset({"anna", "ben"}),
    teams=frozenset({"billing"}),
    mailboxes=frozenset({"support", "sales"}),
    canned=frozenset({"received", "refund-received"}),
)
MESSAGE = MessageFacts(
    from_=(Address("Jane Doe", "jane@customer.example"),),
    to=(Address("", "support@shop.example"),),
    subject="Refund for order #123456",
    reply_text="Hello,\n\nI want my money back.\n\nJane",
)

LONGEST = {"parse": 4096, "tags": 1024, "rules": 2048}
_MAIL = b"""\
Received: from a.example (a.example [192.0.2.1]) by mx.shop.example; Mon, 8 Jan 2029 09:30:01 +0100
From: =?utf-8?q?J=C3=BCrgen?= M <j@b.example>
To: "Support (a, b)" <support@shop.example>, group: c@d.example;
Subject: =?iso-2022-jp?b?GyRCJDMbKEI=?= again
Date: Mon, 08 Jan 2029 09:30:00 +0100
Message-ID: <1@b.example>
In-Reply-To: <0@b.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: multipart/alternative; boundary=c

--c
Content-Type: text/plain; charset=windows-1252; format=flowed
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe, \n
On Monday, Shop wrote:
> words
-- \n
J
--c
Content-Type: text/html; charset=utf-8

<p>Gr&uuml;&szlig;e</p><table><tr><td>1</td></tr></table><blockquote class=gmail_quote>words
--c--
--b
Content-Type: application/ms-tnef; name*0*=utf-8''winmail; name*1=.dat
Content-Transfer-Encoding: base64

eJ8+IgEAAgIQBgACAAAAYWIAAA==
--b
Content-Type: message/delivery-status

Final-Recipient: rfc822; x@y.example
Action: failed
Status: 5.1.1
--b--
begin 644 a
#0V%T
`
end
"""
_ANSWER = """\
Hello Jane,

it is on its way. #canned refund-received order=4711

#close #tag shipped #snooze mon 9:00
#assign team:billing #priority high #set order=4711
\\#1 is literal
3 close
5-7, 9 snooze 2 business days
#send tomorrow 9:00 #cc a@b.example #note for Ben
"""
_RULES = """\
- &a
  name: Refunds go to billing
  when: [message.received, conversation.opened]
  mailboxes: support
  if:
    any:
      - subject: {contains: [refund, money back]}
      - body: {matches: '(?i)order\\s+#?(?P<order>\\d{6})'}
      - not: {tags: {none_of: [vip]}}
  then:
    - tag: refund
    - set: {priority: high, fields.order: "{{ match.order }}"}
    - assign: {team: billing}
    - reply: {canned: refund-received}
    - snooze: 3 business days
  stop: true
- name: Nudge
  when: pending
  for: 3 days
  then: {close: true, notify: [anna, billing]}
- <<: *a
  name: again
"""
_EXAMPLES: dict[str, list[bytes]] = {
    "parse": [_MAIL, _MAIL.replace(b"\n", b"\r\n")],
    "tags": [_ANSWER.encode(), *(f"#{name}\n".encode() for name in TAGS)],
    "rules": [_RULES.encode()],
}


def assert_sound(mail: ParsedMail) -> None:
    """Check that a mail was read without the last resort, and that it can be stored."""
    assert not [d for d in mail.defects if d.startswith(("parse:", "quotes:", "html:"))]
    for text in _texts(mail):
        assert "\0" not in text
        text.encode("utf-8")
    assert mail.date is None or (mail.date.tzinfo is not None and 1970 <= mail.date.year <= 2100)
    one_line = [
        mail.subject,
        *(a.name for a in mail.from_),
        *(a.filename for a in mail.attachments),
    ]
    assert not {"\r", "\n", "\v", "\x85", "\u2028"} & set("".join(one_line))


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Headers):
        return [text for pair in value for text in pair]
    if isinstance(value, tuple):
        return [text for item in value for text in _texts(item)]
    if is_dataclass(value) and not isinstance(value, type):
        return [text for name in value.__slots__ for text in _texts(getattr(value, name))]  # type: ignore[attr-defined]
    return []


def mail(data: bytes) -> None:
    """Any bytes are a mail: read the same each time, storable, its files to be had."""
    read = parse(data)
    assert_sound(read)
    assert parse(data) == read
    for each in read.attachments[:20]:
        read_part(data, each.part)


def reply_tags(data: bytes) -> None:
    """Any text is an answer, and an order to a list: obeyed, or refused with a reason."""
    text = data.decode("utf-8", "replace")
    read = parse_tags(text, TAG_CONTEXT)
    assert parse_tags(text, TAG_CONTEXT) == read
    assert all(error.line and error.reason for error in read.errors)
    lines = parse_digest_lines(text, (1040, 1042, 7), TAG_CONTEXT)
    assert parse_digest_lines(text, (1040, 1042, 7), TAG_CONTEXT) == lines


def rules(data: bytes) -> None:
    """Any file is rules that can be asked, or is refused with a place for every fault."""
    faults, found = [], RuleSet()
    try:
        found = read_rules([parse_yaml(data, Path("fuzz.yaml"))], KNOWN)
    except ConfigError as error:
        faults = error.faults or [Fault("", 0, 0, "refused without a reason")]
    assert all(fault.file == "fuzz.yaml" and fault.message for fault in faults)
    events = sorted({event for rule in found.rules for event in rule.events})
    for event in events:
        asked = evaluate(found, Facts(event, "support", ConversationFacts(1), MESSAGE))
        json.dumps(asked.to_json())


TARGETS: dict[str, Callable[[bytes], None]] = {
    "parse": mail,
    "tags": reply_tags,
    "rules": rules,
}


def run(target: str, data: bytes) -> None:
    """Feed `data` to a target; AssertionError where it breaks a promise or takes too long."""
    data = data[:MOST_BYTES]
    begun = time.process_time()
    TARGETS[target](data)
    taken = time.process_time() - begun
    assert taken < MOST_SECONDS, f"{taken:.1f} s of processor time"


def seeds(target: str) -> list[bytes]:
    """Return what the fuzzer begins with: examples, and everything that it ever found."""
    found = [path.read_bytes() for path in sorted((CORPUS / target).glob("*.bin"))]
    return [*_EXAMPLES[target], *found]
