"""What we say: contexts, the sandbox that renders them, canned replies and the shipped *.j2."""
