"""Killing processes at random while they work, and looking at every batch afterwards: ``python -m soak --help``."""
