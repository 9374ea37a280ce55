"""Whether our own mail server has vouched for a mail's domain (RFC 8601).

Anybody can write an `Authentication-Results` field into a mail. What was written by a server on the
way stands above that server's `Received` line, and what the sender wrote stands below it.
"""

from __future__ import annotations

from dataclasses import dataclass

import idna

from inboxd.mail.auth_results_syntax import (
    AuthenticationResults,
    MethodResult,
    parse_authentication_results,
    split_words,
)
from inboxd.mail.model import Headers, ParsedMail

_LMTP = frozenset({"lmtp", "lmtps", "lmtpa", "lmtpsa", "utf8lmtp", "utf8lmtps", "utf8lmtpsa"})


@dataclass(frozen=True, slots=True)
class AuthVerdict:
    """Whether the mail's domain is proven, and by what, in words for `explain`.

    `heard` is false where there was no field of a configured server to go by.
    """

    passed: bool
    reason: str
    heard: bool = True


def authenticated(
    mail: ParsedMail, domain: str, authserv_ids: tuple[str, ...], *, trusted_hops: int = 0
) -> AuthVerdict:
    """Return whether a configured server says that `domain` sent `mail`.

    Looked at is the topmost `Authentication-Results` with one of `authserv_ids`, and only where it
    stands above the first `Received` line that was written at the shop's border. Lines written
    at an LMTP hand-over (RFC 2033: never across the border) and the topmost `trusted_hops` further
    ones, which the shop's own servers put on top after the check, do not count as that line.

    A pass must be aligned with `domain`, relaxed as in DMARC: DKIM's `header.d` and `header.i`, or
    SPF's `smtp.mailfrom`, is the domain or below it; DMARC's `header.from` is the domain itself. An
    explicit `dmarc=fail` outweighs them.
    """
    wanted = canonical_domain(domain)
    ids = frozenset(name.casefold() for name in authserv_ids)
    if not ids:
        return AuthVerdict(False, "no authserv-id is configured", heard=False)
    if not wanted:
        return AuthVerdict(False, "From names no domain")
    field = _trusted_field(mail.headers, ids, trusted_hops)
    if field is None:
        why = "no trusted Authentication-Results above the border's Received"
        return AuthVerdict(False, why, heard=False)
    return _verdict(field, wanted)


def _verdict(field: AuthenticationResults, domain: str) -> AuthVerdict:
    said = f"{field.authserv_id} says"
    if any(r.method == "dmarc" and r.result == "fail" for r in field.results):
        return AuthVerdict(False, f"{said} dmarc=fail")
    for result in field.results:
        if result.result == "pass" and _aligned(result, domain):
            return AuthVerdict(True, f"{said} {result.method}=pass for {domain}")
    heard = ", ".join(f"{r.method}={r.result}" for r in field.results) or "nothing"
    return AuthVerdict(False, f"{said} {heard}: no pass for {domain}")


def _trusted_field(
    headers: Headers, ids: frozenset[str], trusted_hops: int
) -> AuthenticationResults | None:
    for name, value in headers:
        field_name = name.lower()
        if field_name == "received" and not _handed_over_locally(value):
            if trusted_hops <= 0:
                return None
            trusted_hops -= 1
        elif field_name == "authentication-results":
            field = parse_authentication_results(value)
            if field is not None and field.authserv_id in ids:
                return field
    return None


def _handed_over_locally(received: str) -> bool:
    """Whether a `Received` line tells of LMTP: `from HOST by HOST with LMTP …`.

    A sender writes its HELO name into this line, blanks and parentheses included, where the server
    lets it. So the line must have exactly this form, and no second `by` anywhere.
    """
    split = split_words(received)
    if split is None or not split[0][0]:
        return False
    words = [word.text.lower() for word in split[0][0]]
    hidden = " ".join(split[1]).lower().split()
    return (
        words[0:5:2] == ["from", "by", "with"]
        and words[5:6] != []
        and words[5] in _LMTP
        and words.count("by") == 1
        and words.count("with") == 1
        and "by" not in hidden
    )


def _aligned(result: MethodResult, domain: str) -> bool:
    """Whether every identity that the result names is the domain's own."""
    if result.method == "dkim":
        signers = [*result.values("header.d"), *result.values("header.i")]
        return bool(signers) and all(is_within(_host(signer), domain) for signer in signers)
    if result.method == "spf":
        senders = result.values("smtp.mailfrom")
        return bool(senders) and all(is_within(_host(sender), domain) for sender in senders)
    if result.method == "dmarc":
        authors = result.values("header.from")
        return bool(authors) and all(_host(author) == domain for author in authors)
    return False


def _host(identity: str) -> str:
    """Return the domain of `domain`, `@domain` or `local@domain`."""
    return canonical_domain(identity.rpartition("@")[2])


def is_within(host: str, domain: str) -> bool:
    """Return whether `host` is `domain` or below it; both as `canonical_domain` returns them."""
    return host == domain or ("." in domain and host.endswith(f".{domain}"))


def canonical_domain(domain: str) -> str:
    """Return a domain as it is compared: lower case, in A-labels, without the root's dot."""
    name = domain.strip().rstrip(".").casefold()
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except UnicodeError:  # the root of idna's errors
        return name
