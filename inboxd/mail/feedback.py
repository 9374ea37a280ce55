"""Complaints: "this is spam", as mailbox providers pass it on (RFC 5965, and who is older)."""

from __future__ import annotations

import re

from inboxd.mail.model import ParsedMail

# Outlook.com's Junk Mail Reporting Program: a forwarded mail, from this address, in its own form.
_JMRP_SENDER = "staff@hotmail.com"
_JMRP_SUBJECT = re.compile(r"complaint about message from\b", re.IGNORECASE)


def feedback_reasons(mail: ParsedMail) -> tuple[str, ...]:
    """Return what shows that the mail is a complaint about mail of ours; nothing if it is none."""
    if mail.report_type.lower() == "feedback-report" or any(
        report.content_type == "message/feedback-report" for report in mail.reports
    ):
        return ("feedback report (RFC 5965)",)
    if _JMRP_SUBJECT.match(mail.subject) and any(a.key == _JMRP_SENDER for a in mail.from_):
        return ("complaint passed on by Outlook.com (JMRP)",)
    return ()
