"""Batchbook against the database's own floor: how long, how much memory, how many statements, and what a page costs.

``python -m benchmarks`` (or ``make bench``) measures and prints; ``--help`` lists its options. What the bare script
does, with which Batchbook is compared, is said in :mod:`benchmarks.bare`.
"""
