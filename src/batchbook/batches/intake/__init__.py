"""Intake of files: columns that fill the fields of rows, found by inspection, chosen by people, and remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.batches.intake.field_mapping import IntakeField as IntakeField
    from batchbook.batches.intake.field_mapping import IntakeMapping as IntakeMapping
    from batchbook.batches.intake.field_mapping import fields_of as fields_of
    from batchbook.batches.intake.field_mapping import headings_of as headings_of
    from batchbook.batches.intake.suggestions import RememberedMapping as RememberedMapping
    from batchbook.batches.intake.suggestions import Suggestion as Suggestion
    from batchbook.batches.intake.suggestions import suggest as suggest
else:
    __getattr__ = lazy_exports(__name__)
