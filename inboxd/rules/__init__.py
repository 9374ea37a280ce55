"""What the shop wants: rules in YAML, read and checked once, asked about every event.

Pure but for `loader`, which reads the files that it is given.
"""
