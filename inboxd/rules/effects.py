"""What a rule wants done: values that the pipeline carries out, each exactly once.

`rule` and `index` (the effect's place among those of the rule's `then`, which does not depend on
the facts) make, with the id of the cause, the key under which an effect happens once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from inboxd.durations import Duration
from inboxd.mail.model import Address
from inboxd.rules.facts import ConversationFacts
from inboxd.rules.text import shortened


@dataclass(frozen=True, slots=True)
class AddTags:
    """Put these tags on the conversation."""

    rule: str
    index: int
    tags: tuple[str, ...]

    def __str__(self) -> str:
        return f"tag {', '.join(self.tags)}"


@dataclass(frozen=True, slots=True)
class RemoveTags:
    """Take these tags off the conversation."""

    rule: str
    index: int
    tags: tuple[str, ...]

    def __str__(self) -> str:
        return f"untag {', '.join(self.tags)}"


@dataclass(frozen=True, slots=True)
class Assign:
    """Give the conversation to an agent (its team stays), to a team's queue, or to nobody.

    `by` says how one of the team is chosen, who has `skill` where one is named.
    """

    rule: str
    index: int
    agent: str | None = None
    team: str | None = None
    by: str | None = None
    skill: str | None = None

    def __str__(self) -> str:
        how = f" by {self.by}" if self.by else ""
        skill = f", who knows {self.skill}" if self.skill else ""
        return f"assign {self.agent or self.team or 'none'}{how}{skill}"


@dataclass(frozen=True, slots=True)
class SetPriority:
    """Set the priority: low, normal, high or urgent."""

    rule: str
    index: int
    priority: str

    def __str__(self) -> str:
        return f"set priority {self.priority}"


@dataclass(frozen=True, slots=True)
class SetField:
    """Set the custom field `name` to `value`."""

    rule: str
    index: int
    name: str
    value: str

    def __str__(self) -> str:
        return f"set fields.{self.name} = {shortened(self.value, 60)}"


@dataclass(frozen=True, slots=True)
class SetContact:
    """Make `contact`, found in the place called `source`, the one whom answers go to.

    Where it is None all stays as it is, and `why_not` says why.
    """

    rule: str
    index: int
    source: str
    contact: Address | None
    why_not: str = ""

    def __str__(self) -> str:
        if self.contact is None:
            return f"contact stays: {self.why_not}"
        return f"contact {self.contact} ({self.source})"


@dataclass(frozen=True, slots=True)
class SendCanned:
    """Send the canned reply `name`; `match` holds what the patterns' named groups caught.

    With `repeat`, also where the rule has answered in the conversation before.
    """

    rule: str
    index: int
    name: str
    match: Mapping[str, str] = field(default_factory=dict)
    repeat: bool = False

    def __str__(self) -> str:
        return f"reply {self.name}"


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell these agents and teams."""

    rule: str
    index: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"notify {', '.join(self.names)}"


@dataclass(frozen=True, slots=True)
class Unassign:
    """Take the conversation from its agent; its team, if it has one, finds it in the queue."""

    rule: str
    index: int

    def __str__(self) -> str:
        return "unassign"


@dataclass(frozen=True, slots=True)
class KeepNote:
    """Keep a private note."""

    rule: str
    index: int
    text: str

    def __str__(self) -> str:
        return f"note {shortened(self.text, 80)}"


@dataclass(frozen=True, slots=True)
class Forward:
    """Send the customer's last mail on to people outside."""

    rule: str
    index: int
    addresses: tuple[str, ...]

    def __str__(self) -> str:
        return f"forward to {', '.join(self.addresses)}"


@dataclass(frozen=True, slots=True)
class SetState:
    """Bring the conversation into a state: open, pending, closed or spam."""

    rule: str
    index: int
    state: str

    def __str__(self) -> str:
        return "close" if self.state == "closed" else self.state


@dataclass(frozen=True, slots=True)
class ArmTimer:
    """Let the timer `name` fire after a while; one of the same name is moved."""

    rule: str
    index: int
    name: str
    after: Duration

    def __str__(self) -> str:
        return f"timer {self.name} after {self.after}"


@dataclass(frozen=True, slots=True)
class CancelTimers:
    """Let the timers of these names never fire."""

    rule: str
    index: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"cancel_timer {', '.join(self.names)}"


@dataclass(frozen=True, slots=True)
class Link:
    """Link the conversation with another one.

    `of_mail` says that the number was read out of a mail, so that its writer has chosen it.
    """

    rule: str
    index: int
    number: int
    of_mail: bool = False

    def __str__(self) -> str:
        return f"link #{self.number}"


@dataclass(frozen=True, slots=True)
class Run:
    """Ask the rules of a set here and now; their effects follow in the evaluation."""

    rule: str
    index: int
    set: str

    def __str__(self) -> str:
        return f"run {self.set}"


@dataclass(frozen=True, slots=True)
class Drop:
    """Show the mail that is coming in nowhere: it stays in the journal, and nothing happens."""

    rule: str
    index: int

    def __str__(self) -> str:
        return "drop"


@dataclass(frozen=True, slots=True)
class Snooze:
    """Put the conversation out of sight for a while."""

    rule: str
    index: int
    duration: Duration

    def __str__(self) -> str:
        return f"snooze {self.duration}"


@dataclass(frozen=True, slots=True)
class ChooseSla:
    """Make promises by this policy from now on; None promises nothing."""

    rule: str
    index: int
    policy: str | None

    def __str__(self) -> str:
        return f"sla {self.policy or 'none'}"


Effect: TypeAlias = (
    AddTags
    | RemoveTags
    | Assign
    | SetPriority
    | SetField
    | SetContact
    | SendCanned
    | Unassign
    | KeepNote
    | Notify
    | Forward
    | SetState
    | Snooze
    | ChooseSla
    | ArmTimer
    | CancelTimers
    | Link
    | Run
    | Drop
)


def applied(conversation: ConversationFacts, effect: Effect) -> ConversationFacts:
    """Return `conversation` as it stands after `effect`; mail and notices change nothing in it."""
    match effect:
        case AddTags(tags=tags):
            return replace(conversation, tags=conversation.tags | set(tags))
        case RemoveTags(tags=tags):
            return replace(conversation, tags=conversation.tags - set(tags))
        case Assign(team=team, by=str()):  # who it will be is known only when somebody is chosen
            return replace(conversation, team=team)
        case Assign(agent=None, team=team):
            return replace(conversation, assignee=None, team=team)
        case Assign(agent=agent):
            return replace(conversation, assignee=agent)
        case SetPriority(priority=priority):
            return replace(conversation, priority=priority)
        case SetField(name=name, value=value):
            return replace(conversation, fields={**conversation.fields, name: value})
        case SetContact(contact=Address() as contact):
            return replace(conversation, contact=contact)
        case ChooseSla(policy=policy):
            return replace(conversation, sla_policy=policy)
        case Unassign():
            return replace(conversation, assignee=None)
        case SetState(state=state):
            return replace(conversation, state=state)
        case Snooze():
            return replace(conversation, state="snoozed")
        case _:
            return conversation
