"""What a mail says: pure reading and writing of messages, no I/O and no clock."""
