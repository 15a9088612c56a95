"""The data of a benchmark: a catalogue of so many products, a price list, and a table to import, as files.

Everything follows from the number of a product, so each run and each machine has the same values.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import xlsxwriter

#: The headings of the three files.
CATALOGUE = (
    "item_code", "description", "department", "category", "brand", "size", "vendor_code", "price", "on_hand",
)  # fmt: skip
PRICE_LIST = ("item_code", "description", "size", "price")
IMPORT = ("item_code", "description", "size", "category", "brand", "price", "on_hand", "vendor")
#: The number of vendors.
VENDORS = 500
#: One line of a price list in so many names no product.
_UNKNOWN = 150
#: By how many per cent prices change, in turn: most rise, some fall, some stay.
_CHANGES = (5, -3, 12, 0, 2, 30, -8, 0, 1, 4)
#: The different texts of prices that are none.
WORDINGS = 50
#: A prime, by which tables name products in no order.
_STRIDE = 7_919


@dataclass(frozen=True)
class Inputs:
    """The files of one size: ``rows`` lines each. ``workbook`` is the table to import as XLSX, ``None`` where it is too large."""

    rows: int
    catalogue: Path
    price_list: Path
    table: Path
    workbook: Path | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the files as plain data, for another process."""
        return {
            name: str(value) if isinstance(value, Path) else value for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the files that :meth:`to_json` returned."""
        return cls(**{name: Path(value) if isinstance(value, str) else value for name, value in data.items()})


def make_inputs(folder: Path, rows: int, *, workbook: bool = False) -> Inputs:
    """Write the files for ``rows`` rows into ``folder``; return where they are."""
    catalogue, price_list, table = (
        folder / f"{name}-{rows}.csv" for name in ("catalogue", "price-list", "import")
    )
    write_csv(catalogue, CATALOGUE, map(_product, range(rows)))
    write_csv(price_list, PRICE_LIST, price_list_lines(rows))
    write_csv(table, IMPORT, import_lines(rows))
    book = _write_workbook(folder / f"import-{rows}.xlsx", rows) if workbook else None
    return Inputs(rows, catalogue, price_list, table, book)


def write_csv(path: Path, heading: Iterable[str], lines: Iterable[Sequence[str]]) -> Path:
    """Write a table to ``path`` and return that."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(heading)
        writer.writerows(lines)
    return path


def price_list_lines(rows: int, unusable: int = 0) -> Iterator[Sequence[str]]:
    """Yield the lines of a price list of a catalogue of ``rows`` products.

    Of each ten lines, the first ``unusable`` have a price that is none, in one of :data:`WORDINGS` wordings.
    """
    for number in range(rows):
        code = f"NEW-{number:08d}" if number % _UNKNOWN == _UNKNOWN - 1 else item_code(number)
        cents = (_cents(number) * (100 + _CHANGES[number % len(_CHANGES)]) + 50) // 100
        price = f"ask {number // 10 % WORDINGS}" if number % 10 < unusable else _price(cents)
        yield code, _description(number), _size(number), price


def import_lines(rows: int) -> Iterator[Sequence[str]]:
    """Yield the lines of a table to import: half of its products are in the catalogue, and a third of those changed.

    They come in no order. One line in a thousand has the key of another one, one the code of a vendor that is none.
    """
    for line in range(rows):
        number = line * _STRIDE % rows
        if line % 1_000 == 500:
            number = (line - 1) * _STRIDE % rows
        code = item_code(number) if number < rows // 2 else f"N{number:08d}"
        vendor = "V9999" if line % 1_000 == 700 else _vendor(number)
        cents = _cents(number) + (number % 3 == 0)
        yield (
            code, _description(number), _size(number), f"CATEGORY {number % 90}", f"Brand {number % 800}",
            _price(cents), str(number * 13 % 500), vendor,
        )  # fmt: skip


def item_code(number: int) -> str:
    """Return the item code of a product of the catalogue."""
    return f"{number:09d}"


def _product(number: int) -> Sequence[str]:
    return (
        item_code(number), _description(number), "", f"CATEGORY {number % 90}", f"Brand {number % 800}", _size(number),
        _vendor(number), _price(_cents(number)), str(number * 13 % 500),
    )  # fmt: skip


def _description(number: int) -> str:
    kind = ("BREAD", "SOUP", "TEA", "SOAP", "OATS", "RICE", "JAM")[number % 7]
    return f"ORGANIC {kind} {number * 31 % 10_007} NO {number}"


def _size(number: int) -> str:
    return f"{number % 64 + 1} OZ"


def _vendor(number: int) -> str:
    return f"V{number % VENDORS:04d}"


def _cents(number: int) -> int:
    return 100 + number * 37 % 9_900


def _price(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _write_workbook(path: Path, rows: int) -> Path:
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, IMPORT)
    for number, (*texts, price, on_hand, vendor) in enumerate(import_lines(rows), 1):
        sheet.write_row(number, 0, [*texts, float(price), int(on_hand), vendor])
    book.close()
    return path
