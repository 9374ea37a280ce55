"""What kind of mail a mail is, and whether automatic mail may answer it: `docs/kinds.md`.

The kinds are asked in an order: what would do harm if taken for a customer's mail comes first. The
first that finds itself decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from inboxd.mail.answering import LOOP_FIELDS, reasons_against_answering
from inboxd.mail.automatic import automatic_answer, automatic_notice, suppresses_answers
from inboxd.mail.bounces import (
    DISPOSITION,
    bounce_of,
    find_bounce,
    is_delivery_receipt,
    rejected_by_notification,
)
from inboxd.mail.feedback import feedback_reasons
from inboxd.mail.mass_mail import bulk_reasons, list_reasons, spam_reasons
from inboxd.mail.model import Bounce, Kind, ParsedMail, Returned, Verdict
from inboxd.mail.returned_mail import returned_mail
from inboxd.mail.senders import SpamMark, TrustPolicy, envelope_sender

__all__ = ["ANSWERABLE", "SpamMark", "TrustPolicy", "classify"]

ANSWERABLE = frozenset({Kind.CUSTOMER, Kind.AGENT, Kind.EMPTY})
"""The kinds that automatic mail may answer where nothing else forbids it."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One mail with all that is known about how it came."""

    mail: ParsedMail
    trust: TrustPolicy
    sender: str | None
    raw: bytes | None

    @property
    def null_sender(self) -> bool:
        return self.sender == ""

    @property
    def claims_an_agent(self) -> bool:
        author = self.mail.author
        return author is not None and author.key in self.trust.agent_addresses


@dataclass(frozen=True, slots=True)
class _Finding:
    kind: Kind
    reasons: tuple[str, ...] = ()
    bounce: Bounce | None = None
    about: Returned | None = None


def classify(
    mail: ParsedMail, trust: TrustPolicy, envelope_from: str | None, raw: bytes | None = None
) -> Verdict:
    """Return what `mail` is, why, and whether automatic mail may go back.

    `envelope_from` is the envelope sender: "" for the null sender, None where it is not known, and
    then Return-Path tells. `raw` is the mail as it came; it is read only where the mail looks like
    a delivery report, and more forms of them are understood with it. Nothing is raised for any
    content of the mail.
    """
    case = _Case(mail, trust, envelope_sender(mail, envelope_from), raw)
    found = next(finding for kind in _KINDS if (finding := kind(case)) is not None)
    if found.kind not in ANSWERABLE:
        return Verdict(
            found.kind, found.reasons, may_answer=False, bounce=found.bounce, about=found.about
        )
    against = reasons_against_answering(mail, trust, case.sender)
    reasons = found.reasons + tuple(f"no automatic mail: {reason}" for reason in against)
    return Verdict(found.kind, reasons, may_answer=not against)


def _loop(case: _Case) -> _Finding | None:
    mail, trust = case.mail, case.trust
    hops = len(mail.headers.get_all("Received"))
    if hops > trust.max_received:
        return _Finding(Kind.LOOP, (f"{hops} Received lines, more than {trust.max_received}",))
    for name in LOOP_FIELDS:
        for value in mail.headers.get_all(name):
            if any(trust.owns(word.strip("<>,;")) for word in value.split()[:10]):
                return _Finding(Kind.LOOP, (f"{name} names one of our own addresses",))
    if any(trust.owns(address.address) for address in mail.from_):
        if mail.message_id and trust.is_own_message_id(mail.message_id):
            return _Finding(Kind.LOOP, ("our own mail came back: From and Message-ID are ours",))
        if "X-Inboxd-Conversation" in mail.headers:
            return _Finding(Kind.LOOP, ("our own mail came back: X-Inboxd-Conversation header",))
    return None


def _feedback(case: _Case) -> _Finding | None:
    reasons = feedback_reasons(case.mail)
    if not reasons:
        return None
    return _Finding(Kind.FEEDBACK, reasons, about=returned_mail(case.mail, case.raw))


def _notification(case: _Case) -> _Finding | None:
    """Disposition notifications: read receipts, and refusals in their guise."""
    mail = case.mail
    if mail.report_type.lower() != "disposition-notification" and not (
        mail.content_type == "multipart/report"
        and any(report.content_type in DISPOSITION for report in mail.reports)
    ):
        return None
    if refused := rejected_by_notification(mail):
        bounce = bounce_of(mail, refused, case.raw)
        reasons = ("disposition notification of a refusal (RFC 5429)",)
        return _Finding(Kind.BOUNCE, reasons, bounce, _about(bounce))
    about = returned_mail(mail, case.raw)
    return _Finding(Kind.RECEIPT, ("disposition notification (RFC 8098)",), about=about)


def _bounce(case: _Case) -> _Finding | None:
    found = find_bounce(case.mail, null_sender=case.null_sender, raw=case.raw)
    if found is None:
        return None
    bounce, reasons = found
    if is_delivery_receipt(bounce):
        reasons = ("every recipient was reached (RFC 3464)", *reasons)
        return _Finding(Kind.RECEIPT, reasons, about=_about(bounce))
    return _Finding(Kind.BOUNCE, reasons, bounce, _about(bounce))


def _about(bounce: Bounce) -> Returned:
    recipients = tuple(each.address for each in bounce.recipients)
    return Returned(bounce.original_message_ids, bounce.original_senders, recipients)


def _spam(case: _Case) -> _Finding | None:
    """An agent's answer has to prove itself anyway: a filter's mistake must not swallow it."""
    reasons = () if case.claims_an_agent else spam_reasons(case.mail, case.trust)
    return _Finding(Kind.SPAM, reasons) if reasons else None


def _automatic_answer(case: _Case) -> _Finding | None:
    found = automatic_answer(case.mail, null_sender=case.null_sender)
    return _Finding(found.kind, found.reasons) if found else None


def _list(case: _Case) -> _Finding | None:
    reasons = list_reasons(case.mail, case.trust)
    return _Finding(Kind.LIST, reasons) if reasons else None


def _bulk(case: _Case) -> _Finding | None:
    reasons = bulk_reasons(case.mail, case.trust)
    return _Finding(Kind.BULK, reasons) if reasons else None


def _automatic_notice(case: _Case) -> _Finding | None:
    found = automatic_notice(case.mail)
    return _Finding(found.kind, found.reasons) if found else None


def _agent(case: _Case) -> _Finding | None:
    if not case.claims_an_agent:
        return None
    return _Finding(Kind.AGENT, ("From is an agent's address (a claim, not a proof)",))


def _suppressing(case: _Case) -> _Finding | None:
    """Whoever wants no answer of any sort is a program."""
    value = suppresses_answers(case.mail)
    if "all" in value.lower():
        return _Finding(Kind.AUTO_REPLY, (f"X-Auto-Response-Suppress: {value}",))
    return None


def _empty(case: _Case) -> _Finding | None:
    """A subject alone may say it all, except that of the mail which is being answered."""
    mail = case.mail
    if mail.text.strip() or mail.attachments or (mail.html and "<img" in mail.html.lower()):
        return None
    if mail.subject.strip() and not (mail.in_reply_to or mail.references):
        return None
    return _Finding(Kind.EMPTY, ("neither text nor attachments",))


def _customer(case: _Case) -> _Finding:
    return _Finding(Kind.CUSTOMER)


_KINDS: tuple[Callable[[_Case], _Finding | None], ...] = (
    _loop,
    _feedback,
    _notification,
    _bounce,
    _spam,
    _automatic_answer,
    _list,
    _bulk,
    _automatic_notice,
    _agent,
    _suppressing,
    _empty,
    _customer,
)
