"""What each word of a rule file means, in a line: shown in docs/rules.md and by editors.

Whoever adds a key, an event, a condition, an operator or an action to the models says here what it
means; `scripts/write_reference` then brings docs/rules.md and the schema for editors up to date,
and a test fails where a word is missing. A name such as `fields.NAME` stands for all of its kind.
"""

from __future__ import annotations

from typing import Final

KEYS: Final[dict[str, str]] = {
    "name": (
        "what the rule is called in `explain` and in the history; required, and no other rule may "
        "have it"
    ),
    "when": "the event, or a list of events; required",
    "for": "with a state: wait this long in it first",
    "timer": "with `timer.fired`: the name of the timer, or a list; any timer if absent",
    "schedule": (
        "with `schedule`: when it is due, as `cron` writes it (`0 9 * * mon-fri`), or "
        "`{cron: …, states: [open, pending]}`"
    ),
    "mailboxes": "the only mailboxes in which the rule works, one or a list; all of them if absent",
    "if": "the conditions; if absent, they hold always",
    "then": "the actions, a list or (each kind once) a mapping; required",
    "stop": "`true`: when this rule has matched, no rule after it is asked about this event",
    "once": "`true`: the rule acts once in a conversation and never again",
    "enabled": "`false`: the rule is checked and otherwise left alone",
    "shadow": (
        "`true`: the rule is asked, and `explain` says what it would have done; nothing is done"
    ),
}

# The keys of a rule file that is a mapping.
FILE: Final[dict[str, str]] = {
    "defaults": (
        "keys that hold for all rules of the file that do not have them: `when`, `mailboxes`, "
        "`stop`, `enabled`, `once`, `shadow`"
    ),
    "rules": "the rules that work by themselves, as in a file that is a list",
    "sets": "lists of rules under names, which work where a mailbox includes or a rule runs them",
}

EVENTS: Final[dict[str, str]] = {
    "conversation.opened": "a mail has begun a new conversation",
    "message.received": "a mail has come in, also the one that opened the conversation",
    "reply.sent": "an agent's answer to the customer was put on its way",
    "note.added": "somebody has added a private note",
    "state.changed": "the conversation has come into another state, `spam` included",
    "assignee.changed": "it was given to another agent or team, or to nobody",
    "tag.added": "it has got a tag that it did not have; each of several tags is an event",
    "field.changed": "a field of your own was set to another value, or taken away",
    "priority.changed": "the priority was changed",
    "sla.warning": "a promise is soon due, as its policy's `warn_at` says; see [sla.md](sla.md)",
    "sla.breached": "a promise was not kept in time",
    "timer.fired": "a timer that a rule has set by its `timer` has run out",
    "bounce.received": "a report came that mail of ours to somebody in the conversation failed",
    "contact.created": "somebody is a contact now who never was one",
    "schedule": "the rule's `schedule` is due: for every open conversation, or for other states",
    "open": "the conversation has become open: we owe an answer",
    "pending": "it has become pending: the customer owes one",
    "snoozed": "it was put out of sight for a while",
    "closed": "it has been closed",
    "unassigned": "it is open, pending or snoozed, and no agent has it any more, or none yet",
}

CONDITIONS: Final[dict[str, str]] = {
    "mailbox": "the name of the mailbox",
    "kind": (
        "what the message is: `customer`, `agent`, `auto-reply`, `out-of-office`, `bounce`, "
        "`receipt`, `feedback-report`, `list`, `bulk`, `loop`, `empty` or `spam`"
    ),
    "state": "the conversation's state: `open`, `pending`, `snoozed`, `closed` or `spam`",
    "priority": "the conversation's priority: `low`, `normal`, `high` or `urgent`, in this order",
    "assignee": "the agent who has the conversation; `none` means nobody",
    "team": "the team that has the conversation; `none` means no team",
    "sla.kind": (
        "which promise an `sla.warning` or `sla.breached` is about: `first_response`, "
        "`next_response` or `resolution`"
    ),
    "sla.policy": "the SLA policy that the conversation has; `none` means none",
    "tags": "the tags of the conversation",
    "fields.NAME": "a field of your own that the conversation has",
    "change": (
        "what the event has changed: `state`, `assignee`, `priority`, `tags`, `fields.NAME`"
    ),
    "time": "the time of day in the shop's (the mailbox's, the team's) time zone",
    "weekday": "the day of the week there: `mon` or `monday` and so on, or days such as `mon-fri`",
    "business_hours": "`true` while the team's or the mailbox's calendar is open, else `false`",
    "from": "the addresses and names in From",
    "from.address": "the addresses in From, each as a whole",
    "from.name": "the names in From",
    "from.domain": "the domains of the addresses in From, each as a whole",
    "to": "the addresses and names in To and Cc",
    "to.address": "the addresses in To and Cc",
    "to.name": "the names in To and Cc",
    "to.domain": "the domains in To and Cc",
    "cc": "the addresses and names in Cc alone",
    "cc.address": "the addresses in Cc",
    "cc.name": "the names in Cc",
    "cc.domain": "the domains in Cc",
    "contact": "the address and name of whom answers go to",
    "contact.address": "the contact's address",
    "contact.name": "the contact's name",
    "contact.domain": "the domain of the contact's address",
    "subject": "the subject of the message",
    "attachments": "how many files the message has; pictures inside the text do not count",
    "attachments.name": "the names of its files",
    "attachments.type": "their types, such as `application/pdf`; `image/*` means all images",
    "attachments.size": "how large each of them is, in `kB` or `MB`",
    "age.opened": "when the conversation was opened",
    "body": "the words that are new in the message, without quotes and signature",
    "header.NAME": "a header field of the mail; if it stands there several times, each of them",
    "body.all": "the whole text of the message, quotes and signature included",
    "messages": "how many mails the conversation has, in and out, this one included; no notes",
    "age.customer": "when the customer last had a word; the message at hand is one",
    "age.agent": "when one of us last answered; automatic mail is no answer",
    "contact.tags": "the tags of the contact (`inboxd contact tag`)",
    "contact.fields.NAME": "a field of the contact's (`inboxd contact set`)",
    "contact.conversations": "how many conversations the contact had before this one",
    "contact.first_seen": "when the contact first wrote to us",
    "language": "the language of the message's new words, such as `de` or `en`",
    "all": "holds if each of its conditions holds",
    "any": "holds if at least one of its conditions holds",
    "not": "holds if its condition does not",
}

OPERATORS: Final[dict[str, str]] = {
    "is": "the whole equals one of the values",
    "is_not": "`is` does not hold",
    "contains": "one of the values is a part of the text",
    "starts_with": "the text begins with one of the values",
    "ends_with": "the text ends with one of the values",
    "matches": "one of the patterns matches somewhere in the text",
    "any_of": "one of the values is there",
    "none_of": "none of the values is there",
    "all_of": "each of the values is there",
    "exists": "with `true`, there is something; with `false`, there is nothing",
    "above": "it is more than the value; of a time, it is this or later",
    "below": "it is less than the value; of a time, it is earlier",
    "between": "it is neither below the first value nor above the second",
    "within": "it is less than the duration ago; of a time, it lies in the hours",
    "older_than": "it is the duration ago, or longer",
    "changed_to": "the event has changed it, and one of the values is what it became",
}

ACTIONS: Final[dict[str, str]] = {
    "tag": (
        "puts a tag, or a list of tags, on the conversation; tags are single words in lower case"
    ),
    "untag": "takes them off",
    "assign": (
        "gives the conversation to an agent (`anna` or `{agent: anna}`; the team stays), to a "
        "team's queue (`{team: billing}`; no agent has it then), to one of a team "
        "(`{team: billing, by: round_robin}`; see [below](#assign)), or to `none`"
    ),
    "set": (
        "sets `priority` (`low`, `normal`, `high`, `urgent`) and fields of your own (`fields.NAME`)"
    ),
    "contact": "says who the customer is, where From does not: see [below](#contact)",
    "priority": "sets the priority: `low`, `normal`, `high` or `urgent`",
    "unassign": "takes the conversation from its agent; its team, if it has one, keeps it",
    "reply": (
        "answers with a canned reply, `NAME` or `{canned: NAME}`: once in a conversation, or with "
        "`repeat: true` at most once a day"
    ),
    "note": "keeps a private note, which agents alone see",
    "notify": "sends a notice to agents and teams, one or a list",
    "forward": (
        "sends the customer's last mail on to people outside, one address or a list, as a side "
        "thread"
    ),
    "close": "closes the conversation",
    "sla": (
        "chooses the [SLA policy](sla.md) by which answers are promised from now on, or `none`"
    ),
    "open": "opens it: we owe an answer",
    "pending": "makes it pending: the customer owes one",
    "spam": "marks it as spam: nobody is told of it, now and later",
    "snooze": "puts the conversation out of sight for a duration",
    "timer": "lets a timer fire after a while: `{name: NAME, after: 2 business hours}`",
    "cancel_timer": "lets the timer of this name never fire, or those of a list",
    "link": "links the conversation with another one: a number, or `{{ match.NAME }}` for one",
    "run": "asks the rules of a [set](#sets) here and now, about the same event",
    "stop": "the same as `stop: true` on the rule",
    "drop": "keeps the mail in the journal and shows it nowhere: no conversation, no notice",
}
