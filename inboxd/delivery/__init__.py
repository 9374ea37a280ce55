"""Mail goes out: transports, the courier that works off the outbox, and when to try again."""
