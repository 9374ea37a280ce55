"""What speaks for a mail being a delivery report. Cheap for mail that is none."""

from __future__ import annotations

import re
from dataclasses import dataclass

from inboxd.mail.bounce_phrases import DELAY, FAILURE, MACHINE, RETURNED, folded, says
from inboxd.mail.bounce_subjects import mentions_a_failure, reports_a_failure
from inboxd.mail.bounce_text import names_an_address
from inboxd.mail.model import Address, ParsedMail
from inboxd.mail.senders import is_robot

DELIVERY_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
"""The parts that RFC 3464 and RFC 6533 put into a report."""

_FAILED_OR_DELAYED = FAILURE + DELAY
_OPENING = 1500
_FIRST_WORDS = 300

_DAEMON = re.compile(
    r"^(?:(?:mailer|mail|delivery|mx|bounce)[-._]?daemon|mdaemon|mail[-._]?delivery.*"
    r"|delivery-?system|microsoftexchange[0-9a-f]{16,40})$",
    re.IGNORECASE,
)
_DAEMON_NAME = re.compile(
    r"mail deliver|mailer.?daemon|delivery sub|^mail admin|^mail system|^returned mail"
    r"|^courier mail server",
    re.IGNORECASE,
)
# People write from these addresses as well.
_POSTMASTER = re.compile(
    r"^(?:post[-._]?master|mailadm(?:in)?|\"?system administrator\"?|(?:interscan|mta|mailserver))$"
    r"|(?:^|[-._])smtp(?:[-._]|$)",
    re.IGNORECASE,
)
_POSTMASTER_NAME = re.compile(r"post-?master|^system administrator", re.IGNORECASE)
# Exim names the recipients in it; Exchange marks its reports.
_REPORT_HEADERS = ("X-Failed-Recipients", "X-MS-Exchange-Message-Is-Ndr")
# What one server said to another (RFC 5321): "550 5.1.1", "RCPT TO:<a@b>", "<<< 550 no".
_DIALOGUE = re.compile(
    r"\brcpt to: ?<?[^\s<>@]{1,64}@|\b[45][0-5]\d[- ][45]\.\d{1,3}\.\d{1,3}\b"
    r"|(?:<<<|>>>|said:|replied:|responded:|reason:|error:|server:|with:) ?[\"'\[]?[45][0-5]\d[- ]"
    r"|(?:^|\n)[45][0-5]\d[- ]",
    re.IGNORECASE,
)
# Some servers draw a line above their words, or are friendly.
_GREETING = re.compile(r"\W{0,120}(?:(?:hi|hello|hallo|dear user)\b\W{0,5})?")
_RETURNED_HEADERS = re.compile(
    r"^[>\s]{0,8}(?:received|return-path|message-id)\s?:", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for a delivery report before it is read: each a reason in words, or empty."""

    report: str = ""
    machine: str = ""
    subject: str = ""
    opening: str = ""
    likely_person: bool = False

    @property
    def certain(self) -> bool:
        """Whether a server wrote this, whatever else its text says.

        A subject alone can be a customer's who asks about a failed mail; so can the words.
        """
        told = self.subject or self.opening
        return bool(self.report or (self.machine and told and not self.likely_person))

    @property
    def reasons(self) -> tuple[str, ...]:
        """The signs that were found, in words."""
        return tuple(s for s in (self.report, self.machine, self.subject, self.opening) if s)


def signs_of_a_bounce(mail: ParsedMail, *, null_sender: bool) -> Signs | None:
    """Look for the signs of a delivery report; None, at little cost, for mail that shows none."""
    subject = "subject of a delivery report" if reports_a_failure(mail.subject) else ""
    machine = _sent_by_a_daemon(mail)
    postmaster = "" if machine else _sent_by_a_postmaster(mail, subject=bool(subject))
    if not machine and (subject or null_sender or _mentioned(mail)):
        machine = _machine_words(mail, null_sender=null_sender, subject=bool(subject))
    report = _report_sign(mail, other_signs=bool(machine or postmaster or subject))
    if not (report or machine or postmaster or subject):
        return None
    opening = _opening_sign(mail)
    person = not machine and bool(postmaster) and _may_be_a_person(mail, subject, opening)
    return Signs(report, machine or postmaster, subject, opening, person)


def _sent_by_a_daemon(mail: ParsedMail) -> str:
    for address in mail.from_:
        if _DAEMON.search(address.address.rpartition("@")[0]):
            return f"sent by {address.address}"
        if _DAEMON_NAME.search(address.name):
            return f"sent by {address.name}"
    # Some daemons write no address there, or none that could be read: "Postmaster <>".
    written = "" if mail.from_ else mail.headers.get("From").lstrip('" ')
    if _DAEMON_NAME.search(written) or _POSTMASTER_NAME.search(written):
        return f"From says {written[:60]}"
    return ""


def _sent_by_a_postmaster(mail: ParsedMail, *, subject: bool) -> str:
    for address in mail.from_:
        if _is_postmaster(address) or (subject and is_robot(address.address)):
            return f"sent by {address}"
    if subject and mail.headers.get("Precedence").strip().lower() in ("bulk", "junk"):
        return "Precedence header"
    return ""


def _mentioned(mail: ParsedMail) -> bool:
    return not mail.in_reply_to and mentions_a_failure(mail.subject)


def _is_postmaster(address: Address) -> bool:
    local = address.address.rpartition("@")[0]
    return bool(_POSTMASTER.search(local) or _POSTMASTER_NAME.search(address.name))


def _may_be_a_person(mail: ParsedMail, subject: str, opening: str) -> bool:
    """Whether somebody may have written this who only has such an address: a parcel service, too.

    A postmaster's report names whom it is about, or shows what the servers said. Others must
    show the latter, or the mail that came back.
    """
    if mail.headers.get("Auto-Submitted").strip().lower().startswith("auto-"):
        return False
    text = mail.text[:_OPENING]
    if _DIALOGUE.search(text) or _brings_a_mail_back(mail):
        return False
    if any(map(_is_postmaster, mail.from_)):
        us = frozenset(a.key for a in (*mail.from_, *mail.to, *mail.cc))
        return not ((subject or opening) and names_an_address(text, us))
    return True


def _brings_a_mail_back(mail: ParsedMail) -> bool:
    if any(file.content_type == "message/rfc822" for file in mail.attachments):
        return True
    text = mail.text[:16_000]
    return bool(_RETURNED_HEADERS.search(text) or says(folded(text[:_OPENING]), RETURNED))


def _machine_words(mail: ParsedMail, *, null_sender: bool, subject: bool) -> str:
    """Look for a server's hand in a mail whose From does not tell.

    A null sender alone is not enough: out-of-office notices have it too, and they quote our own
    mail, which may tell of a parcel that could not be delivered. Where there is another sender,
    the words must be the very first: people who pass a report on write something above it.
    """
    text = _GREETING.sub("", folded(mail.text[:_FIRST_WORDS]), count=1)
    if not mail.in_reply_to:
        first = next((phrase for phrase in MACHINE if text.startswith(phrase)), "")
        if phrase := first or (says(text, MACHINE) if null_sender else ""):
            return f'opens with "{phrase}"'
    if subject and null_sender:
        return "null envelope sender"
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
    text = folded(mail.text[:_OPENING])
    if mail.in_reply_to and "rcpt to:" not in text:
        return ""
    phrase = says(text, _FAILED_OR_DELAYED)
    return f'says "{phrase}"' if phrase else ""
