"""Whether automatic mail may go back to a mail's sender (RFC 3834 section 2).

Bounces, lists, bulk and all that programs wrote are kinds of their own, which nothing answers. What
is asked here concerns the kinds that are left.
"""

from __future__ import annotations

from collections.abc import Iterator

from inboxd.mail.automatic import suppresses_answers
from inboxd.mail.mass_mail import posts_to_us, spam_reasons
from inboxd.mail.model import ParsedMail
from inboxd.mail.senders import TrustPolicy, is_robot

LOOP_FIELDS = ("X-Loop", "X-Inboxd-Loop")


def reasons_against_answering(
    mail: ParsedMail, trust: TrustPolicy, sender: str | None
) -> tuple[str, ...]:
    """Return what forbids automatic mail to a mail of an answerable kind; nothing where it may go.

    `sender` is the envelope's: "" for the null sender, None where it is not known.
    """
    return (
        *_of_the_sender(mail, trust, sender),
        *_of_the_headers(mail, trust),
        *_of_the_recipients(mail, trust),
    )


def _of_the_sender(mail: ParsedMail, trust: TrustPolicy, sender: str | None) -> Iterator[str]:
    if sender == "":
        yield "null envelope sender"
    author = mail.author
    if author is None or "@" not in author.address:
        yield "From does not name one author"
    # Answers go to Reply-To: ours there, or a program's, is as bad as in From.
    for where, addresses in (("From", mail.from_), ("Reply-To", mail.reply_to)):
        for address in addresses:
            if trust.owns(address.address):
                yield f"{where} is one of our own addresses"
            elif is_robot(address.address):
                yield f"{where} is {address.address}, which nobody reads"
    if sender and is_robot(sender):
        yield f"envelope sender is {sender}, which nobody reads"


def _of_the_headers(mail: ParsedMail, trust: TrustPolicy) -> Iterator[str]:
    if value := suppresses_answers(mail):
        yield f"X-Auto-Response-Suppress: {value}"
    if "List-Unsubscribe" in mail.headers and not posts_to_us(mail, trust):
        yield "List-Unsubscribe header"
    for name in LOOP_FIELDS:
        if name in mail.headers:
            yield f"{name} header"
    yield from spam_reasons(mail, trust)


def _of_the_recipients(mail: ParsedMail, trust: TrustPolicy) -> Iterator[str]:
    """Bcc and lists: whoever did not address us expects no answer from us."""
    if not any(trust.owns(a.address) for recipients in (mail.to, mail.cc) for a in recipients):
        yield "none of our addresses stands in To or Cc"
