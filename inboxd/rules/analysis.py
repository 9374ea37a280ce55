"""What is wrong with rules that are well written: rules and conditions that can never come to act.

Only what can be proven is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from inboxd.errors import Fault
from inboxd.rules.feasible import LIVE, STATES, Scope, clash
from inboxd.rules.logic import Formula, Literal, alternatives, formula_of, implies, literals
from inboxd.rules.rule_files import Placed
from inboxd.rules.schema import MAIL_EVENTS, Rule
from inboxd.rules.schema import STATES as STATE_EVENTS
from inboxd.rules.terms import Known

# What no rule changes before the next one is asked.
_LASTING: Final = frozenset(
    {"subject", "body", "from", "to", "cc", "header", "attachments", "kind", "mailbox", "language"}
)
# The events that change what `changed_to` asks about, by the condition's first word.
_CHANGES: Final[dict[str, frozenset[str]]] = {
    "tags": frozenset({"tag.added"}),
    "priority": frozenset({"priority.changed"}),
    "fields": frozenset({"field.changed"}),
    "assignee": frozenset({"assignee.changed", "unassigned"}),
    "team": frozenset({"assignee.changed", "unassigned"}),
    "state": frozenset({"state.changed", *(STATE_EVENTS - {"unassigned"})}),
}


def doubts(placed: Sequence[Placed], known: Known) -> list[Fault]:
    """Return what can never come to act, each with its place, in the order of the files."""
    working = [each for each in placed if each.rule.enabled]
    formulas = {each.rule.name: formula_of(each.rule.if_, ("if",)) for each in working}
    found = [fault for each in working for fault in _of_rule(each, working, known, formulas)]
    found += _never_reached(working, known, formulas)
    found += _unused_sets(placed, known)
    order = {str(path): i for i, path in enumerate(dict.fromkeys(p.document.path for p in placed))}
    return sorted(set(found), key=lambda fault: (order[fault.file], fault))


def _of_rule(
    each: Placed, working: Sequence[Placed], known: Known, formulas: Mapping[str, Formula]
) -> Iterator[Fault]:
    rule, formula = each.rule, formulas[each.rule.name]
    scope = _scope(each, working, known)
    if scope is None:
        yield each.fault("this rule works in no mailbox: no mailbox that includes its set is named")
        return
    yield from _impossible(each, formula, (), scope, "this rule can never act")
    if each.set is None:
        yield from _unchanged(each, formula)
    for name in rule.timer or ():
        if name not in _timers_set(working):
            yield each.fault(f"no rule sets a timer called {name!r}", ("timer",))


def _timers_set(working: Sequence[Placed]) -> set[str]:
    actions = (action for each in working for action in each.rule.then)
    return {action.timer.name for action in actions if action.timer is not None}


def _scope(each: Placed, working: Sequence[Placed], known: Known) -> Scope | None:
    """Return where and when the rule is asked; None where that is nowhere."""
    mailboxes = frozenset(each.rule.mailboxes or known.mailboxes)
    if each.set is not None and not _is_run(each.set, working):
        mailboxes &= known.included.get(each.set, frozenset())
        if known.included.get(each.set) and not mailboxes:
            return None
    return Scope(known, mailboxes, _states(each.rule) if each.set is None else frozenset(STATES))


def _states(rule: Rule) -> frozenset[str]:
    """Return the states in which the conversation can be when the rule is asked."""
    if rule.for_ is None:
        return frozenset(STATES)
    waits = set(rule.when)
    return frozenset((waits - {"unassigned"}) | (LIVE if "unassigned" in waits else set()))


def _impossible(
    each: Placed, formula: Formula, given: Sequence[Literal], scope: Scope, what: str
) -> Iterator[Fault]:
    """Yield why `formula`, with all that is `given`, can never hold, or which part of it cannot."""
    asked = (*given, *literals(formula))
    if found := clash(asked, scope):
        yield _clash_fault(each, found, what)
        return
    for choice in alternatives(formula):
        inside = [
            list(_impossible(each, part, asked, scope, "this alternative can never hold"))
            for part in choice.parts
        ]
        hopeless = [never(part, asked, scope) for part in choice.parts]
        if hopeless and all(hopeless):
            if choice.loc[-1:] == ("any",):
                yield each.fault(f"{what}: none of these alternatives can hold", choice.loc)
            else:
                yield each.fault(f"{what}: what must not hold always does", choice.loc)
        elif choice.loc[-1:] == ("any",):
            for faults in inside:
                yield from faults


def never(formula: Formula, given: Sequence[Literal], scope: Scope) -> bool:
    """Return whether it can be proven that `formula`, with all that is `given`, never holds."""
    asked = (*given, *literals(formula))
    if clash(asked, scope):
        return True
    return any(
        all(never(part, asked, scope) for part in choice.parts) for choice in alternatives(formula)
    )


def _clash_fault(each: Placed, found: Sequence[Literal], what: str) -> Fault:
    *earlier, last = found
    if not earlier:
        return each.fault(f"{what}: nothing is like that ({last.label})", last.loc)
    place = each.document.position((*each.place, *earlier[0].loc), key=True)[0]
    said = " and ".join(literal.label for literal in found)
    return each.fault(f"{what}: {said} never hold together (line {place})", last.loc)


def _unchanged(each: Placed, formula: Formula) -> Iterator[Fault]:
    """Yield a fault for each `changed_to` that no event of the rule has anything to do with."""
    events = frozenset() if each.rule.for_ is not None else frozenset(each.rule.when)
    for literal in literals(formula):
        leaf = literal.leaf
        changing = _CHANGES.get(leaf.what.partition(".")[0])
        if leaf.operator != "changed_to" or not literal.holds or changing is None:
            continue
        if not events & changing:
            told = ", ".join(sorted(changing))
            said = f"this rule can never act: {leaf.label} goes with {told}"
            yield each.fault(said, literal.loc)


def _never_reached(
    working: Sequence[Placed], known: Known, formulas: Mapping[str, Formula]
) -> Iterator[Fault]:
    """Yield a fault for each rule that an earlier one always stops before."""
    stopping: list[Placed] = []
    for each in working:
        if each.set is not None:
            continue
        said = formulas[each.rule.name]
        before = (one for one in stopping if _is_heard_before(one.rule, each.rule, known))
        stopper = next((one for one in before if implies(said, formulas[one.rule.name])), None)
        if stopper is not None:
            line = stopper.document.position((*stopper.place, "name"))[0]
            where = f"line {line} of {stopper.document.path.name}"
            yield each.fault(f"this rule is never reached: {stopper.rule.name!r} ({where}) stops")
        elif _may_stop(each.rule, said):
            stopping.append(each)


def _may_stop(rule: Rule, formula: Formula) -> bool:
    """Whether a rule always stops where its conditions hold, and these stay as they are."""
    ends = rule.stop or any(action.stop or action.drop for action in rule.then)
    plain = rule.for_ is None and rule.timer is None and not rule.once and not rule.shadow
    return ends and plain and all(each in _LASTING for each in _looked_at(formula))


def _looked_at(formula: Formula) -> Iterator[str]:
    """Yield the first words of the conditions in a formula."""
    if isinstance(formula, Literal):
        yield formula.leaf.what.partition(".")[0]
        return
    for part in formula.parts:
        yield from _looked_at(part)


def _is_heard_before(first: Rule, second: Rule, known: Known) -> bool:
    """Return whether `first` is asked wherever `second` is, about the same mail and before it."""
    if second.for_ is not None or not set(second.when) <= set(first.when) & set(MAIL_EVENTS):
        return False
    if first.mailboxes is None:
        return True
    where = set(second.mailboxes or known.mailboxes)
    return bool(where) and where <= set(first.mailboxes)


def _unused_sets(placed: Sequence[Placed], known: Known) -> Iterator[Fault]:
    seen: set[str] = set()
    for each in placed:
        if each.set is None or each.set in seen:
            continue
        seen.add(each.set)
        if not known.included.get(each.set) and not _is_run(each.set, placed):
            place = each.place[:-1]
            said = f"no mailbox includes the set {each.set!r}, and no rule runs it"
            yield each.document.fault(said, place, key=True)


def _is_run(name: str, placed: Sequence[Placed]) -> bool:
    return any(name == action.run for each in placed for action in each.rule.then)
