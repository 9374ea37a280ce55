"""Handing out is fair, and nobody gets what they cannot take: the choice, and the real desk."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from desk_kit import CONFIG, Desk, make
from hypothesis import given, settings
from hypothesis import strategies as st

from inboxd.conversations.handing_out import Candidate, Strategy, choose
from inboxd.store import absences, conversations
from inboxd.store.absences import AbsenceRecord

NAMES = ("a", "b", "c", "d")
SKILLS = ("x", "y")
BY = st.sampled_from(("round_robin", "least_loaded", "skill"))

teams = st.lists(st.sampled_from(NAMES), unique=True, min_size=1).flatmap(
    lambda names: st.tuples(
        *(
            st.builds(
                Candidate,
                st.just(name),
                st.sampled_from(("", "", "is away")),
                st.integers(0, 5),
                st.none() | st.integers(1, 4),
                st.frozensets(st.sampled_from(SKILLS)),
                st.integers(0, 9),
            )
            for name in names
        )
    )
)


@given(teams, BY, st.frozensets(st.sampled_from(SKILLS)))
def test_who_is_chosen_can_take_it_and_nobody_is_passed_over(
    team: tuple[Candidate, ...], by: Strategy, needed: frozenset[str]
) -> None:
    chosen = choose(team, by, needed).name
    able = [
        each
        for each in team
        if not each.absent
        and needed <= each.skills
        and (each.max_open is None or each.load < each.max_open)
    ]
    assert (chosen is None) == (not able)
    if chosen is None:
        return
    (one,) = (each for each in able if each.name == chosen)
    if by == "round_robin":
        assert one.turn == min(each.turn for each in able)
    else:
        assert one.load == min(each.load for each in able)


@given(st.lists(st.frozensets(st.sampled_from(NAMES)), max_size=60))
def test_round_robin_is_fair_whoever_comes_and_goes(there: list[frozenset[str]]) -> None:
    """Between two turns of one agent, everybody who was there all the time has had one."""
    turns = dict.fromkeys(NAMES, 0)
    log: list[tuple[str | None, frozenset[str]]] = []
    for turn, present in enumerate(there, 1):
        absent = {name: "" if name in present else "is away" for name in NAMES}
        team = [Candidate(name, absent[name], turn=turns[name]) for name in NAMES]
        chosen = choose(team, "round_robin").name
        log.append((chosen, present))
        if chosen is not None:
            turns[chosen] = turn
    for i, (one, _) in enumerate(log):
        following = [k for k, (name, _) in enumerate(log) if k > i and name == one]
        if one is None or not following:
            continue
        between = log[i + 1 : following[0] + 1]
        always = frozenset(NAMES).intersection(*(present for _, present in between))
        assert always - {one} <= {name for name, _ in between}
    given_out = Counter(name for name, present in log if present == frozenset(NAMES))
    if all(present == frozenset(NAMES) for _, present in log):
        counts = [given_out[name] for name in NAMES]
        assert max(counts) - min(counts) <= 1


CONFIG_OF_FOUR = (
    CONFIG.partition("agents:")[0].replace("support-team", "team")
    + """agents:
  - {name: a, address: a@shop.example, teams: [team], max_open: 2, role: admin}
  - {name: b, address: b@shop.example, teams: [team], max_open: 1, skills: [x]}
  - {name: c, address: c@shop.example, teams: [team], max_open: 2, skills: [x, y]}
  - {name: d, address: d@shop.example, teams: [other], skills: [x]}
"""
)
CAPS = {"a": 2, "b": 1, "c": 2}
KNOWS = {"a": set[str](), "b": {"x"}, "c": {"x", "y"}}

steps = st.lists(
    st.one_of(
        st.tuples(st.just("mail"), st.sampled_from(("", "x", "y"))),
        st.tuples(st.sampled_from(("away", "back")), st.sampled_from(("a", "b", "c"))),
        st.tuples(st.just("close"), st.integers(1, 12)),
        st.tuples(st.just("restart"), st.just("")),
    ),
    max_size=25,
)


@settings(max_examples=12, deadline=None)
@given(steps, BY)
def test_on_the_desk_nobody_gets_what_they_cannot_take_and_nothing_waits_for_somebody_free(
    course: list[tuple[str, object]], by: Strategy
) -> None:
    rules = "".join(
        f"- name: {skill or 'any'}\n  when: conversation.opened\n"
        f"  if: {{subject: {{is: bill {skill or 0}}}}}\n"
        f"  then: [{{assign: {{team: team, by: {by}{f', skill: {skill}' if skill else ''}}}}}]\n"
        for skill in ("", "x", "y")
    )
    with TemporaryDirectory() as folder:
        shop = make(Path(folder), config=CONFIG_OF_FOUR, rules=rules)
        away: set[str] = set()
        known: dict[int, str | None] = {}
        for what, which in course:
            shop = _step(shop, what, which, away)
            now = _owners(shop)
            fresh = [name for number, name in now.items() if name and known.get(number) != name]
            assert not away & set(fresh)
            open_now = Counter(
                name for number, name in now.items() if name and shop.state(number) == "open"
            )
            assert all(open_now[name] <= CAPS[name] for name in open_now)
            for number, name in now.items():
                needs = _need(shop, number)
                if name is None and shop.state(number) == "open":
                    assert not [
                        each
                        for each in set(CAPS) - away
                        if open_now[each] < CAPS[each] and needs <= KNOWS[each]
                    ]
                assert name is None or needs <= KNOWS[name]
            known = now
        shop.database.close()


def _step(shop: Desk, what: str, which: object, away: set[str]) -> Desk:
    match what:
        case "mail":
            shop.customer(subject=f"bill {which or 0}")
        case "restart":
            shop = shop.reopened()
        case "close" if which in _owners(shop):
            assert isinstance(which, int)
            with shop.database.write() as connection:
                conversations.save(connection, replace(shop.conversation(which), state="closed"))
        case "away":
            away.add(str(which))
            with shop.database.write() as connection:
                absences.begin(connection, AbsenceRecord(str(which), shop.clock.now(), None))
        case "back":
            away.discard(str(which))
            with shop.database.write() as connection:
                absences.end(connection, str(which))
    shop.later(seconds=1)
    return shop


def _owners(shop: Desk) -> dict[int, str | None]:
    return {n: shop.conversation(n).assignee for n in range(1, shop.count() + 1)}


def _need(shop: Desk, number: int) -> set[str]:
    return {shop.conversation(number).subject[-1]} & set(SKILLS)
