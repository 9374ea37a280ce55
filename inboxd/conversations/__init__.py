"""What a mail means: its conversation, its reply tags, and what states there are. Pure."""
