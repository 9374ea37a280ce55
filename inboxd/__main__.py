"""`python -m inboxd`: the same as the command `inboxd`."""

from __future__ import annotations

from inboxd.cli.app import main

if __name__ == "__main__":
    main()
