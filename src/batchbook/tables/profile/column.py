"""Profile of one column, gathered chunk by chunk in bounded memory, and the evidence that it keeps."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import islice
from typing import NamedTuple

from batchbook.grid.parsers import quoted
from batchbook.tables.normalise import MarkKind, find_marks, mark_remover, may_be_marked
from batchbook.tables.normalise.dates import has_short_year, possible_orders
from batchbook.tables.normalise.number_marks import has_other_digits, plain_digits, strip_invisible
from batchbook.tables.profile.shapes import (
    SURE_DIGITS,
    TEXT,
    WORDS,
    ShapeClass,
    classify_shape,
    needs_classifying,
    shapes_of,
)

#: The number of rows that are kept.
KEPT_ROWS = 5


class Evidence:
    """The number of times that something was found, and the first rows with their texts."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[tuple[int, str]] = []

    def __bool__(self) -> bool:
        """Return whether it was found at all."""
        return self.count > 0

    @property
    def wanted(self) -> int:
        """The number of further rows to keep."""
        return KEPT_ROWS - len(self.first)

    @property
    def rows(self) -> tuple[int, ...]:
        """The numbers of the first rows, in order."""
        return tuple(row for row, _ in self.first)

    @property
    def example(self) -> str:
        """The first text and its row, as part of a sentence."""
        row, text = self.first[0]
        return f"{quoted(text.strip())} in row {row}"

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of the first rows, each once."""
        return tuple(dict.fromkeys(text.strip() for _, text in self.first))

    def keep(self, row: int, text: str) -> None:
        """Keep the row and text of an occurrence that was counted, unless there are enough."""
        if self.wanted:
            self.first.append((row, text))


def merge_evidence(several: Iterable[Evidence]) -> Evidence:
    """Return several pieces of evidence as one, with the first of all rows."""
    whole = Evidence()
    kept = []
    for sightings in several:
        whole.count += sightings.count
        kept += sightings.first
    whole.first = sorted(kept)[:KEPT_ROWS]
    return whole


# The number of different examples that are kept, and of the cells among which they are searched.
_EXAMPLES, _AMONG = 5, 20_000
#: The number of characters that are kept of an example.
_LONGEST_EXAMPLE = 100
#: The number of different texts in the cache, so that equal ones are examined once.
_MOST_KNOWN_TEXTS = 20_000

# A whole part that is only a zero: the sign behind it groups nothing.
_ZERO_FIRST = re.compile(r"[^0-9.,]*0[.,][0-9]")
_ZERO_CODE = re.compile(rb"(?<=\n)0[0-9]+(?=\n)")
# The first bytes of characters from Arabic letters on; before these, no script has digits of its own.
_BEYOND_LATIN = re.compile(rb"[\xd9-\xff]")
_NO_BREAK = re.compile("[\u00a0\u202f\u2007]")
_NO_BREAK_BYTES = tuple(mark.encode() for mark in "\u00a0\u202f\u2007")


class _Cells(NamedTuple):
    """The cells of a chunk: rows, texts, shapes, and the texts as bytes between line ends."""

    numbers: Sequence[int]
    texts: Sequence[str]
    shapes: Sequence[bytes]
    data: bytes

    def with_shapes(self, some: Set[bytes]) -> Sequence[str]:
        """Return the texts that have one of ``some`` shapes."""
        if all(map(some.__contains__, self.shapes)):
            return self.texts
        return [text for text, shape in zip(self.texts, self.shapes, strict=True) if shape in some]


class ColumnProfile:
    """The profile of one column. Chunks are fed in order; only counts and some examples are kept."""

    def __init__(self) -> None:
        self.cells = 0
        self.blank = 0
        self.examples: dict[str, None] = {}
        self.looks: defaultdict[ShapeClass, Evidence] = defaultdict(Evidence)
        #: Days whose order is open, by the order that they show: dmy, mdy, either or none.
        self.orders: defaultdict[str, Evidence] = defaultdict(Evidence)
        #: Further evidence by code: leading-zeros, no-break, zero-first, lost-digits, short-years.
        self.seen: defaultdict[str, Evidence] = defaultdict(Evidence)
        #: The number of texts that begin with each kind of spreadsheet marker, and their evidence.
        self.marks: Counter[MarkKind] = Counter()
        self.marked: defaultdict[MarkKind, Evidence] = defaultdict(Evidence)
        #: Whether one of the cells has a character beyond ASCII.
        self.beyond_ascii = False
        self._known_orders: dict[str, tuple[str, bool]] = {}

    @property
    def filled(self) -> int:
        """The number of cells that are not blank."""
        return self.cells - self.blank

    def feed(self, numbers: Sequence[int], texts: Sequence[str]) -> None:
        """Count the texts of the rows with these ``numbers``."""
        data = _joined(texts)
        if may_be_marked(data):
            texts = self._without_marks(numbers, texts)
            data = _joined(texts)
        if not data.isascii():
            self.beyond_ascii = True
            texts, data = self._with_plain_digits(numbers, texts, data)
        cells = _Cells(numbers, texts, shapes_of(data).split(b"\n")[1:-1], data)
        counted = Counter(cells.shapes)
        self.cells += len(texts)
        self.blank += counted.pop(b"", 0)
        if counted:
            if len(self.examples) < _EXAMPLES and self.cells <= _AMONG:
                self._keep_examples(texts)
            self._look(cells, counted)
            self._note(cells)

    def _without_marks(self, numbers: Sequence[int], texts: Sequence[str]) -> Sequence[str]:
        """Count the texts with a marker; return all texts, those markers removed that codes may have."""
        found = find_marks(texts)
        self.marks.update(found.values())
        for place, mark in found.items():
            seen = self.marked[mark]
            seen.count += 1
            seen.keep(numbers[place], texts[place])
        plain = mark_remover("codes")
        return [plain(text.strip()) if place in found and plain else text for place, text in enumerate(texts)]

    def _with_plain_digits(
        self, numbers: Sequence[int], texts: Sequence[str], data: bytes
    ) -> tuple[Sequence[str], bytes]:
        """Count the codes in digits of other scripts; return all texts, these with the usual digits, and their bytes."""
        if not (_BEYOND_LATIN.search(data) and has_other_digits("".join(texts))):
            return texts, data
        plain = [*map(plain_digits, texts)]
        seen = self.seen["other-digits"]
        for number, text, understood in zip(numbers, texts, plain, strict=True):
            if understood is not text:
                seen.count += 1
                seen.keep(number, text)
        return plain, _joined(plain)

    def _keep_examples(self, texts: Sequence[str]) -> None:
        for text in texts:
            if text.strip():
                self.examples[
                    text if len(text) <= _LONGEST_EXAMPLE else f"{text[: _LONGEST_EXAMPLE - 1]}…"
                ] = None
                if len(self.examples) == _EXAMPLES:
                    return

    def _look(self, cells: _Cells, counted: Counter[bytes]) -> None:
        classified = _shapes_to_classify(cells, counted)
        by_look: defaultdict[ShapeClass, set[bytes]] = defaultdict(set)
        by_detail: defaultdict[str, set[bytes]] = defaultdict(set)
        for shape in classified:
            look = classify_shape(shape)
            by_look[look].add(shape)
            for detail in _details_of(look):
                by_detail[detail].add(shape)
        for look, shapes in by_look.items():
            self._count(look, sum(map(counted.__getitem__, shapes)), shapes, cells)
        self._count_texts(cells, counted.total() - sum(map(counted.__getitem__, classified)), classified)
        for detail, shapes in by_detail.items():
            _DETAILS[detail](self, cells, Counter(cells.with_shapes(shapes)))

    def _count(self, look: ShapeClass, count: int, shapes: Set[bytes], cells: _Cells) -> None:
        if look.what == "blank":
            self.blank += count
            return
        seen = self.looks[look]
        seen.count += count
        places = (place for place, shape in enumerate(cells.shapes) if shape in shapes)
        for place in islice(places, min(count, seen.wanted)):
            seen.keep(cells.numbers[place], cells.texts[place])

    def _count_texts(self, cells: _Cells, count: int, classified: Set[bytes]) -> None:
        if not count:
            return
        seen = self.looks[TEXT]
        seen.count += count
        if seen.wanted:
            for shape, number, text in zip(cells.shapes, cells.numbers, cells.texts, strict=True):
                if shape and shape not in classified:
                    seen.keep(number, text)

    def _note(self, cells: _Cells) -> None:
        if b"\n0" in cells.data:
            codes = Counter(_ZERO_CODE.findall(cells.data))
            self._see("leading-zeros", cells, {code.decode(): count for code, count in codes.items()})
        if any(mark in cells.data for mark in _NO_BREAK_BYTES):
            self._see("no-break", cells, Counter(filter(_NO_BREAK.search, cells.texts)))

    def _see(self, code: str, cells: _Cells, texts: Mapping[str, int]) -> None:
        seen = self.seen[code]
        for text, count in texts.items():
            seen.count += count
            if seen.wanted:
                seen.keep(cells.numbers[cells.texts.index(text)], text)

    def _note_orders(self, cells: _Cells, texts: Mapping[str, int]) -> None:
        short: dict[str, int] = {}
        for text, count in texts.items():
            order, is_short = self._order_of(text)
            seen = self.orders[order]
            seen.count += count
            if seen.wanted:
                seen.keep(cells.numbers[cells.texts.index(text)], text)
            if is_short:
                short[text] = count
        self._see("short-years", cells, short)

    def _order_of(self, text: str) -> tuple[str, bool]:
        known = self._known_orders.get(text)
        if known is None:
            if len(self._known_orders) >= _MOST_KNOWN_TEXTS:
                self._known_orders.clear()
            plain = " ".join(strip_invisible(text).split())
            known = self._known_orders[text] = possible_orders(plain), has_short_year(plain)
        return known

    def _note_signs(self, cells: _Cells, texts: Mapping[str, int]) -> None:
        for sign in (".", ","):
            clear = {text: count for text, count in texts.items() if _ZERO_FIRST.match(text) and sign in text}
            self._see(f"zero-first{sign}", cells, clear)

    def _note_ends(self, cells: _Cells, texts: Mapping[str, int]) -> None:
        """Note long numbers that end in zeros behind the digits that a spreadsheet keeps."""
        lost = {
            text: count
            for text, count in texts.items()
            if text.rstrip().endswith("0") and not re.sub("[^0-9]", "", text)[SURE_DIGITS:].strip("0")
        }
        self._see("lost-digits", cells, lost)


_DETAILS: dict[str, Callable[[ColumnProfile, _Cells, Mapping[str, int]], None]] = {
    "order": ColumnProfile._note_orders,
    "sign": ColumnProfile._note_signs,
    "ends": ColumnProfile._note_ends,
}


def _joined(texts: Sequence[str]) -> bytes:
    """Return the texts as bytes, each between line ends; a line end within a text becomes a NUL byte."""
    joined = "\n".join(texts)
    if joined.count("\n") >= max(1, len(texts)):
        joined = "\n".join(text.replace("\n", "\0") for text in texts)
    return f"\n{joined}\n".encode("utf-8", "surrogatepass")


def _shapes_to_classify(cells: _Cells, counted: Counter[bytes]) -> set[bytes]:
    """Return the shapes that may be more than texts."""
    worth = {*filter(needs_classifying, counted), *(WORDS & counted.keys())}
    if b" \n" in cells.data:
        worth.update(shape for shape in counted if shape.endswith(b" ") and len(shape) < _LONGEST_EXAMPLE)
    return worth


def _details_of(look: ShapeClass) -> Iterator[str]:
    if look.open:
        yield "order"
    if look.sign.endswith("?"):
        yield "sign"
    if look.long:
        yield "ends"
