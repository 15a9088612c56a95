"""Detection of the delimiter: the character under which the rows of a text agree with each other."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Sequence

from batchbook.errors import BadInput
from batchbook.tables.layout.header_heuristics import header_names
from batchbook.tables.raw_rows import SAMPLE, is_blank

#: The characters that are tried, the usual ones first; a person can say any other.
DELIMITERS = (",", ";", "\t", "|", ":")

# How many of the rows must agree about their number of cells, without a known heading.
_AGREEMENT = 0.6


def check_delimiter(requested: str) -> None:
    """Raise ``BadInput`` for a delimiter that cannot separate cells."""
    if len(requested) != 1 or requested in '"\r\n\x00':
        raise BadInput(
            f"“{requested[:20]}” cannot separate cells: a delimiter is one character, and neither a quotation mark nor a"
            " line end."
        )


def guess_delimiter(text: str, expected: Collection[str]) -> str:
    """Return the delimiter of a text, guessed from its beginning; ``expected`` are headings that it may have.

    A header row alone proves nothing, since a heading may hold a comma, and amounts hold the decimal sign.
    """
    tables = {mark: _records(text, mark) for mark in DELIMITERS}
    scores = {mark: _score(table, mark, expected) for mark, table in tables.items()}
    best = max(DELIMITERS, key=scores.__getitem__)
    if scores[best] > (0, 0.0, 0):
        return best
    # One column: what separates nothing there keeps its texts whole.
    return next((mark for mark, table in tables.items() if max(map(len, table), default=1) == 1), ",")


def _records(text: str, delimiter: str) -> list[list[str]]:
    records: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if not is_blank([delimiter.join(record)]):
                records.append(record)
            if len(records) == SAMPLE:
                break
    except csv.Error:
        pass  # A cell that is too long: what came before it tells enough.
    return records


def _score(records: Sequence[Sequence[str]], mark: str, expected: Collection[str]) -> tuple[int, float, int]:
    """Return the score of ``mark`` as delimiter: known headings first, then the share of rows that agree, then cells."""
    widths = Counter(map(len, records))
    width = max((width for width in widths if width > 1), key=lambda width: widths[width] * width, default=1)
    if width == 1:
        return 0, 0.0, 0
    first = (record for record in records[:50] if len(record) > 1)
    hits = max((len(set(header_names(record)) & set(expected)) for record in first), default=0)
    agreement = widths[width] / len(records)
    # Times and addresses hold colons, so all rows must agree, with the headings.
    wanted = 1.0 if mark == ":" else _AGREEMENT
    if agreement < wanted and not hits:
        return 0, 0.0, 0
    return hits, agreement, width
