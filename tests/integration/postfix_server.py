"""A throw-away Postfix: relay and submission on loopback, nothing of the system's touched."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Mapping
from typing import Any

from dovecot_server import Dovecot
from loopback import HOST, Foreground, eventually, free_port, remove, traversable_folder
from programs import program, run

BOUNCING = "bounce.example"  # accepted, then refused with 550 by the next hop: a DSN comes back
DELAYED = "delayed.example"  # accepted, then put off with 450 by the next hop, for ever
REFUSED = "refused.example"  # 550 to RCPT
BUSY = "busy.example"  # 450 to RCPT
NO_SUCH_USER = "550 5.1.1 No such user"

_MASTER = """
127.0.0.1:{smtp_port} inet n - n - - smtpd
127.0.0.1:{submission_port} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
127.0.0.1:{smtps_port} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
127.0.0.1:{refusing_port} inet n - n - - smtpd
  -o myhostname=refusing.example
  -o smtpd_recipient_restrictions=check_recipient_access,{refusals},reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def _access(answers: Mapping[str, str]) -> str:
    """Write an access table of Postfix in one line: domain to reply."""
    return "inline:{" + ",".join(f"{{{to} = {reply}}}" for to, reply in answers.items()) + "}"


class Postfix:
    """A Postfix of our own: a site's relay and submission server on loopback.

    `smtp_port` takes anything from anybody (STARTTLS offered), `submission_port` (STARTTLS
    required) and `smtps_port` (implicit TLS) take mail after AUTH only, checked by `dovecot`.
    Domains go where `set_transport` says; `BOUNCING`, `DELAYED`, `REFUSED` and `BUSY` misbehave;
    all others are bounced. `settings` are further lines of main.cf.
    """

    def __init__(
        self,
        dovecot: Dovecot,
        transports: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = traversable_folder("postfix")
        self.ca_file = dovecot.ca_file
        self.smtp_port, self.submission_port, self.smtps_port, self.refusing_port = (
            free_port() for _ in range(4)
        )
        refusing = f"smtp:[{HOST}]:{self.refusing_port}"
        self._transports = {BOUNCING: refusing, DELAYED: refusing, **(transports or {})}
        self._prepare(dovecot, settings or {})
        run(program("postfix"), "-c", str(self.folder / "etc"), "check")
        # The master itself, not "postfix start-fg", whose shell does not pass on signals.
        daemons = run(program("postconf"), "-dh", "daemon_directory").strip()
        command = [f"{daemons}/master", "-c", str(self.folder / "etc"), "-s"]
        ports = [self.smtp_port, self.submission_port, self.smtps_port, self.refusing_port]
        self._server = Foreground(command, ports, self.folder / "postfix.out")
        self.start()

    def _prepare(self, dovecot: Dovecot, settings: Mapping[str, str]) -> None:
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        main = {**self._main(dovecot), **settings}
        lines = [f"{name} = {value}\n" for name, value in main.items()]
        (self.folder / "etc" / "main.cf").write_text("".join(lines))
        master = _MASTER.format(
            **vars(self),
            refusals=_access({BOUNCING: NO_SUCH_USER, DELAYED: "450 4.2.0 Try again later"}),
        )
        (self.folder / "etc" / "master.cf").write_text(master)
        self._write_transports()

    def _main(self, dovecot: Dovecot) -> dict[str, str]:
        pair = dovecot.authority.issue("postfix")
        access = _access({REFUSED: NO_SUCH_USER, BUSY: "450 4.2.0 Busy"})
        return {
            "compatibility_level": "3.6",
            "queue_directory": f"{self.folder}/queue",
            "data_directory": f"{self.folder}/data",
            "maillog_file": f"{self.folder}/mail.log",
            "maillog_file_prefixes": str(self.folder),
            "myhostname": "relay.example",
            "mydestination": "",
            "mynetworks": "127.0.0.0/8",
            "inet_interfaces": HOST,
            "inet_protocols": "ipv4",
            "smtp_dns_support_level": "disabled",
            "smtp_host_lookup": "native",
            "lmtp_host_lookup": "native",
            "smtpd_peername_lookup": "no",
            "recipient_delimiter": "+",
            "alias_maps": "",
            "alias_database": "",
            "notify_classes": "",
            "biff": "no",
            "local_transport": "error:5.1.1 no local mail",
            "default_transport": "error:5.4.4 no route to this domain",
            "transport_maps": f"hash:{self.folder}/etc/transport",
            "relay_domains": f"hash:{self.folder}/etc/transport",
            "smtpd_recipient_restrictions": f"check_recipient_access {access}",
            "smtpd_relay_restrictions": "permit_mynetworks,reject",
            "smtpd_tls_security_level": "may",
            "smtpd_tls_cert_file": str(pair.cert),
            "smtpd_tls_key_file": str(pair.key),
            "smtpd_sasl_auth_enable": "yes",
            "smtpd_sasl_type": "dovecot",
            "smtpd_sasl_path": f"inet:{HOST}:{dovecot.auth_port}",
            "smtpd_error_sleep_time": "0",
            "smtpd_client_connection_count_limit": "0",
            "queue_run_delay": "2s",
            "minimal_backoff_time": "2s",
            "maximal_backoff_time": "10s",
            # A reload may end a delivery agent while it takes its order; by default the queue
            # manager then leaves the whole transport alone for a minute.
            "transport_retry_time": "2s",
        }

    def _write_transports(self) -> None:
        path = self.folder / "etc" / "transport"
        path.write_text("".join(f"{domain} {to}\n" for domain, to in self._transports.items()))
        run(program("postmap"), "-c", str(self.folder / "etc"), f"hash:{path}")

    def set_transport(self, domain: str, transport: str) -> None:
        """Route a domain, for example to "lmtp:inet:[127.0.0.1]:2424"; in force on return."""
        self._transports[domain] = transport
        self._write_transports()
        self._reload()

    def route_to_lmtp(self, domain: str, port: int) -> None:
        """Route a domain to the LMTP listener on a loopback port."""
        self.set_transport(domain, f"lmtp:inet:[{HOST}]:{port}")

    def route_to_smtp(self, domain: str, port: int) -> None:
        """Route a domain to the SMTP listener on a loopback port."""
        self.set_transport(domain, f"smtp:[{HOST}]:{port}")

    def _reload(self) -> None:
        """Make the resident processes forget the routes that they have looked up."""
        before = self.log().count("postfix/master[")
        os.kill(self._server.pid, signal.SIGHUP)
        eventually(lambda: self.log().count("postfix/master[") > before, 10, "postfix reloaded")

    def start(self) -> None:
        """Start, on the same ports and with the same queue as before."""
        self._server.start()

    def stop(self) -> None:
        """Stop; the queue stays for `start`."""
        self._server.stop()

    def close(self) -> None:
        """Stop for good and delete everything."""
        self.stop()
        remove(self.folder)

    def flush(self) -> None:
        """Try to deliver all queued mail now."""
        run(program("postqueue"), "-c", str(self.folder / "etc"), "-f")

    def queue(self) -> list[dict[str, Any]]:
        """Return the queue as postqueue -j describes it: queue_name, sender, recipients, …"""
        listing = run(program("postqueue"), "-c", str(self.folder / "etc"), "-j")
        return [json.loads(line) for line in listing.splitlines()]

    def log(self) -> str:
        """Return what the server has logged so far."""
        path = self.folder / "mail.log"
        return path.read_text(errors="replace") if path.exists() else ""
