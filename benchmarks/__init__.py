"""Batchbook beside the database's own floor: time, memory, statements, pages, and many people at once.

``python -m benchmarks`` (or ``make bench``) measures and prints; ``--help`` lists its options. :mod:`benchmarks.floors` tells
what the bare scripts do with which Batchbook is compared, and ``README.md`` how to read the tables.
"""
