"""Rule tests: named cases in YAML, played through the real pipeline under a clock of their own.

`cases` says what a file may hold and `files` reads it; `stage` is a shop on a database that is
thrown away, `letters` writes its mail, `play` acts a case out, and `judge` compares.
"""
