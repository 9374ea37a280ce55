"""Until when certificates are valid."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path


def certificate_end(connection: ssl.SSLSocket | ssl.SSLObject) -> datetime | None:
    """Return until when the peer's verified certificate is valid (UTC), or None."""
    known = connection.getpeercert() or {}
    until = known.get("notAfter")
    if not isinstance(until, str):
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC)


def certificate_in(cert_file: Path, key_file: Path) -> datetime | None:
    """Return until when the certificate in a PEM file is valid, told by a handshake with oneself.

    Raises `ssl.SSLError` where certificate and key do not fit or it is not valid now, and `OSError`
    where a file cannot be read.
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert_file, key_file)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN  # it vouches for itself
    client.load_verify_locations(cert_file)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(there, back, server_side=True)
    peer = client.wrap_bio(back, there)
    done = {"ours": False, "peer": False}
    for _ in range(8):  # more flights than any version of TLS has
        for name, end in (("peer", peer), ("ours", ours)):
            if not done[name]:
                try:
                    end.do_handshake()
                    done[name] = True
                except ssl.SSLWantReadError:
                    pass
        if all(done.values()):
            break
    return certificate_end(peer)
