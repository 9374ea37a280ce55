"""inboxd is killed at any moment of a whole exchange, and nothing is lost or done twice.

The daemon is a process of its own, killed with SIGKILL while real servers bring and take mail.
What everybody has at the end is compared with an undisturbed run. A mail may come a second time
(the kill fell between the relay's answer and its record), but then with the same bytes under the
same Message-ID, so that mail servers and clients know it for what it is.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from clients import Answer, File, gmail
from loopback import eventually
from served import Served
from servers import Dovecot, Postfix
from shop import Shop, read, sent_form, text_of

pytestmark = pytest.mark.servers

LABEL = File("label.pdf", "application/pdf", bytes(range(256)) * 300)
PEOPLE = ("jane", "anna", "bert", "cleo")
# How long after a mail was handed to Postfix the kill comes, in seconds: from before it reaches
# inboxd to after the last of its consequences has left.
LATEST = 0.6


@dataclass
class Result:
    """What a run has left behind, with the shop's number taken out of it."""

    conversations: list[dict[str, Any]]
    events: Counter[str]
    mails: dict[str, Counter[tuple[str, str]]]
    duplicates: int
    kills: int = 0


@dataclass
class Play:
    """The exchange; `disturb` is called after each mail is sent and after each one has arrived."""

    shop: Shop
    after_sending: Callable[[], None] = lambda: None
    after_arrival: Callable[[], None] = lambda: None
    seen: dict[str, int] = field(default_factory=dict)

    def run(self) -> None:
        """Play a question, an answer, thanks, and a last word that closes the conversation."""
        shop = self.shop
        self._send(lambda: shop.swaks(shop.jane, shop.address, self._question()))
        self._arrive("jane", "your mail has reached us")
        notified = self._arrive("anna", "the green tea")
        self._arrive("bert", "the green tea")
        words = "It comes tomorrow, see the label.\n\n#tag carrier\n#priority high"
        answer = gmail(Answer(notified, shop.anna, "Anna", words, [LABEL]))
        self._send(lambda: shop.answer(shop.anna, answer))
        answered = self._arrive("jane", "see the label")
        self._arrive("cleo", "Anna answered")
        self._arrive("anna", "- Tagged: carrier.")
        thanks = gmail(Answer(answered, shop.jane, "Jane", "Thanks, that was quick!"))
        self._send(lambda: shop.answer(shop.jane, thanks))
        told = self._arrive("bert", "Thanks, that was quick!")
        last = gmail(Answer(told, shop.bert, "Bert", "You are welcome.\n\n#close"))
        self._send(lambda: shop.answer(shop.bert, last))
        self._arrive("jane", "You are welcome.")
        self._arrive("bert", "- Closed.")
        shop.wait_until_quiet(60)

    def _question(self) -> bytes:
        return bytes(
            self.shop.compose(self.shop.jane, "Where is my parcel?", "Where is the green tea?\n")
        )

    def _send(self, send: Callable[[], None]) -> None:
        send()
        self.after_sending()

    def _arrive(self, who: str, words: str) -> bytes:
        """Wait for the first mail with these words in somebody's mailbox."""
        address = getattr(self.shop, who)

        def found() -> list[bytes]:
            time.sleep(0.05)  # each look is a login
            return [raw for raw in self.shop.inbox(address) if words in text_of(raw)]

        raw = eventually(found, 60, f"{words!r} for {who}")[0]
        self.after_arrival()
        return raw


def observe(shop: Shop) -> Result:
    """Return what a run has left behind; fails where a second copy of a mail differs."""
    plain = _without_number(shop)
    mails: dict[str, Counter[tuple[str, str]]] = {}
    duplicates = 0
    for who in PEOPLE:
        by_id: dict[str, set[bytes]] = {}
        for raw in shop.inbox(getattr(shop, who)):
            duplicates += str(read(raw)["Message-ID"]) in by_id
            by_id.setdefault(str(read(raw)["Message-ID"]), set()).add(sent_form(raw))
        assert [len(forms) for forms in by_id.values()] == [1] * len(by_id), "other bytes, same id"
        once = [forms.pop() for forms in by_id.values()]
        mails[who] = Counter(
            (plain(str(read(raw)["Subject"])), plain(_timeless(text_of(raw)))) for raw in once
        )
    found = [_comparable(each, plain) for each in shop.conversations()]
    events = Counter(plain(f"{kind}: {text}") for kind, text in shop.events())
    return Result(found, events, mails, duplicates)


def _without_number(shop: Shop) -> Callable[[str], str]:
    """Take out what differs between shops: the number, and the tokens that their keys sign."""

    def plain(text: str) -> str:
        text = text.replace(f"-{shop.number}@", "@").replace(f"shop-{shop.number}.", "shop.")
        return re.sub(r"support\+[a-z0-9]+@", "support+token@", text)

    return plain


def _timeless(text: str) -> str:
    """Leave out how long ago things happened, and quotes, in which clients write the time."""
    lines = [line for line in text.splitlines() if not line.startswith(">")]
    return re.sub(r"just now|\d+ min ago", "a while ago", "\n".join(lines))


def _comparable(conversation: dict[str, Any], plain: Callable[[str], str]) -> dict[str, Any]:
    messages = [
        (
            each["direction"], each["kind"], plain(each["from"]["address"]),
            [plain(to["address"]) for to in each["to"]], each["reply_text"],
            [(file["filename"], file["sha256"]) for file in each["attachments"]],
        )
        for each in conversation["messages"]
    ]  # fmt: skip
    kept = ("number", "state", "mailbox", "subject", "assignee", "team", "priority")
    return {name: conversation[name] for name in kept} | {
        "tags": sorted(conversation["tags"]),
        "messages": messages,
    }


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot, postfix: Postfix
) -> Result:
    """The run in which nothing is killed."""
    shop = Shop(tmp_path_factory.mktemp("undisturbed"), dovecot, postfix)
    shop.route()
    with shop.serving_by_command() as process:
        Play(shop).run()
        result = observe(shop)
        process.terminate()
        assert process.wait(10) == 0
    assert result.duplicates == 0
    assert [sum(result.mails[who].values()) for who in PEOPLE] == [3, 4, 4, 4]
    assert result.conversations[0]["state"] == "closed"
    assert len(result.conversations) == 1
    return result


def _assert_same(shop: Shop, served: Served, undisturbed: Result, what: str) -> None:
    shop.wait_until_quiet(60)
    result = observe(shop)
    print(f"{what}: {served.kills} kills, {result.duplicates} duplicates")
    assert result.conversations == undisturbed.conversations
    assert result.events == undisturbed.events
    for who in PEOPLE:
        assert result.mails[who] - undisturbed.mails[who] == Counter(), f"too much for {who}"
        assert undisturbed.mails[who] - result.mails[who] == Counter(), f"missing for {who}"
    assert result.duplicates <= served.kills, "more than one mail twice for one kill"


@pytest.mark.parametrize("seed", range(4))
def test_R12_killed_at_any_moment_of_the_exchange(
    seed: int, tmp_path: Path, dovecot: Dovecot, postfix: Postfix, undisturbed: Result
) -> None:
    chance = random.Random(f"kill {seed}")
    shop = Shop(tmp_path, dovecot, postfix)
    shop.route()
    with shop.serving() as served:

        def kill() -> None:
            time.sleep(chance.uniform(0, LATEST))
            served.kill_and_restart()

        Play(shop, after_sending=kill).run()
        assert served.kills == 4
        _assert_same(shop, served, undisturbed, f"seed {seed}")


def test_R12_killed_after_each_step(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix, undisturbed: Result
) -> None:
    """Each kill falls between a mail's arrival somewhere and that of its siblings, or after."""
    shop = Shop(tmp_path, dovecot, postfix)
    shop.route()
    with shop.serving() as served:
        Play(shop, after_arrival=served.kill_and_restart).run()
        assert served.kills == 9
        _assert_same(shop, served, undisturbed, "after each step")


def test_R12_killed_again_right_after_every_start(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix, undisturbed: Result
) -> None:
    """A daemon that goes on from its rows is killed while it does that."""
    chance = random.Random("again")
    shop = Shop(tmp_path, dovecot, postfix)
    shop.route()
    with shop.serving() as served:

        def kill_twice() -> None:
            time.sleep(chance.uniform(0.02, 0.2))
            served.kill_and_restart()
            time.sleep(chance.uniform(0, 0.1))
            served.kill_and_restart()

        Play(shop, after_sending=kill_twice).run()
        assert served.kills == 8
        _assert_same(shop, served, undisturbed, "right after the start")


def test_R16_terminated_in_the_middle_and_started_again(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix, undisturbed: Result
) -> None:
    """SIGTERM is obeyed within ten seconds with exit code 0, and loses or repeats nothing."""
    shop = Shop(tmp_path, dovecot, postfix)
    shop.route()
    with shop.serving() as served:

        def stop_and_start() -> None:
            begun = time.monotonic()
            assert served.terminate() == 0
            assert time.monotonic() - begun < 10
            assert {each.state for each in shop.outbox()} <= {"queued", "sent", "deferred"}
            served.start()
            postfix.flush()

        Play(shop, after_sending=stop_and_start).run()
        _assert_same(shop, served, undisturbed, "terminated")
        assert observe(shop).duplicates == 0
