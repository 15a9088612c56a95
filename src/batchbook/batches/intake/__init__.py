"""Intake of files: columns that fill the fields of rows, found by inspection, chosen by people, and remembered."""

from __future__ import annotations

from batchbook.batches.intake.field_mapping import IntakeField, IntakeMapping, fields_of, headings_of
from batchbook.batches.intake.suggestions import RememberedMapping, Suggestion, suggest

__all__ = [
    "IntakeField",
    "IntakeMapping",
    "RememberedMapping",
    "Suggestion",
    "fields_of",
    "headings_of",
    "suggest",
]
