"""What the batches of a soak are made from: a catalogue, and price lists that share no product."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_CATALOGUE = "item_code,description,department,category,brand,size,vendor_code,price,on_hand\n"
_LIST = "item_code,description,size,price\n"


def code(batch: int, row: int) -> str:
    """Return the item code of a product that only the list of ``batch`` names."""
    return f"{batch:04d}{row:07d}"


def catalogue(batches: int, rows: int) -> Iterator[str]:
    """Yield the lines of a catalogue with a product for each row of each list."""
    yield _CATALOGUE
    for batch in range(batches):
        for row in range(rows):
            yield f"{code(batch, row)},PRODUCT {row},GROCERY,FOOD,ANY,1 KG,V1,10.00,1\n"


def price_list(batch: int, rows: int) -> bytes:
    """Return a list in which every product costs more."""
    lines = (f"{code(batch, row)},PRODUCT {row},1 KG,{11 + row % 7}.00\n" for row in range(rows))
    return "".join((_LIST, *lines)).encode()


def write_catalogue(path: Path, batches: int, rows: int) -> Path:
    """Write the catalogue to ``path``."""
    path.write_text("".join(catalogue(batches, rows)))
    return path
