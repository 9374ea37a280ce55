"""Whatever rules there are, what follows from a mail ends: each of them acts on it once."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from desk_kit import CONFIG, make
from hypothesis import given, settings
from hypothesis import strategies as st

from inboxd.desk.explain import explanation
from inboxd.rules.reference import literals
from inboxd.rules.schema import Event

TAGS = ("a", "b", "c")
EVENTS = sorted(set(literals(Event)) - {"schedule", "sla.warning", "sla.breached"})

actions = st.one_of(
    st.fixed_dictionaries({"tag": st.sampled_from(TAGS)}),
    st.fixed_dictionaries({"untag": st.sampled_from(TAGS)}),
    st.fixed_dictionaries({"priority": st.sampled_from(["low", "high"])}),
    st.fixed_dictionaries({"assign": st.sampled_from(["anna", "ben", "none"])}),
    st.fixed_dictionaries({"set": st.just({"fields.x": "{{ conversation.state }}"})}),
    st.fixed_dictionaries({"note": st.just("{{ change.name }}")}),
    st.fixed_dictionaries({"timer": st.just({"name": "t", "after": "0 s"})}),
    st.fixed_dictionaries({"run": st.just("some")}),
    st.sampled_from(["close", "open", "pending", "unassign"]),
)
bodies = st.fixed_dictionaries(
    {
        "when": st.lists(st.sampled_from(EVENTS), min_size=1, max_size=4, unique=True),
        "then": st.lists(actions, min_size=1, max_size=3),
    },
    optional={"once": st.booleans(), "shadow": st.booleans(), "stop": st.booleans()},
)


def _rule(number: int, body: dict[str, Any]) -> dict[str, Any]:
    return {"name": f"R{number}", **body}


@settings(max_examples=30, deadline=None)
@given(st.lists(bodies, min_size=1, max_size=7), st.lists(bodies, max_size=3))
def test_what_follows_from_a_mail_ends(
    rules: list[dict[str, Any]], some: list[dict[str, Any]]
) -> None:
    listed = [_rule(number, body) for number, body in enumerate(rules)]
    inside = [_rule(len(rules) + number, body) for number, body in enumerate(some)]
    text = json.dumps({"rules": listed, "sets": {"some": inside or [_SILENT]}})
    with tempfile.TemporaryDirectory() as folder:
        desk = make(Path(folder), rules=text, config=CONFIG + "rules_fuse: 200\n")
        desk.customer()
        for _ in range(3):
            desk.later(minutes=1)
        with desk.database.read() as connection:
            causes = explanation(connection, 1)["causes"]
        desk.database.close()
    for cause in causes:
        acted = [
            each["rule"]
            for ruling in cause["rulings"]
            for each in ruling["matched"]
            if not each.get("shadow")
        ]
        assert len(acted) == len(set(acted))


_SILENT = {"name": "Silent", "then": [{"tag": "d"}]}
