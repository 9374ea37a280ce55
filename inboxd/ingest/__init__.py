"""Mail comes in: SMTP and LMTP, IMAP, files and archives. Every way ends in the journal."""
