"""What can be wrong with an IMAP source, in words for the person who has to mend it."""

from __future__ import annotations

import imaplib
import socket
import ssl

from inboxd.errors import InboxdError, Transient
from inboxd.ingest.imap_options import ImapOptions


class SourceProblem(Transient):
    """The server cannot be used as it is configured; `slow` where only a person can mend that."""

    slow = False


class LoginRefused(SourceProblem):
    """The server does not take the user or the password."""

    slow = True


class UntrustedServer(SourceProblem):
    """The connection is not as safe as configured; no password was sent."""

    slow = True


class FolderUnusable(SourceProblem):
    """The folder is not there or cannot be read."""

    slow = True


class LiteralTooLarge(SourceProblem):
    """The server is about to send more than it said; `size` in bytes. The connection is lost."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the server sends {size} bytes, which is more than it had said")
        self.size = size


def is_slow(error: Exception) -> bool:
    """Return whether trying again soon is useless, or even harmful."""
    return isinstance(error, SourceProblem) and error.slow


def describe(error: Exception, options: ImapOptions) -> str:
    """Return one line that says what is wrong, without secrets and without text of mails."""
    where = f"{options.host}:{options.port}"
    if isinstance(error, InboxdError):
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of {where} is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"no TLS with {where}: {error.reason or 'the handshake failed'}"
    if isinstance(error, TimeoutError):
        return f"{where} does not answer within {options.timeout:g} s"
    if isinstance(error, socket.gaierror):
        return f"the name {options.host} cannot be resolved"
    if isinstance(error, FileNotFoundError):
        return f"there is no file {options.ca_file}"
    if isinstance(error, OSError):
        return f"no connection with {where}: {error.strerror or type(error).__name__}"
    if isinstance(error, imaplib.IMAP4.abort):
        return f"{where} broke the connection off"
    if isinstance(error, imaplib.IMAP4.error):
        return f"{where} answered a command with an error"
    return f"reading from {where} failed: {type(error).__name__}"
