"""The demo: a customer and two agents played through a real daemon on loopback."""
