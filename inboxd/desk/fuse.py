"""The fuse: how many actions rules may carry out in one conversation in an hour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from inboxd.store import rule_log
from inboxd.store.rule_log import Counted

_HOUR = timedelta(hours=1)
_BLOWN = ""  # no rule's name: that the fuse has blown in this hour


class Fuse:
    """Counts the actions of rules in a conversation; the hour begins with the first of them.

    A `fresh` conversation has none yet.
    """

    def __init__(
        self, connection: sa.Connection, conversation: int, now: datetime, *, fresh: bool
    ) -> None:
        self._connection = connection
        self._conversation = conversation
        self._dirty = self._refused = False
        found = None if fresh else rule_log.counted(connection, conversation)
        if found is None or not found.since <= now < found.since + _HOUR:
            found = Counted(now, {})
        self._since, self._counts = found.since, dict(found.counts)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many actions of each rule were carried out in this hour."""
        return {rule: number for rule, number in self._counts.items() if rule != _BLOWN}

    def count(self, rule: str, most: int) -> bool:
        """Count an action of `rule`; returns False where there have been `most` of them already."""
        if sum(self._counts.values()) >= most:
            self._refused = True
            return False
        self._counts[rule] = self._counts.get(rule, 0) + 1
        self._dirty = True
        return True

    def blows(self) -> bool:
        """Return whether an action was refused, once for each time that this is new."""
        if not self._refused or self._counts.get(_BLOWN) is not None:
            return False
        self._counts[_BLOWN] = 0
        self._dirty = True
        return True

    def save(self) -> None:
        """Write what was counted, in the caller's transaction."""
        if self._dirty:
            counted = Counted(self._since, self._counts)
            rule_log.count(self._connection, self._conversation, counted)
            self._dirty = False
