"""inboxd: an email-first shared inbox daemon."""

__version__ = "0.1.0"
