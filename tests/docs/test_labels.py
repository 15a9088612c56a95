"""The page about labels is true: its template can be printed, and its papers, fields and list are those that there are."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

from tests.types.labels.printed import barcodes, pdf_of, texts

from batchbook.demo import CATALOG
from batchbook.types.labels.shipped_templates import SHIPPED
from batchbook.types.labels.templates import FIELDS, problems_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "types" / "labels.md").read_text()


def test_the_template_of_the_page_can_be_printed() -> None:
    (source,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    found: dict[str, Any] = {}
    exec(source, found)
    (template,) = found["TEMPLATES"]
    assert [*problems_of(template)] == []
    pdf = pdf_of(template, {"description": "Tea", "price": "2.49", "item_code": "000032456"})
    assert barcodes(pdf) == [("QR Code", "https://shop.example/000032456")]
    assert "SALE" in texts(pdf)[0]


def test_its_papers_are_those_of_the_shipped_templates() -> None:
    for template in SHIPPED:
        sizes = template.title.partition("labels of ")[2]
        count = f"{template.sheet.columns} × {template.sheet.rows} of " if template.sheet else ""  # noqa: RUF001
        assert f"| {count}{sizes} |" in PAGE, template.title


def test_it_names_all_fields() -> None:
    assert all(f"`{field}`" in PAGE for field in FIELDS)


def test_the_list_to_try_has_items_of_the_demo_catalogue_but_for_one() -> None:
    with CATALOG.open() as file:
        known = {row["item_code"] for row in csv.DictReader(file)}
    with (CATALOG.parent / "labels-coffee.csv").open() as file:
        listed = [row["item_code"] for row in csv.DictReader(file)]
    assert len(listed) == len(set(listed)) == 24
    assert [code for code in listed if code not in known] == ["000099999"]
