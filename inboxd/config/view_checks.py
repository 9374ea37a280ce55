"""What can be wrong with views and digests: names of nobody, views that are not there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from inboxd.config.models import Config
from inboxd.config.views import BUILT_IN_VIEWS
from inboxd.errors import Fault
from inboxd.suggest import hint

_Report = Callable[..., Fault]


def view_faults(config: Config, fault: _Report) -> Iterator[Fault]:
    """Yield the names in views and digests that nothing bears, and the names taken twice."""
    seen: set[str] = set()
    mailboxes = [mailbox.name for mailbox in config.mailboxes]
    agents = [agent.name for agent in config.agents]
    for name, view in config.views.items():
        if name.casefold() in BUILT_IN_VIEWS:
            yield fault(f"{name} is a view of inboxd's own", "views", name, key=True)
        if name.casefold() in seen:
            yield fault(f"two views are called {name}", "views", name, key=True)
        seen.add(name.casefold())
        for key, words, known in (
            ("mailbox", view.mailbox, mailboxes),
            ("team", view.team, [*config.teams, "none"]),
            ("assignee", view.assignee, [*agents, "me", "none"]),
        ):
            for i in _unknown(words, known):
                message = f"there is no {key} {words[i]}{hint(words[i], known)}"
                yield fault(message, "views", name, key, i)
    names = [*BUILT_IN_VIEWS, *config.views]
    for i, agent in enumerate(config.agents):
        wanted = agent.digest.view if agent.digest else None
        if wanted is not None and list(_unknown([wanted], names)):
            message = f"there is no view {wanted}{hint(wanted, names)}"
            yield fault(message, "agents", i, "digest", "view")


def _unknown(words: Collection[str], known: Collection[str]) -> Iterator[int]:
    keys = {each.casefold() for each in known}
    return (i for i, word in enumerate(words) if word.casefold() not in keys)
