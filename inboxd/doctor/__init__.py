"""Looks at everything that can go wrong with an installation and says what to do about it."""

from __future__ import annotations

from inboxd.doctor.examination import examine
from inboxd.doctor.finding import Finding, Group, Health, healthy

__all__ = ["Finding", "Group", "Health", "examine", "healthy"]
