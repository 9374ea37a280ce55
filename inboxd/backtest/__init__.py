"""Other rules over the same past: what would have been done otherwise.

`past` reads the journal and the history of conversations, and writes nothing. `scratch` is a
database that is thrown away, in which `replay` lets the same mails come and the same people act
again, at the same times; rules, timers and limits work there as they do in the daemon. `changes` is
what rules did, and `difference` compares it.
"""
