"""What is known of a batch's file before its rows are read, as the batch keeps it in its parameters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from batchbook.batches.intake.fields import IntakeField
from batchbook.batches.intake.mapping import IntakeMapping
from batchbook.batches.intake.questions import asks_about
from batchbook.batches.intake.suggesting import Suggestion
from batchbook.batches.issues import storable
from batchbook.batches.models import Batch
from batchbook.tables.choices import Reading
from batchbook.tables.report import Report

#: Characters of a cell that are kept of the first rows; all of them are in the file.
_SHOWN = 500
_KEYS = frozenset({"said", "reading", "report", "mapping", "suggested"})


@dataclass(frozen=True)
class Intake:
    """What was ``said`` of how to read the file, the ``report`` of it, and which columns fill which fields.

    ``decided`` tells that a person looked at the columns and chose; ``name`` is that of the saved mapping, if one was
    chosen.
    """

    said: Reading
    report: Report
    suggestion: Suggestion = field(default_factory=lambda: Suggestion(IntakeMapping()))
    decided: bool = False
    name: str = ""

    @property
    def mapping(self) -> IntakeMapping:
        """What is certain of the mapping."""
        return self.suggestion.mapping

    @property
    def reading(self) -> Reading:
        """How the file is read, complete."""
        return self.report.reading

    @property
    def is_said(self) -> bool:
        """Whether somebody said how to read the file; else all of it is guessed."""
        return self.said != Reading()

    def is_plain(self, fields: Iterable[IntakeField]) -> bool:
        """Return whether there is nothing that a person should look at before rows are read."""
        wanted = tuple(fields)
        asks = any(asks_about(note, wanted, self.mapping) for note in self.report.notes)
        # A column that fills nothing may well be what a field lacks, under a name that is not known.
        lacks = self.suggestion.unused and not all(self.mapping.fills(one.name) for one in wanted)
        return not (asks or lacks or self.suggestion.guesses or self.suggestion.missing(wanted))

    def keep_in(self, batch: Batch) -> None:
        """Keep it in the parameters of ``batch``, instead of what was there."""
        kept = {
            "said": self.said.to_json(),
            "reading": self.reading.to_json(),
            "report": _shortened(self.report.to_json()),
            "mapping": self.mapping.to_json(),
            "suggested": {
                "guesses": dict(self.suggestion.guesses),
                "reasons": dict(self.suggestion.reasons),
                "decided": self.decided,
                "name": self.name,
            },
        }
        batch.params = {**(batch.params or {}), **storable_json(kept)}

    @classmethod
    def kept_in(cls, batch: Batch) -> Self | None:
        """Return what :meth:`keep_in` kept; ``None`` if nothing was."""
        params = batch.params or {}
        if not params.keys() >= _KEYS:
            return None
        suggested = params["suggested"]
        mapping = IntakeMapping.from_json(params["mapping"])
        return cls(
            Reading.from_json(params["said"]),
            Report.from_json(params["report"]),
            Suggestion(mapping, suggested["guesses"], suggested["reasons"]),
            suggested["decided"],
            suggested["name"],
        )


def _shortened(report: dict[str, Any]) -> dict[str, Any]:
    rows = [(number, [cell[:_SHOWN] for cell in cells]) for number, cells in report["first_rows"]]
    return {**report, "first_rows": rows}


def storable_json(value: Any) -> Any:
    """Return JSON without characters that no database stores, which texts of a file may have."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(key)): storable_json(part) for key, part in value.items()}
    return [*map(storable_json, value)] if isinstance(value, list | tuple) else value
