"""The reply tags: the one table that the parser, `#help`, the cheat sheet and the guide share."""

from __future__ import annotations

from collections.abc import Mapping

from inboxd.conversations import commands as ask
from inboxd.conversations import tag_readers as read
from inboxd.conversations.commands import BadTagError, Command, TagContext
from inboxd.conversations.tag_spec import Group, TagSpec
from inboxd.conversations.tag_words import SHOWN, tidy
from inboxd.suggest import nearest

__all__ = ["TAGS", "Group", "TagSpec", "find_tag", "tidy"]

_SHORTEST_ABBREVIATION = 2


def find_tag(word: str) -> TagSpec:
    """Return the tag that `word`, without its `#`, names or abbreviates.

    Raises BadTagError where it names none, or might be several.
    """
    name = tidy(word).casefold()
    if name in TAGS:
        return TAGS[name]
    meant = [tag for tag in TAGS if tag.startswith(name) and len(name) >= _SHORTEST_ABBREVIATION]
    if len(meant) == 1:
        return TAGS[meant[0]]
    shown = name[:SHOWN]
    if meant:
        could = " or ".join(f"#{tag}" for tag in meant)
        raise BadTagError(f"#{shown} could be {could}", f"#{meant[0]}")
    close = nearest(name, TAGS)
    raise BadTagError(f"there is no tag #{shown}", f"#{close}" if close else None)


def _read_help(text: str, context: TagContext) -> Command:
    word = tidy(text).rstrip(".,;!?").removeprefix("#")
    return ask.Help(find_tag(word).name if word else None)


_ANSWER = (
    TagSpec(
        "note",
        Group.ANSWER,
        "[WORDS]",
        "keeps your text as a private note",
        "#note",
        "The customer gets nothing. Either the whole mail is the note, or WORDS on the tag's own"
        " line are, in a mail without other text. A colleague whose name stands in it as `@anna`"
        " gets a mail.",
        read.read_note,
        common=True,
    ),
    TagSpec(
        "canned",
        Group.ANSWER,
        "NAME [KEY=VALUE …]",
        "puts a canned reply into your answer",
        "#canned refund-received",
        "On a line of its own between your sentences it stands there; above or below them it"
        " follows your text; in a mail without text the customer gets it alone. A VALUE, as in"
        " `order=4711`, fills the placeholder KEY; it may hold spaces.",
        read.read_canned,
        common=True,
    ),
    TagSpec(
        "to",
        Group.ANSWER,
        "ADDRESS …",
        "sends this answer to these addresses in place of the customer",
        "#to jane@customer.example",
        "With spaces or commas between them. It goes with an answer, in the same mail.",
        read.to_addresses("to", ask.To),
    ),
    TagSpec(
        "cc",
        Group.ANSWER,
        "ADDRESS …",
        "lets these people take part from this answer on",
        "#cc jane@customer.example",
        "With spaces or commas between them. It goes with an answer, in the same mail.",
        read.to_addresses("cc", ask.Cc),
        common=True,
    ),
    TagSpec(
        "nocc",
        Group.ANSWER,
        "",
        "sends this answer to the customer alone, and to nobody in copy",
        "#nocc",
        "It goes with an answer, in the same mail. Later answers reach everybody again.",
        read.nothing(ask.NoCopies),
    ),
    TagSpec(
        "forward",
        Group.ANSWER,
        "ADDRESS …",
        "asks somebody outside; the customer sees nothing of it",
        "#forward info@maker.example",
        "They get the customer's last mail with your text on top, and their answer comes back to"
        " the conversation.",
        read.to_addresses("forward", ask.Forward),
        common=True,
    ),
    TagSpec(
        "send",
        Group.ANSWER,
        "WHEN",
        "keeps this answer back until then",
        "#send tomorrow 9:00",
        "It goes with an answer, in the same mail. `#undo` withdraws it until it is sent.",
        read.read_send,
    ),
    TagSpec(
        "undo",
        Group.ANSWER,
        "",
        "takes back your last mail, while that can be done",
        "#undo",
        "It goes in a mail of its own. An answer can be taken back as long as it is kept back.",
        read.nothing(ask.Undo),
        common=True,
    ),
)
_STATE = (
    TagSpec(
        "close",
        Group.STATE,
        "",
        "closes the conversation",
        "#close",
        "With an answer, the answer is sent first. The conversation opens again when the customer"
        " writes.",
        read.nothing(ask.Close),
        common=True,
    ),
    TagSpec(
        "open",
        Group.STATE,
        "",
        "opens it, or keeps it open after your answer",
        "#open",
        "Without it, an answer leaves the conversation waiting for the customer.",
        read.nothing(ask.Open),
        common=True,
    ),
    TagSpec(
        "pending",
        Group.STATE,
        "",
        "makes the conversation wait for the customer",
        "#pending",
        "An answer does that by itself.",
        read.nothing(ask.Pending),
    ),
    TagSpec(
        "spam",
        Group.STATE,
        "",
        "puts the conversation away as spam",
        "#spam",
        "It goes without an answer. `#open` brings the conversation back.",
        read.nothing(ask.Spam),
    ),
    TagSpec(
        "snooze",
        Group.STATE,
        "WHEN",
        "puts the conversation out of sight until then",
        "#snooze 3 business days",
        "It comes back when the customer writes, too. WHEN is a time from now (`2h`, `3d`,"
        " `1 week`, `3 business days`), a day (`today 17:00`, `tomorrow`, `monday 14:30`,"
        " `next week`, `end of day`) or a date (`2030-12-01 9:00`, `1.12.`, `1 Dec`). A day"
        " without a time means 9:00.",
        read.read_snooze,
        common=True,
    ),
    TagSpec(
        "remind",
        Group.STATE,
        "WHEN [TEXT]",
        "sends you a reminder then; nothing else changes",
        "#remind 2d ask the carrier",
        "WHEN is written as for `#snooze`.",
        read.read_remind,
    ),
    TagSpec(
        "tag",
        Group.STATE,
        "TAG …",
        "puts one or more tags on the conversation",
        "#tag refund urgent",
        "Tags are words of letters, digits, `-`, `_`, `.` and `/`, with spaces or commas between"
        " them; capitals do not matter.",
        read.read_add_tags,
        common=True,
    ),
    TagSpec(
        "untag",
        Group.STATE,
        "TAG …",
        "takes tags off the conversation",
        "#untag urgent",
        "A tag that the conversation does not have is no mistake.",
        read.read_remove_tags,
    ),
    TagSpec(
        "priority",
        Group.STATE,
        "low | normal | high | urgent",
        "sets the priority",
        "#priority high",
        "The first letters are enough: `#prio h`.",
        read.read_priority,
    ),
    TagSpec(
        "set",
        Group.STATE,
        "FIELD=VALUE",
        "fills in a field of the conversation",
        "#set order=4711",
        "A VALUE may hold spaces; without one the field is taken away.",
        read.read_set,
    ),
    TagSpec(
        "merge",
        Group.STATE,
        "NUMBER",
        "merges this conversation into that one",
        "#merge 1040",
        "Mail to either of them reaches the one that is left.",
        read.to_conversation("merge", ask.Merge),
    ),
    TagSpec(
        "split",
        Group.STATE,
        "",
        "makes the mail that you answer a conversation of its own",
        "#split",
        "It goes without an answer: give that in the new conversation.",
        read.nothing(ask.Split),
    ),
    TagSpec(
        "link",
        Group.STATE,
        "NUMBER",
        "links this conversation with that one",
        "#link 1040",
        "Each of them then names the other; nothing else changes.",
        read.to_conversation("link", ask.Link),
    ),
)
_PEOPLE = (
    TagSpec(
        "assign",
        Group.PEOPLE,
        "NAME | team:NAME | me | none",
        "gives the conversation to a colleague, a team, you or nobody",
        "#assign anna",
        "A team's name needs `team:` only where an agent has the same name.",
        read.read_assign,
        common=True,
    ),
    TagSpec(
        "mine",
        Group.PEOPLE,
        "",
        "gives the conversation to you",
        "#mine",
        "It is short for `#assign me`.",
        read.read_mine,
        common=True,
    ),
    TagSpec(
        "allow",
        Group.PEOPLE,
        "",
        "lets a stranger take part who holds a reply address and waits for your word",
        "#allow",
        "Where they have no business here, `#split` gives their mail a conversation of its own.",
        read.nothing(ask.Allow),
    ),
    TagSpec(
        "block",
        Group.PEOPLE,
        "",
        "takes all further mail from this customer as spam (supervisors)",
        "#block",
        "It goes without an answer.",
        read.read_block,
    ),
    TagSpec(
        "away",
        Group.PEOPLE,
        "[NAME] [until WHEN]",
        "lets you get nothing assigned until then, or until you are back",
        "#away until mon",
        "With a NAME, a supervisor says it for a colleague. WHEN is written as for `#snooze`.",
        read.read_away,
    ),
    TagSpec(
        "back",
        Group.PEOPLE,
        "[NAME]",
        "says that you are there again",
        "#back",
        "With a NAME, a supervisor says it for a colleague.",
        read.read_back,
    ),
)
_MAIL_OF_ITS_OWN = (
    "It goes in a mail without text, which changes nothing and sends the customer nothing."
)
_LOOK_UP = (
    TagSpec(
        "history",
        Group.LOOK_UP,
        "",
        "sends you the whole conversation",
        "#history",
        _MAIL_OF_ITS_OWN,
        read.nothing(ask.History),
    ),
    TagSpec(
        "contact",
        Group.LOOK_UP,
        "",
        "sends you what is known of the customer",
        "#contact",
        _MAIL_OF_ITS_OWN,
        read.nothing(ask.ShowContact),
    ),
    TagSpec(
        "search",
        Group.LOOK_UP,
        "WORDS",
        "sends you the conversations that hold all of these words",
        "#search green teapot",
        _MAIL_OF_ITS_OWN,
        read.read_search,
    ),
    TagSpec(
        "list",
        Group.LOOK_UP,
        "[VIEW]",
        "sends you the numbered list of what waits for you, or of a view",
        "#list",
        "Answer it with a number and a tag a line, such as `3 close`. Your admin names the views.",
        read.read_list,
    ),
    TagSpec(
        "help",
        Group.LOOK_UP,
        "[TAG]",
        "sends you all the tags; with one of them, more about it",
        "#help",
        "It goes in a mail of its own, which changes nothing and sends the customer nothing.",
        _read_help,
        common=True,
    ),
)

TAGS: Mapping[str, TagSpec] = {spec.name: spec for spec in (*_ANSWER, *_STATE, *_PEOPLE, *_LOOK_UP)}
