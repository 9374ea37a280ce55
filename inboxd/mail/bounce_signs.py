"""What speaks for a mail being a delivery report. Cheap for mail that is none."""

from __future__ import annotations

import re
from dataclasses import dataclass

from inboxd.mail.bounce_phrases import DELAY, FAILURE, MACHINE, SUBJECT, folded, says
from inboxd.mail.model import ParsedMail

DELIVERY_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
"""The parts that RFC 3464 and RFC 6533 put into a report."""

_FAILED_OR_DELAYED = FAILURE + DELAY
_OPENING = 1500
_FIRST_WORDS = 300

_DAEMON = re.compile(
    r"^(?:(?:mailer|mail|delivery|mx)[-._]?daemon|post-?master|mdaemon|mailadm(?:in)?"
    r"|mail[-._]?delivery.*|delivery-?system|\"?system administrator\"?)$"
    r"|(?:^|[-._])smtp(?:[-._]|$)",
    re.IGNORECASE,
)
_DAEMON_NAME = re.compile(
    r"mail deliver|mailer.?daemon|post-?master|delivery sub|^mail admin|^mail system"
    r"|^system administrator|^returned mail",
    re.IGNORECASE,
)
# Exim names the recipients in it; Exchange marks its reports.
_REPORT_HEADERS = ("X-Failed-Recipients", "X-MS-Exchange-Message-Is-Ndr")


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for a delivery report before it is read: each a reason in words, or empty."""

    report: str = ""
    machine: str = ""
    subject: str = ""
    opening: str = ""

    @property
    def certain(self) -> bool:
        """Whether a server wrote this, whatever else its text says.

        A subject alone can be a customer's who asks about a failed mail; so can the words.
        """
        return bool(self.report or (self.machine and (self.subject or self.opening)))

    @property
    def reasons(self) -> tuple[str, ...]:
        """The signs that were found, in words."""
        return tuple(s for s in (self.report, self.machine, self.subject, self.opening) if s)


def signs_of_a_bounce(mail: ParsedMail, *, null_sender: bool) -> Signs | None:
    """Look for the signs of a delivery report; None, at little cost, for mail that shows none."""
    subject = "subject of a delivery report" if SUBJECT.match(mail.subject) else ""
    machine = _sent_by_a_server(mail)
    if not machine and (subject or null_sender):
        machine = _machine_words(mail, null_sender=null_sender, subject=bool(subject))
    report = _report_sign(mail, other_signs=bool(machine or subject))
    if not (report or machine or subject):
        return None
    return Signs(report, machine, subject, _opening_sign(mail))


def _sent_by_a_server(mail: ParsedMail) -> str:
    for address in mail.from_:
        if _DAEMON.search(address.address.rpartition("@")[0]):
            return f"sent by {address.address}"
        if _DAEMON_NAME.search(address.name):
            return f"sent by {address.name}"
    # Some daemons write no address there, or none that could be read: "Postmaster <>".
    if not mail.from_ and (written := mail.headers.get("From")) and _DAEMON_NAME.search(written):
        return f"From says {written[:60]}"
    return ""


def _machine_words(mail: ParsedMail, *, null_sender: bool, subject: bool) -> str:
    """Look for a server's hand in a mail whose From does not tell.

    A null sender alone is not enough: out-of-office notices have it too, and they quote our own
    mail, which may tell of a parcel that could not be delivered.
    """
    phrase = says(folded(mail.text[:_FIRST_WORDS]), MACHINE)
    if phrase:
        return f'opens with "{phrase}"'
    if subject and null_sender:
        return "null envelope sender"
    if subject and mail.headers.get("Precedence").strip().lower() in ("bulk", "junk"):
        return "Precedence header"
    return ""


def _report_sign(mail: ParsedMail, *, other_signs: bool) -> str:
    """A delivery status counts where the mail itself is the report, not where it brings one."""
    if other_signs or mail.content_type == "multipart/report":
        if mail.report_type.lower() in ("delivery-status", "global-delivery-status"):
            return "multipart/report of type delivery-status (RFC 3464)"
        if any(report.content_type in DELIVERY_STATUS for report in mail.reports):
            return "message/delivery-status part (RFC 3464)"
    marks = (f"{name} header" for name in _REPORT_HEADERS if name in mail.headers)
    return next(marks, "")


def _opening_sign(mail: ParsedMail) -> str:
    """A postmaster who answers in person has somebody's mail to answer."""
    phrase = "" if mail.in_reply_to else says(folded(mail.text[:_OPENING]), _FAILED_OR_DELAYED)
    return f'says "{phrase}"' if phrase else ""
