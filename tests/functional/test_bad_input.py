"""Bad input: files that are not what they should be leave nothing behind; bad cells are kept, shown and named."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine
from webtest import TestApp

import batchbook
from batchbook.services import services_of

from .harness import (
    PATH,
    PRICE_LIST,
    CatalogueDatabase,
    column_of,
    counts_of,
    form_with,
    number_in,
    text_of,
    upload,
    url_of,
    workbook,
)

HEADER = "item_code,description,size,price\n"
ZIP = io.BytesIO()
with zipfile.ZipFile(ZIP, "w") as archive:
    archive.writestr("readme.txt", "no workbook")
    archive.writestr("notes.txt", "more")

#: A file's name, its bytes, and what the refusal must say: what was found, and what is expected.
BAD_FILES: dict[str, tuple[str, bytes, tuple[str, ...]]] = {
    "empty": ("list.csv", b"", ("list.csv", "empty")),
    "blank": ("list.csv", b"\r\n  \r\n", ("“list.csv” has no rows",)),
    "empty workbook": ("list.xlsx", b"", ("list.xlsx", "empty")),
    "binary": ("list.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00", ("list.csv", "not text", "picture")),
    "no such ending": ("list.pdf", b"%PDF-1.7", ("list.pdf", "PDF document", "XLSX or CSV")),
    "a workbook without a row": ("list.csv", workbook([["item_code"]]), ("has a header row, and no row below it",)),
    "an archive called workbook": ("list.xlsx", ZIP.getvalue(), ("archive (ZIP) without a workbook in it",)),
    "half a workbook": ("list.xlsx", workbook([["item_code"]])[:400], ("damaged",)),
}  # fmt: skip

#: Tables that cannot be read as they were guessed to be: their bytes, what the page says, and the settings by which they can.
UNREADABLE_FILES: dict[str, tuple[bytes, str, dict[str, str]]] = {
    "an open quote": (HEADER.encode() + b'1,"open,,1\n', "quotation mark in line 2 that is never closed", {"quoting": "none"}),
    "a workbook of one row": (
        workbook([["Rye", "Bread", "White", "Cheap"]]), "has a header row, and no row below it", {"header_row": "0"},
    ),
    "a text that begins as JSON does": (
        b'{"item_code": 1,description,size,price\n1,a,,1\n', "cannot be read as JSON", {"format": "csv"},
    ),
    "a text of two bytes a character": (
        ("\u4e2d" * 300 + ",price\n" + "\u4e2d" * 300 + ",2\n").encode("utf-16-le"), "NUL bytes", {"encoding": "utf-16-le"},
    ),
}  # fmt: skip

#: Files that are not quite what people are asked for, and can be read all the same.
READABLE_FILES: dict[str, tuple[str, bytes]] = {
    "UTF-16": ("list.csv", PRICE_LIST.encode("utf-16")),
    "no ending": ("list", PRICE_LIST.encode()),
    "a csv called workbook": ("list.xlsx", PRICE_LIST.encode()),
}

#: Files whose characters are a guess, or whose columns are not those of a price list, and so are asked about.
UNCLEAR_FILES: dict[str, bytes] = {
    "not UTF-8": HEADER.encode() + b"1,Caf\xe9,,1.00\n",
    "a missing column": b"item_code,description,size\n1,2,3\n",
    "a doubled column": b"item_code,description,size,price,Price \n1,2,3,4,5\n",
    "no header": b"000000011,RYE BREAD,500 G,2.20\n000000012,WHEAT BREAD,500 G,2.70\n",
}


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_file_that_is_not_quite_what_it_says_is_read_if_it_can_be(
    catalogue: CatalogueDatabase, staff: TestApp, subtests: pytest.Subtests
) -> None:
    for kind, (name, data) in READABLE_FILES.items():
        with subtests.test(kind):
            number = number_in(upload(staff, data, name))
            assert catalogue.batch(number).state == "open"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_file_that_is_not_clear_is_asked_about(
    catalogue: CatalogueDatabase, staff: TestApp, subtests: pytest.Subtests
) -> None:
    for kind, data in UNCLEAR_FILES.items():
        with subtests.test(kind):
            answer = upload(staff, data)
            assert answer.headers["Location"].endswith("/intake")
            assert catalogue.batch(number_in(answer)).state == "new"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_an_unreadable_table_opens_its_settings_with_what_was_found(
    catalogue: CatalogueDatabase, staff: TestApp, subtests: pytest.Subtests
) -> None:
    for kind, (data, words, settings) in UNREADABLE_FILES.items():
        with subtests.test(kind):
            answer = upload(staff, data)
            number = number_in(answer)
            assert answer.headers["Location"].endswith("/intake")
            page = answer.follow()
            assert words in text_of(page, ".notice-error")
            assert "Beginning of the file" in text_of(page)
            # The columns can't be matched yet, and settings that don't help are told from those that do.
            assert staff.get(url_of(number, "mapping")).location.endswith("/intake")
            again = form_with(page, "header_row").submit("do", value="look", status=422)
            assert words in text_of(again)
            form = form_with(again, "header_row")
            for name, value in settings.items():
                form[name] = value
            page = form.submit("do", value="look").follow()
            assert "Beginning of the file" not in text_of(page)
            page = form_with(page, "header_row").submit("do", value="columns").follow()
            assert "column.item_code" in form_with(page, "column.item_code").fields
            assert catalogue.batch(number).state == "new"


@pytest.mark.parametrize("kind", BAD_FILES)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_bad_file_is_explained_and_leaves_no_batch(
    catalogue: CatalogueDatabase, staff: TestApp, kind: str
) -> None:
    name, data, words = BAD_FILES[kind]
    before = catalogue.dump()
    page = upload(staff, data, name, status=422, description="Kept while typing")
    problem = text_of(page, "#error-file") or text_of(page, ".notice-error")
    for word in words:
        assert word in problem
    assert form_with(page, "file")["description"].value == "Kept while typing"
    assert catalogue.dump() == before


def test_a_bad_file_leaves_no_batch_on_either_database(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    before = catalogue.dump()
    for data in (b"", workbook([["item_code", "price"]] * 5_000)[:-100]):
        upload(staff, data, status=422)
    assert {t: r for t, r in catalogue.dump().items() if t != "sqlite_sequence"} == {
        t: r for t, r in before.items() if t != "sqlite_sequence"
    }


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({}, "Give a price list"),
        ({"percent": "lots"}, "Change (%)"),
        ({"percent": "10", "vendor_code": "V9"}, "no vendor “V9”"),
        ({"percent": "10", "department": "TOYS"}, "no department “TOYS”"),
        ({"percent": "-100"}, "Change (%)"),
        ({"percent": "10", "description": "x" * 201}, "Description"),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_header_that_makes_no_sense_is_explained_and_leaves_no_batch(
    catalogue: CatalogueDatabase, staff: TestApp, header: dict[str, str], words: str
) -> None:
    before = catalogue.dump()
    form = form_with(staff.get(f"{PATH}/new"), "percent")
    for field, value in header.items():
        form[field] = value
    page = form.submit(status=422)
    assert words in text_of(page, "main")
    assert page.html.select(".notice-error")
    for field, value in header.items():
        assert form_with(page, "percent")[field].value == value
    assert catalogue.dump() == before


def test_a_list_and_a_per_cent_together_are_refused(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    page = upload(staff, PRICE_LIST, status=422, percent="10")
    assert "Give either a price list or “Change (%)”, not both." in text_of(page)
    assert catalogue.batches() == 0


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_file_over_the_limit_is_refused_before_it_is_read(
    catalogue: CatalogueDatabase, settings: dict[str, str], login: Any
) -> None:
    small = batchbook.main({}, **settings, **{"batchbook.max_upload_bytes": "20000"})
    staff = login(TestApp(small), "staff")
    before = catalogue.dump()
    page = upload(staff, HEADER + "x" * 30_000, status=413)
    assert "the limit is 20 kB" in text_of(page)
    assert "Nothing was saved" in text_of(page)
    assert catalogue.dump() == before
    upload(staff, PRICE_LIST)
    assert catalogue.batches() == 1
    services_of(small.registry).get(Engine).dispose()


BAD_CELLS = """item_code,description,size,price
000000011,RYE BREAD,500 G,2.2O
,NO CODE,1,1.00
0000000111111111111111111,TOO LONG A CODE,1,1.00
000000012,WHEAT,500 G,
000000013,PRETZEL,80 G,-0.50
000000021,OAT,1 KG,1.999
000000099,MILK,1 L,"1,234,567,890,123.00"
"""


def test_a_bad_cell_is_kept_as_it_was_written_and_named(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    number = number_in(upload(staff, BAD_CELLS))
    page = staff.get(url_of(number))
    assert counts_of(page)["Invalid"] == counts_of(page)["All"] == 7
    assert column_of(page, "New price") == [
        "2.2O",
        "1.00",
        "1.00",
        "",
        "-0.50",
        "1.999",
        "1,234,567,890,123.00",
    ]
    first = catalogue.row(number, 1)
    assert first.new_price is None
    assert [(issue["field"], issue["raw"]) for issue in first.issues] == [("new_price", "2.2O")]
    for sequence, raw in ((1, "2.2O"), (5, "-0.50"), (6, "1.999")):
        row_page = staff.get(url_of(number, "rows", sequence))
        assert form_with(row_page, "new_price")["new_price"].value == raw
        assert text_of(row_page, "#error-new_price")


def test_a_bad_cell_that_may_not_be_empty_is_shown_as_it_was_written_as_well(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    number = number_in(upload(staff, BAD_CELLS))
    page = staff.get(url_of(number, "rows", 3))
    assert text_of(page, "#error-item_code")
    assert form_with(page, "item_code")["item_code"].value == "0000000111111111111111111"
    assert column_of(staff.get(url_of(number)), "Item code")[2] == "0000000111111111111111111"


def test_a_bad_cell_put_right_is_bad_no_more(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    number = number_in(upload(staff, BAD_CELLS))
    form = form_with(staff.get(url_of(number, "rows", 1)), "new_price")
    form["new_price"] = "2.20"
    form.submit(status=303)
    row = catalogue.row(number, 1)
    assert (row.new_price, row.status, row.issues or []) == (Decimal("2.20"), "increase", [])
    form = form_with(staff.get(url_of(number, "rows", 3)), "item_code")
    form["item_code"] = "000000013"
    form.submit(status=303)
    assert catalogue.row(number, 3).issues in (None, [])


def test_rows_of_many_shapes_are_taken_as_they_are(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    """Short records, blank ends and lines, other delimiters, columns in another order and more of them."""
    data = "Price;extra; ITEM_CODE ;description;size\n2.20;x;000000011;RYE;500 G; ;\n\n0.60;x;000000013\n"
    page = upload(staff, data).follow()
    assert column_of(page, "Item code") == ["000000011", "000000013"]
    assert column_of(page, "New price") == ["2.20", "0.60"]


def test_a_comma_that_splits_a_cell_makes_no_price(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    """1,99 without quotes is two cells: a price of 1 would be wrong, and nobody would hear of it."""
    lines = "000000011,RYE,500 G,1,99\n000000012,WHEAT, LONG,500 G,2.70\n"
    number = number_in(upload(staff, HEADER + lines))
    assert [(row.item_code, row.new_price, row.status) for row in (catalogue.row(number, 1), catalogue.row(number, 2))] == [
        ("000000011", None, "invalid"), ("000000012", None, "invalid"),
    ]  # fmt: skip
    (found,) = catalogue.row(number, 1).issues
    assert (found["field"], found["raw"]) == ("new_price", "1,99")
    form = form_with(staff.get(url_of(number, "rows", 1)), "item_code")
    assert form["new_price"].value == "1,99"
    form["new_price"] = "1.99"
    form.submit(status=303)
    assert (catalogue.row(number, 1).new_price, catalogue.row(number, 1).issues or []) == (
        Decimal("1.99"),
        [],
    )


def test_a_comma_that_may_be_the_decimal_sign_is_asked_about(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    """1,500 is one and a half or more than a thousand: only what else stands in the column tells."""
    lines = HEADER.replace(",", ";") + "000000011;RYE;;1,500\n000000012;WHEAT;;{}\n"
    assert upload(staff, lines.format("2,250")).headers["Location"].endswith("/intake")
    number = number_in(upload(staff, lines.format("2.70")))
    assert [catalogue.row(number, sequence).new_price for sequence in (1, 2)] == [
        Decimal(1500),
        Decimal("2.70"),
    ]
    number = number_in(upload(staff, lines.format("2,70")))
    assert [str(catalogue.row(number, sequence).new_price) for sequence in (1, 2)] == ["1.50", "2.70"]


def test_a_list_without_a_row_is_refused_and_leaves_no_batch(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    page = upload(staff, HEADER, status=422)
    assert "has a header row, and no row below it" in page.text
    assert catalogue.batches() == 0


def test_characters_that_no_database_takes_do_not_break_a_list(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    """A NUL behind the part of a file that is looked at, a control character, an emoji, text from right to left."""
    filler = "000000011,RYE BREAD,500 G,2.20\n" * 200
    nul = upload(staff, HEADER + filler + "000000012,WH\x00EAT,500 G,2.70\n", status="*")  # type: ignore[arg-type]
    assert nul.status_int in (303, 422)
    page = upload(staff, HEADER + "000000012,\x0bWHEAT 🥖 \u202eTAE,500 G,2.70\n").follow()
    assert "🥖" in column_of(page, "Description")[0]


@pytest.mark.parametrize(
    "name", ["a" * 251 + ".csv", "..\\..\\list.csv", "/etc/passwd.csv", "list\u202e.csv", "';$(x)&.csv"]
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_hostile_file_name_is_only_a_name(catalogue: CatalogueDatabase, staff: TestApp, name: str) -> None:
    number = number_in(upload(staff, PRICE_LIST, name))
    header = staff.get(url_of(number, "files", 1)).headers["Content-Disposition"]
    assert header.isascii()
    assert "/" not in header
    assert "\\" not in header
    assert staff.get(url_of(number)).html.select(".file")
