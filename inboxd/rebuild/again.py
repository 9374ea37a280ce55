"""Does again what somebody did at a shell or in a mail folder."""

from __future__ import annotations

from dataclasses import replace

from inboxd.clock import Clock
from inboxd.conversations.states import ConversationState
from inboxd.desk import commands, contact_book, mirroring
from inboxd.desk.shop import Shop
from inboxd.errors import Permanent
from inboxd.store.acts import ActRecord
from inboxd.store.db import Database


def do_again(database: Database, shop: Shop, clock: Clock, act: ActRecord) -> None:
    """Do what `act` did, at the clock's time; raises `Permanent` where that cannot be any more."""
    words = act.words
    match act.name:
        case "away":
            commands.away(database, shop, clock, act.agent or "", words[0] if words else None)
        case "back":
            commands.back(database, shop, clock, act.agent or "")
        case "unblock":
            commands.unblock(database, clock, words[0])
        case "contact.add-address":
            contact_book.add_address(database, shop.config, clock, *words)
        case "contact.merge":
            contact_book.merge(database, clock, *words)
        case "contact.tag" | "contact.untag":
            contact_book.tag(database, clock, *words, off=act.name == "contact.untag")
        case "contact.set":
            contact_book.set_fields(database, clock, *words)
        case "mirror":
            _move(database, shop, clock, act)
        case _:
            _at_the_shell(database, shop, clock, act)


def _move(database: Database, shop: Shop, clock: Clock, act: ActRecord) -> None:
    state = ConversationState(act.words[0])
    with database.write() as connection:
        mirroring.follow(connection, shop, act.conversation or 0, state, clock.now(), act.cause)


def _at_the_shell(database: Database, shop: Shop, clock: Clock, act: ActRecord) -> None:
    shell = replace(commands.shell(database, shop, clock, act.agent), cause=act.cause)
    if act.agent is None:
        shell = replace(shell, agent=None)
    number = act.conversation or 0
    match act.name:
        case "reply":
            shell.reply(number, *act.words)
        case "note":
            shell.note(number, *act.words)
        case "remind":
            shell.remind(number, *act.words)
        case "tag":
            shell.tag(number, *act.words)
        case _:
            raise Permanent(f"this release does not know the act {act.name!r}")
