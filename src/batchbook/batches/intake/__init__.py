"""Taking in files: which column of a file fills which field of a row, found, said by people, and remembered."""

from __future__ import annotations

from batchbook.batches.intake.fields import IntakeField, fields_of, headings_of
from batchbook.batches.intake.mapping import IntakeMapping
from batchbook.batches.intake.suggesting import Remembered, Suggestion, suggest

__all__ = [
    "IntakeField",
    "IntakeMapping",
    "Remembered",
    "Suggestion",
    "fields_of",
    "headings_of",
    "suggest",
]
