"""Whether a mail that bears an agent's name is the agent's, so far as mail can prove it.

The reply address that the mail came to is looked at before (`conversations/threading.py`); this is
about its sender. The DNS is asked in `fetch_keys`, before the transaction; `doubt` asks nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from inboxd.config import Agent
from inboxd.dns_txt import TxtRecords
from inboxd.mail.auth_results import authenticated
from inboxd.mail.model import Kind, ParsedMail

if TYPE_CHECKING:
    from inboxd.desk.case import Case
    from inboxd.desk.shop import Shop
    from inboxd.store.journal import Entry

records = TxtRecords()
"""The keys of agents' domains, as long as the process lives."""

_WRITTEN_BY_PEOPLE: Final = (Kind.AGENT, Kind.CUSTOMER, Kind.EMPTY)


def fetch_keys(shop: Shop, entry: Entry, mail: ParsedMail) -> None:
    """Ask the DNS for the keys that `doubt` will need, if it will need any.

    That is so where `trust.verify_dkim` is set, for mail that bears an agent's address and that no
    trusted server has judged. Waits some seconds at most and raises nothing: a key that was not to
    be had leaves a doubt.
    """
    trust, author = shop.config.trust, mail.author
    if not trust.verify_dkim or author is None or author.key not in shop.agent_addresses:
        return
    if authenticated(mail, author.domain, tuple(trust.authserv_ids)).heard:
        return
    from inboxd.mail.dkim_check import key_names  # loads cryptography that few shops ask for

    for name in key_names(entry.raw, mail, entry.received_at):
        records.fetch(name)


def doubt(case: Case, agent: Agent) -> str | None:
    """Return why a mail's sender may not be the agent, as a sentence, or None.

    Nobody doubts a mail that a person wrote (not a program or a list), whose one unambiguous From
    is an address of the agent's, and that is authenticated where the shop asks for that.
    """
    mail, kind = case.reading.mail, case.reading.verdict.kind
    if kind not in _WRITTEN_BY_PEOPLE:
        return f"It is not a letter that a person wrote to us ({kind.value})."
    if any(defect.startswith("from:") for defect in mail.defects):
        return "Its From line is not clear."
    if mail.author is None or not agent.writes_from(mail.author.address):
        return "Its From is not the agent's address."
    reason = _why_not_authenticated(case, mail.author.domain)
    return None if reason is None else f"The sender is not authenticated: {reason}."


def _why_not_authenticated(case: Case, domain: str) -> str | None:
    """Return what is missing for the proof that `domain` sent the mail, or None.

    The word of a trusted server is final, whatever signatures the mail bears.
    """
    trust, mail = case.shop.config.trust, case.reading.mail
    verdict = authenticated(mail, domain, tuple(trust.authserv_ids))
    if trust.verify_dkim and not verdict.heard:
        from inboxd.mail.dkim_check import signed_by_author

        verdict = signed_by_author(case.entry.raw, mail, case.entry.received_at, records.known)
    elif not trust.authserv_ids:
        return None
    return None if verdict.passed else verdict.reason
