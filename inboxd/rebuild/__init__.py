"""Rebuilds conversations from the journal, and from the acts that did not come by mail.

`into` makes the new database. `moments` finds out when everything happened, `copies` takes over
what cannot be worked out again, `again` does what people did, `outgoing` lets the outbox be as it
became without sending anything, and `compare` says whether the result is what the original has.
"""

from __future__ import annotations

from inboxd.rebuild.compare import Comparison, compare
from inboxd.rebuild.into import Rebuilt, rebuild

__all__ = ["Comparison", "Rebuilt", "compare", "rebuild"]
