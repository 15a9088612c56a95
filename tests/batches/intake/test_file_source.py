"""Files are inspected, as earlier ones were read if they fit, and the result is stored with their batch."""

from __future__ import annotations

import io

from batchbook.batches import Batch
from batchbook.batches.intake import RememberedMapping
from batchbook.batches.intake.file_source import inspect, store_intake, stored_intake
from batchbook.tables.report import Reading

from .fields import FIELDS
from .inspected import TABLE, inspected


def test_an_intake_is_stored_in_its_batch() -> None:
    batch = Batch(params={"other": 1})
    assert stored_intake(batch) is None
    intake = inspected()
    store_intake(batch, intake)
    assert batch.params["other"] == 1
    stored = stored_intake(batch)
    assert stored is not None
    assert (stored.mapping, stored.reading, stored.suggestion.reasons) == (
        intake.mapping,
        intake.reading,
        intake.suggestion.reasons,
    )


def test_a_reading_that_was_chosen_before_is_used_again() -> None:
    before = inspected()
    semicolons = TABLE.replace(",", ";")
    chosen = Reading(delimiter=";")
    remembered = RememberedMapping(before.mapping, "last time for V1", reading=chosen)
    found = inspect("list.csv", io.BytesIO(semicolons.encode()), FIELDS, remembered=remembered)
    assert (found.chosen.delimiter, found.mapping.columns) == (";", before.mapping.columns)
