"""The records of a batch's file, as they stand there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from batchbook.batches.files import input_file, open_file
from batchbook.batches.intake.fields import headings_of
from batchbook.batches.intake.kept import Intake
from batchbook.batches.work import Work
from batchbook.tables.source import open_source


class FileRecords:
    """The records of the batch's file by the number of their row, to be asked for in ascending order."""

    def __init__(self, work: Work, intake: Intake) -> None:
        self._work, self._intake = work, intake
        self._next: Iterator[tuple[int, Sequence[str]]] | None = None
        self._number, self._record = 0, ()  # type: tuple[int, Sequence[str]]

    def at(self, number: int | None) -> Sequence[str]:
        """Return the record in the row ``number``; nothing for one that lies behind, or for a row of no file."""
        if not isinstance(number, int):  # The row names no line, or something stands there that is no number.
            return ()
        self._next = self._next or self._all()
        while self._number < number:
            self._number, self._record = next(self._next, (number + 1, ()))
        return self._record if self._number == number else ()

    def _all(self) -> Iterator[tuple[int, Sequence[str]]]:
        record = input_file(self._work.session, self._work.batch)
        if record is None:
            return
        fields = self._work.handler.intake_fields(self._work.batch)
        with open_file(self._work.session, record) as file:
            source = open_source(record.name, file, self._intake.reading, headings_of(fields))
            for chunk in source.chunks():
                yield from zip(chunk.numbers, chunk.records, strict=True)
