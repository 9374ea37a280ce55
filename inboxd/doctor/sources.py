"""Where mail comes from: whether it can be read, and whether it has fallen silent.

How long a silence is odd depends on the hour: a shop gets no mail at night. So the last weeks say
how many mails are usual in each hour of the week, and a silence is odd when many were to be
expected in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from inboxd.config import Config
from inboxd.desk.words import ago, span
from inboxd.doctor.finding import Finding, Group, Health
from inboxd.store import arrivals, folders

_WEEKS = 8
_LEAST_MAILS, _LEAST_TIME = 30, timedelta(days=10)
_ODD = 8.0  # mails that were to be expected in a silence: by chance once in 3,000 times


def look(connection: sa.Connection, config: Config, now: datetime) -> Iterator[Finding]:
    """Yield for each source whether it can be read and when mail last came by it."""
    known = {row.source: row for row in folders.listing(connection)}
    zone = config.zone()
    for mailbox in config.mailboxes:
        for source in mailbox.sources:
            if source.imap is None:
                continue
            settings = source.imap
            row = known.get(settings.key())
            what = f"source {settings.user}@{settings.host}/{settings.folder}"
            yield from _folder(what, row, now)
            if row is not None and not row.problem:
                yield from _silence(connection, what, settings.key(), now, zone)
    for listener in config.listen.all():
        what = f"listener {listener.protocol}"
        yield from _silence(connection, what, listener.protocol, now, zone)


def _folder(what: str, row: sa.Row[tuple[object, ...]] | None, now: datetime) -> Iterator[Finding]:
    if row is None or (row.seen_at is None and not row.problem):
        advice = "start the daemon: inboxd serve"
        yield Finding(Group.SOURCES, what, Health.WARN, "never read yet", advice)
    elif row.problem:
        since = f" (since {ago(row.problem_since, now)})" if row.problem_since else ""
        advice = "check it in the configuration"
        yield Finding(Group.SOURCES, what, Health.FAIL, row.problem + since, advice)
    else:
        yield Finding(Group.SOURCES, what, Health.OK, f"last read {ago(row.seen_at, now)}")


def _silence(
    connection: sa.Connection, what: str, source: str, now: datetime, zone: ZoneInfo
) -> Iterator[Finding]:
    times = arrivals.times(connection, source, now - timedelta(weeks=_WEEKS), now)
    if not times:
        return
    since = now - times[-1]
    words = f"last mail {ago(times[-1], now)}"
    if len(times) < _LEAST_MAILS or now - times[0] < _LEAST_TIME:
        yield Finding(Group.SOURCES, what, Health.OK, words)
        return
    usual = usual_gap(times)
    expected = expected_mails(times, times[-1], now, zone)
    if expected >= _ODD:
        words = (
            f"silent for {span(since)}, usually {span(usual)}; "
            f"{expected:.0f} mails were to be expected"
        )
        advice = "send it a mail; look at the mail server in front, and at forwarding rules"
        yield Finding(Group.SOURCES, what, Health.WARN, words, advice)
    else:
        yield Finding(Group.SOURCES, what, Health.OK, f"{words}, usually every {span(usual)}")


def usual_gap(times: Sequence[datetime]) -> timedelta:
    """Return the usual time between two mails: the median of all gaps."""
    return timedelta(seconds=median((b - a).total_seconds() for a, b in pairwise(times)))


def expected_mails(
    times: Sequence[datetime], since: datetime, now: datetime, zone: ZoneInfo
) -> float:
    """Return how many mails were to be expected between `since` and `now`.

    `times` are those of former mails; what is usual in an hour of the week is what came in it in
    the weeks since the first of them, on average.
    """
    weeks = max(1.0, (since - times[0]) / timedelta(weeks=1))
    counts = Counter(_hour_of_week(each, zone) for each in times)
    total, at = 0.0, since
    while at < now:
        following = min(now, at + timedelta(hours=1))
        share = (following - at) / timedelta(hours=1)
        total += share * counts[_hour_of_week(at, zone)] / weeks
        at = following
    return total


def _hour_of_week(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return local.weekday() * 24 + local.hour
