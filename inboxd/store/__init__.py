"""What inboxd remembers: tables (SQLModel), one query module a table family, migrations."""
