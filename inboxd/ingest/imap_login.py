"""From nothing to a session that is logged in: TLS first, a password never before it."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable

from imapclient.exceptions import LoginError

from inboxd.ingest.imap_line import Line
from inboxd.ingest.imap_options import ImapOptions
from inboxd.ingest.imap_problems import LoginRefused, SourceProblem, UntrustedServer
from inboxd.ingest.imap_wire import Client, Terms

_NOT_NOW = ("UNAVAILABLE", "LIMIT", "INUSE", "SERVERBUG")  # RFC 5530 section 3, RFC 9051


def connect(options: ImapOptions, line: Line, monotonic: Callable[[], float]) -> Client:
    """Return a client that is logged in, over TLS where the options ask for it.

    Raises `SourceProblem`, `OSError` (`ssl.SSLError` among it) or imaplib's errors.
    """
    context = None
    if options.tls != "none":
        context = ssl.create_default_context(cafile=options.ca_file)
    terms = Terms(
        host=options.host,
        port=options.port,
        context=context if options.tls == "implicit" else None,
        timeout=options.timeout,
        literal_limit=options.max_size + 1_000_000,  # what servers say of sizes is not exact
        monotonic=monotonic,
        line=line,
    )
    client = Client(terms)
    try:
        _secure_and_log_in(client, options, context)
    except BaseException:
        client.shutdown()
        raise
    return client


def _secure_and_log_in(
    client: Client, options: ImapOptions, context: ssl.SSLContext | None
) -> None:
    where = f"{options.host}:{options.port}"
    if client.wire.state != "NONAUTH":
        # PREAUTH (RFC 3501 section 7.1.4) leaves no way to STARTTLS, and whose mail would it be?
        raise UntrustedServer(f"{where} greets as if we were logged in already")
    if options.tls == "starttls":
        if "STARTTLS" not in client.wire.capabilities:
            raise UntrustedServer(f"{where} offers no STARTTLS; no password was sent")
        client.starttls(context)
    _log_in(client, options)


def _log_in(client: Client, options: ImapOptions) -> None:
    offered = client.wire.capabilities
    user_at = f"user {options.user} at {options.host}:{options.port}"
    is_ascii = options.user.isascii() and options.password.isascii()
    try:
        if is_ascii and "LOGINDISABLED" not in offered:
            client.login(options.user, options.password)
        elif "AUTH=PLAIN" in offered:  # in UTF-8 (RFC 4616); LOGIN takes ASCII only
            client.plain_login(options.user, options.password)
        else:
            raise LoginRefused(f"no way to log in that the server offers suits {user_at}")
    except LoginError as error:
        if isinstance(error.__context__, imaplib.IMAP4.abort):  # no verdict: the line broke
            raise error.__context__ from None
        if any(code in client.wire.untagged_responses for code in _NOT_NOW):
            raise SourceProblem(f"the server cannot log in {user_at} now") from None
        raise LoginRefused(f"wrong password for {user_at}") from None
