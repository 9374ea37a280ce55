"""The command line: reads arguments, calls a function, prints."""
