"""`inboxd rules test`: cases in YAML, played for real, and what it says where they fail."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest
from cli_kit import run
from desk_kit import letter, write_shop

from inboxd.config import load_config
from inboxd.desk.checkup import names_for_tests
from inboxd.errors import ConfigError
from inboxd.rehearsal.files import files_of, read_cases
from inboxd.rehearsal.play import Result, play_all

ROOT = Path(__file__).parents[2]
RULES = """\
- name: Refunds
  when: message.received
  if: {body: {matches: 'order (?P<order>[0-9]+)'}}
  then:
    - tag: [refund, order]
    - set: {priority: high, fields.order: "{{ match.order }}"}
    - assign: {team: billing}
    - notify: carl
    - reply: {canned: with-order}
- name: Nudge
  when: pending
  for: 2 business days
  then: [{reply: {canned: still-there}}]
- name: Let go
  when: pending
  for: 5 business days
  then: [close]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_shop(tmp_path, rules=RULES)


def played(shop: Path, cases: str) -> list[Result]:
    path = shop.parent / "rules" / "tests" / "10.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(textwrap.dedent(cases), encoding="utf-8")
    config = load_config(shop)
    return list(play_all(config, read_cases(files_of([path.parent]), *names_for_tests(config))))


def failures(shop: Path, cases: str) -> list[str]:
    return [
        f"{each.place.line}:{each.place.column} {each.key}: {each.expected} / {each.got}{each.said}"
        for result in played(shop, cases)
        for each in result.failures
    ]


def test_the_shipped_rules_do_what_their_tests_say() -> None:
    config = load_config(ROOT / "config" / "inboxd.yaml", {"INBOXD_SECRET_KEY": "k" * 32})
    paths = files_of([ROOT / "config" / "rules" / "tests"])
    results = list(play_all(config, read_cases(paths, *names_for_tests(config))))
    assert len(results) >= 8
    assert [each.failures for each in results if not each.passed] == []


def test_all_that_can_be_expected_is_looked_at(shop: Path) -> None:
    assert (
        failures(
            shop,
            """\
            - name: right
              mail: {body: My order 4711 is late.}
              expect:
                state: open
                tags: [order, refund]
                with_tags: order
                without_tags: vip
                assignee: none
                team: billing
                priority: high
                fields: {order: "4711", other: ""}
                replies: [{canned: with-order, contains: about ORDER 4711}]
                not_sent: still-there
                notified: [carl, billing]
                forwarded: none
                matched: Refunds
                not_matched: [Nudge, Let go]
            """,
        )
        == []
    )


def test_every_difference_is_shown_with_its_place(shop: Path) -> None:
    found = failures(
        shop,
        """\
        - name: wrong
          mail: {body: My order 4711 is late.}
          expect:
            state: closed
            tags: refund
            without_tags: refund
            team: none
            fields: {order: "4712"}
            replies: [{canned: still-there, contains: nothing of it}]
            not_sent: with-order
            not_notified: billing
            not_matched: Refunds
        """,
    )
    assert found == [
        "4:5 state: closed / open",
        "7:5 team: none / billing",
        "5:5 tags: refund / order, refund",
        "6:5 without_tags: not refund / order, refund",
        "8:14 fields.order: 4712 / 4711",
        "9:15 replies.0: still-there / with-order",
        "9:37 replies.0.contains: nothing of it / About order 4711.",
        "10:5 not_sent: not with-order / with-order",
        "11:5 not_notified: not billing / carl",
        "12:5 not_matched: not Refunds / Refunds",
    ]


def test_time_passes_timer_by_timer(shop: Path) -> None:
    assert (
        failures(
            shop,
            """\
            - name: over a weekend
              at: 2030-06-07 16:00    # a Friday
              steps:
                - mail: {subject: Hello}
                - answer: Hello.
                - expect: {state: pending}
                - until: 2030-06-11 15:59
                - expect: {replies: none}
                - until: 2030-06-11 16:00
                - expect: {replies: still-there}
                - wait: 3 business days
                - expect: {state: closed, matched: Let go}
                - mail: {body: One more thing.}
                - expect: {state: open, tags: none}
            """,
        )
        == []
    )


def test_agents_act_in_the_words_of_reply_tags(shop: Path) -> None:
    assert failures(
        shop,
        """\
            - name: agents
              steps:
                - mail: {subject: Hello}
                - do: [tag vip, "#assign ben"]
                - note: {text: She called., as: ben}
                - expect: {tags: vip, assignee: ben, replies: none}
                - do: {tags: snooze 2 days, as: ben}
                - expect: {state: snoozed}
                - wait: 2 days
                - expect: {state: open, notified: ben}
                - bounce: failed
            """,
    ) == ["11:7 bounce: None / Nonenothing was sent to jane@customer.example that could come back"]


def test_a_bounce_comes_back_to_its_conversation(shop: Path) -> None:
    assert (
        failures(
            shop,
            """\
            - name: bounce
              steps:
                - mail: {subject: Hello}
                - answer: Hello.
                - bounce: failed
                - expect: {replies: none}
                - wait: 3 business days
                - expect: {not_sent: still-there}
            """,
        )
        == []
    )


def test_a_mail_can_come_from_a_file(shop: Path) -> None:
    folder = shop.parent / "rules" / "tests"
    folder.mkdir()
    (folder / "jane.eml").write_bytes(letter(text="It is order 815.\n"))
    cases = "- {name: file, mail: {file: jane.eml}, expect: {fields: {order: '815'}}}\n"
    assert failures(shop, cases) == []


def test_cases_know_nothing_of_each_other(shop: Path) -> None:
    cases = "".join(
        f"- {{name: case {i}, mail: {{body: order {i}}}, expect: {{replies: with-order}}}}\n"
        for i in range(12)  # more than automatic mail may go to one person a day
    )
    assert failures(shop, cases) == []


MORE = """\
- {name: Drop it, when: message.received, if: {subject: junk}, then: [drop]}
- {name: Morning, when: schedule, schedule: 0 8 * * mon-fri, then: {tag: morning}}
- name: Round
  when: conversation.opened
  if: {subject: billing}
  then: [{assign: {team: billing, by: round_robin}}, {timer: {name: again, after: 2 h}}]
- {name: Again, when: timer.fired, timer: again, then: [{note: Look}, {tag: again}]}
- name: To the maker
  when: message.received
  if: {attachments.name: {ends_with: .pdf}, header.X-Order: {exists: true}}
  then: [{forward: info@maker.example}, pending]
"""


def test_everything_that_rules_do_can_be_tested(tmp_path: Path) -> None:
    shop = write_shop(tmp_path, rules=MORE)
    assert (
        failures(
            shop,
            """\
            - name: dropped
              mail: {subject: junk}
              expect: {state: none, replies: none}
            - name: by the clock
              at: 2030-06-04 15:00
              steps:
                - mail: {subject: x}
                - until: 2030-06-05 08:01
                - expect: {tags: morning, matched: Morning}
            - name: handed out, and timers with names
              steps:
                - mail: {subject: billing}
                - expect: {team: billing, assignee: carl, notified: carl}
                - wait: 119 min
                - expect: {without_tags: again}
                - wait: 1 min
                - expect: {with_tags: again}
            - name: files, header fields, and mail to others
              mail:
                headers: {X-Order: "1"}
                attachments: {name: order.pdf, type: application/pdf, size: 100}
              expect: {state: pending, forwarded: info@maker.example}
            """,
        )
        == []
    )


def test_what_cannot_be_done_is_said(shop: Path) -> None:
    found = failures(
        shop,
        """\
        - name: nobody
          steps:
            - mail: {subject: Hello}
            - do: assign zoe
            - expect: {state: open}
        """,
    )
    assert len(found) == 1
    assert found[0].startswith("4:7 do: ")
    assert "zoe" in found[0]


def test_every_fault_of_a_file_is_named_in_its_place(shop: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        played(
            shop,
            """\
            - name: a
              mial: {subject: x}
              expect: {assignee: zoe, replies: recieved}
            - name: b
              mail: {file: none.eml}
              expect: {state: open}
            - name: c
              steps: [{wait: 3 fortnights}, {do: dance}]
            - name: d
              mail: {subject: x}
            - name: b
              mail: {subject: x, from: nobody}
              expect: {matched: Refund}
            """,
        )
    said = [str(each).rpartition("10.yaml:")[2] for each in caught.value.faults]
    wanted = (
        "2:3: unknown key 'mial'; did you mean 'mail'?",
        "no agent is called 'zoe'",
        "no canned reply is called 'recieved'; did you mean 'received'?",
        ": there is no such file",
        "'fortnights' is not a unit",
        "no reply tag is called 'dance'",
        "the key 'expect' is missing",
        "this is not one address",
        "no rule is called 'Refund'; did you mean 'Refunds'?",
    )
    for words in wanted:
        assert any(words in each for each in said), (words, said)


def test_the_command_shows_what_failed_and_exits_with_1(shop: Path) -> None:
    tests = shop.parent / "rules" / "tests" / "10.yaml"
    tests.parent.mkdir()
    right = "- {name: right, mail: {subject: x}, expect: {state: open}}\n"
    wrong = "- {name: wrong, mail: {subject: x}, expect: {state: closed}}\n"
    tests.write_text(right, encoding="utf-8")
    ended = run("--config", shop, "rules", "test")
    assert (ended.code, ended.out) == (0, "1 case as expected.\n")
    tests.write_text(right + wrong, encoding="utf-8")
    ended = run("--config", shop, "rules", "test", tests)
    assert ended.code == 1
    assert f"{tests}:2:46: ✗ wrong\n    state\n" in ended.out
    assert "1 case as expected, 1 not" in ended.out
    ended = run("--config", shop, "rules", "test", "--json")
    told = json.loads(ended.out)
    assert (ended.code, told["ok"]) == (1, False)
    assert [each["ok"] for each in told["cases"]] == [True, False]
    assert told["cases"][1]["failures"] == [
        {"line": 2, "column": 46, "key": "state", "expected": "closed", "got": "open"}
    ]
    assert not (shop.parent / "var").exists()
