"""A throw-away Dovecot: IMAP, LMTP and SASL on loopback, nothing of the system's touched."""

from __future__ import annotations

import os
import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from certificates import Authority
from imapclient import IMAPClient
from loopback import HOST, Foreground, eventually, free_port, remove, traversable_folder
from programs import program, run

PASSWORD = "secret"
_NOBODY = 65534

_DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_login_user = dovenull
default_internal_user = dovecot
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = {auth_failure_delay}
mail_location = maildir:~/Maildir
mail_fsync = never
first_valid_uid = 1000
recipient_delimiter = +
lda_mailbox_autocreate = yes
mail_max_userip_connections = 200
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users/%u
}}
userdb {{
  driver = static
  args = uid={uid} gid={uid} home={folder}/homes/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
service auth {{
  inet_listener {{
    port = {auth_port}
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
protocol imap {{
  mail_plugins = acl
}}
plugin {{
  acl = vfile::cache_secs=0
}}
{extra}
"""


class Dovecot:
    """A Dovecot of our own: IMAP (plain, STARTTLS, implicit TLS), LMTP and SASL on loopback.

    `users` are full addresses, all with the password `secret`. `extra` is appended to the
    configuration, for example "imap_capability = IMAP4rev1 UIDPLUS" to hide IDLE and MOVE.
    """

    def __init__(
        self, users: Sequence[str], extra: str = "", auth_failure_delay: str = "0"
    ) -> None:
        self.folder = traversable_folder("dovecot")
        self.authority = Authority(self.folder)
        self.ca_file = self.authority.ca_file
        self.imap_port, self.imaps_port, self.lmtp_port, self.auth_port = (
            free_port() for _ in range(4)
        )
        pair = self.authority.issue()
        (self.folder / "homes").mkdir()
        os.chown(self.folder / "homes", _NOBODY, _NOBODY)
        (self.folder / "users").mkdir()
        self.add_users(*users)
        self._config = self.folder / "dovecot.conf"
        self._config.write_text(
            _DOVECOT.format(
                **vars(self),
                cert=pair.cert,
                key=pair.key,
                uid=_NOBODY,
                extra=extra,
                auth_failure_delay=auth_failure_delay,
            )
        )
        command = [program("dovecot"), "-F", "-c", str(self._config)]
        ports = [self.imap_port, self.imaps_port, self.lmtp_port, self.auth_port]
        self._server = Foreground(command, ports, self.folder / "dovecot.out")
        self.start()

    def add_users(self, *users: str, password: str = PASSWORD) -> None:
        """Let more users in, at once."""
        for user in users:  # one file each: of a single one Dovecot looks at changes once a second
            (self.folder / "users" / user).write_text(f"{user}:{password}\n")

    def start(self) -> None:
        """Start, on the same ports as before."""
        self._server.start()

    def stop(self) -> None:
        """Stop; mail and configuration stay for `start`."""
        self._server.stop()

    def close(self) -> None:
        """Stop for good and delete everything."""
        self.stop()
        remove(self.folder)

    def log(self) -> str:
        """Return what the server has logged so far."""
        path = self.folder / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @contextmanager
    def client(self, user: str) -> Iterator[IMAPClient]:
        """Log in over plain IMAP and hand out the client."""
        with IMAPClient(HOST, self.imap_port, ssl=False, timeout=20) as client:
            client.login(user, PASSWORD)
            yield client

    def deliver(self, user: str, raw: bytes, folder: str = "INBOX") -> None:
        """Put a mail into a folder: through LMTP for the INBOX (which adds trace fields)."""
        if folder != "INBOX":
            self.append(user, [raw], folder)
            return
        with smtplib.LMTP(HOST, self.lmtp_port) as lmtp:
            lmtp.sendmail("sender@elsewhere.example", [user], raw)

    def append(
        self,
        user: str,
        mails: Sequence[bytes],
        folder: str = "INBOX",
        flags: Sequence[bytes] = (),
        date: datetime | None = None,
    ) -> None:
        """Put mails into a folder byte for byte (IMAP APPEND)."""
        with self.client(user) as client:
            for raw in mails:
                client.append(folder, raw, flags, date)

    def messages(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """Return the folder's mails in UID order, without marking them."""
        with self.client(user) as client:
            client.select_folder(folder, readonly=True)
            uids = client.search("ALL")
            found = client.fetch(uids, ["BODY.PEEK[]"]) if uids else {}
            return [found[uid][b"BODY[]"] for uid in sorted(found)]

    def flags(self, user: str, folder: str = "INBOX") -> list[tuple[bytes, ...]]:
        """Return the flags of the folder's mails in UID order, without \\Recent."""
        with self.client(user) as client:
            client.select_folder(folder, readonly=True)
            found = client.get_flags(client.search("ALL") or [0])
            return [
                tuple(flag for flag in sorted(found[uid]) if flag != b"\\Recent")
                for uid in sorted(found)
            ]

    def wait_for(
        self, user: str, count: int, timeout: float = 15, folder: str = "INBOX"
    ) -> list[bytes]:
        """Wait until the folder holds at least `count` mails and return them."""

        def enough() -> list[bytes]:
            mails = self.messages(user, folder)
            return mails if len(mails) >= count else []

        return eventually(enough, timeout, f"{count} mails for {user}") if count else []

    def create_folder(self, user: str, folder: str) -> None:
        """Make a folder where it is not there yet."""
        with self.client(user) as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)

    def set_rights(self, user: str, folder: str, rights: str) -> None:
        """Give the folder's owner these rights and no others (RFC 4314; "lr": read-only)."""
        acl = self._maildir(user, folder) / "dovecot-acl"
        acl.write_text(f"owner {rights}\n")
        os.chown(acl, _NOBODY, _NOBODY)

    def make_read_only(self, user: str, folder: str) -> None:
        """Take every right but looking and reading from the folder's owner."""
        self.set_rights(user, folder, "lr")

    def _maildir(self, user: str, folder: str) -> Path:
        root = self.folder / "homes" / user / "Maildir"
        return root if folder == "INBOX" else root / f".{folder.replace('/', '.')}"

    def reset_uidvalidity(self, user: str, folder: str = "INBOX") -> int:
        """Forget all UIDs: mails are numbered afresh under a new UIDVALIDITY, which is returned."""
        with self.client(user) as client:
            old = int(client.folder_status(folder, ["UIDVALIDITY"])[b"UIDVALIDITY"])
        for path in self._maildir(user, folder).glob("dovecot*index*"):
            path.unlink()
        (self._maildir(user, folder) / "dovecot-uidlist").unlink()
        new = str(old + 1)
        doveadm = (program("doveadm"), "-c", str(self._config))
        run(*doveadm, "mailbox", "update", "-u", user, "--uid-validity", new, folder)
        return old + 1
