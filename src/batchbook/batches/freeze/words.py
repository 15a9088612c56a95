"""What the database says when it refuses."""

from __future__ import annotations

#: The number of the batch is not known there.
MESSAGE = "An executed batch is frozen: nothing in it can be changed."
