"""What is measured: a catalogue, and a price list of nearly all of its products.

Real products where the whole data set lies beside the project, else the packaged ones, repeated under further item
codes until there are enough.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from batchbook.demo import CATALOG

_BESIDE = Path(__file__).parents[2] / "shared" / "data" / "catalog.csv"
#: One row in so many is not in the catalogue.
_UNKNOWN = 150
#: By how many per cent prices change, in turn: most rise, some fall, some stay.
_CHANGES = (5, -3, 12, 0, 2, 30, -8, 0, 1, 4)


@dataclass(frozen=True)
class Input:
    """The files of one measurement: ``rows`` lines of a price list, and the catalogue it belongs to."""

    catalog: Path
    price_list: Path
    rows: int


def source() -> Path:
    """Return the file whose products are used."""
    return _BESIDE if _BESIDE.exists() else CATALOG


def make_input(server: Path, rows: int) -> Input:
    """Write a price list of ``rows`` lines and its catalogue into the folder ``place``."""
    products = list(islice(_products(), max(rows - rows // _UNKNOWN, 1)))
    catalog, price_list = server / "catalog.csv", server / f"price-list-{rows}.csv"
    _write(catalog, products[0], (product.values() for product in products))
    _write(price_list, ("item_code", "description", "size", "price"), _price_list(products, rows))
    return Input(catalog, price_list, rows)


def _products() -> Iterator[dict[str, str]]:
    with source().open(encoding="utf-8-sig", newline="") as file:
        originals = list(csv.DictReader(file))
    yield from originals
    for repetition in count(1):
        for product in originals:
            yield product | {"item_code": f"{product['item_code']}-{repetition}"}


def _price_list(products: list[dict[str, str]], rows: int) -> Iterator[tuple[str, ...]]:
    for index in range(rows):
        product = products[index % len(products)]
        code = product["item_code"] if index < len(products) else f"NEW-{index:08d}"
        cents = round(float(product["price"]) * (100 + _CHANGES[index % len(_CHANGES)]))
        yield code, product["description"], product["size"], f"{max(cents, 1) / 100:.2f}"


def _write(path: Path, header: Iterable[str], lines: Iterable[Iterable[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(lines)
