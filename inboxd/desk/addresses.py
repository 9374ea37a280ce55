"""Which mailboxes a recipient address belongs to (pure)."""

from __future__ import annotations

from collections.abc import Iterable

from inboxd.config import Config, Mailbox
from inboxd.conversations.tokens import ReplyAddressPattern


class AddressBook:
    """The shop's own addresses, plus-addresses and reply addresses included."""

    def __init__(self, config: Config) -> None:
        self._mailboxes = [
            (mailbox, address, ReplyAddressPattern.parse(mailbox.reply_address))
            for mailbox in config.mailboxes
            for address in mailbox.addresses
        ]

    def mailbox_for(self, recipient: str) -> Mailbox | None:
        """Return the mailbox that takes mail for `recipient`, or None."""
        key = recipient.casefold()
        for mailbox, address, _ in self._mailboxes:  # before patterns: b+sales@ may be a mailbox
            if key == address.casefold():
                return mailbox
        for mailbox, address, pattern in self._mailboxes:
            if pattern.owns(recipient, address):
                return mailbox
        local, _, domain = key.rpartition("@")
        plain = f"{local.partition('+')[0]}@{domain}"
        for mailbox, address, _ in self._mailboxes:
            if plain == address.casefold():
                return mailbox
        return None

    def owns(self, address: str) -> bool:
        """Return whether `address` is one of the shop's."""
        return self.mailbox_for(address) is not None

    def by_mailbox(self, recipients: Iterable[str]) -> dict[str, list[str]]:
        """Return the recipients that are ours, by the name of their mailbox."""
        found: dict[str, list[str]] = {}
        for recipient in recipients:
            mailbox = self.mailbox_for(recipient)
            if mailbox is not None:
                found.setdefault(mailbox.name, []).append(recipient)
        return found
