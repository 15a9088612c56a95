"""The command ``inspect``, and files with other column names: refused with a way out, read, remembered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import Engine, select

from batchbook.db.transactions import transaction_scope
from batchbook.types.price_change.models import PriceChangeRow

#: Whether a price is one and a half or more than a thousand, nobody can tell but its vendor.
THEIRS = """Artikel;Bezeichnung;Price from May
000000011;RYE BREAD;1,250
000000012;WHEAT BREAD;2,500
"""


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    path = tmp_path / "theirs.csv"
    path.write_text(THEIRS)
    return path


def rows(engine: Engine) -> list[tuple[str, str]]:
    row = PriceChangeRow
    with transaction_scope(engine, read_only=True) as session:
        found = session.execute(select(row.item_code, row.new_price).order_by(row.batch_id, row.sequence))
        return [(code, str(price)) for code, price in found]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_file_with_other_names_is_refused_with_a_way_out_and_then_read(
    catalogue: Engine, batch: Any, theirs: Path
) -> None:
    create = ("create", "price_change", "--file", theirs, "--set", "vendor_code=V1", "--as", "staff")
    refused = batch(*create)
    assert refused.exit_code == 1
    assert "“theirs.csv” has no column “item_code”, “size”, “price”." in refused.stderr.replace(
        "“description”, ", ""
    )
    assert "Choose the column, such as --map item_code=HEADING" in refused.stderr
    assert "Nothing was created." in refused.stderr
    assert rows(catalogue) == []
    named = ("--map", "item_code=artikel", "--map", "description=Bezeichnung")
    others = ("--map", "price=Price from May", "--map", "size=", "--decimal", "comma")
    assert batch(*create, *named, *others).exit_code == 0
    assert batch(*create).exit_code == 0  # As last time for this vendor.
    assert rows(catalogue) == [("000000011", "1.25"), ("000000012", "2.50")] * 2
    history = batch("history", "2").stdout
    assert "from “theirs.csv”: Item code from “Artikel”" in history
    assert "Size left empty in all rows" in history


@pytest.mark.parametrize("backend", ["sqlite"])
def test_mapped_columns_must_be_in_the_file(catalogue: Engine, batch: Any, theirs: Path) -> None:
    create = ("create", "price_change", "--file", theirs, "--as", "staff")
    for option, sentence in {
        "colour=Artikel": "There is no field “colour”. Its fields: item_code, description,",
        "price=Cost": "“theirs.csv” has no column “Cost”. Found: “Artikel”",
        "price==free": "The text for New price in all rows cannot be used.",
    }.items():
        assert sentence in batch(*create, "--map", option).stderr
    assert "no saved mapping “Mill” here. Saved ones: none." in batch(*create, "--mapping", "Mill").stderr
    no_file = batch("create", "price_change", "--set", "percent=1", "--map", "price=x", "--as", "staff")
    assert (no_file.exit_code, rows(catalogue)) == (2, [])


@pytest.mark.parametrize("backend", ["sqlite"])
def test_inspect_creates_nothing(catalogue: Engine, batch: Any, theirs: Path) -> None:
    output = batch("inspect", theirs).stdout
    assert "Price from May" in output
    report = json.loads(batch("inspect", theirs, "--json", "--decimal", ",").stdout)
    assert (report["rows"], report["reading"]["delimiter"]) == (2, ";")
    assert [column["heading"] for column in report["columns"]] == ["Artikel", "Bezeichnung", "Price from May"]
    assert {column["decimal_sign"] for column in report["reading"]["columns"]} == {","}


@pytest.mark.parametrize("backend", ["sqlite"])
def test_unused_columns_are_reported(catalogue: Engine, batch: Any, theirs: Path) -> None:
    create = ("create", "import", "--set", "target=product", "--file", theirs, "--as", "staff")
    made = batch(*create, "--decimal", "comma")
    assert (made.exit_code, made.stdout.strip()) == (0, "00000001")
    assert "No field takes “Price from May”, and no column fills size, category," in made.stderr
    named = batch(*create, "--decimal", "comma", "--map", "price=Price from May")
    assert "No field takes" not in named.stderr
    heading, first, _ = batch("rows", "2").stdout.splitlines()
    row = dict(zip(heading.split(","), first.split(","), strict=True))
    assert (row["new_item_code"], row["old_price"], row["new_price"]) == ("000000011", "2.00", "1.25")
    assert "raw" not in row


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_guessed_encoding_is_refused_with_its_readings(
    catalogue: Engine, batch: Any, tmp_path: Path
) -> None:
    path = tmp_path / "russian.csv"
    lines = "item_code,description,size,price\n000000011,Печенье,500 г,2.20\n000000021,Пончики,1 кг,8.00\n"  # noqa: RUF001
    path.write_bytes(lines.encode("cp1251"))
    create = ("create", "price_change", "--file", path, "--set", "vendor_code=V1", "--as", "staff")
    refused = batch(*create)
    assert refused.exit_code == 1
    assert "cp1251 (Russian): “Печенье”" in refused.stderr
    assert "koi8-r" in refused.stderr
    assert "Choose one, such as --encoding cp1251. Nothing was created." in refused.stderr
    assert rows(catalogue) == []
    assert batch(*create, "--encoding", "no such").exit_code == 2
    assert batch(*create, "--encoding", "windows-1251").exit_code == 0
    assert batch(*create).exit_code == 0  # As last time for this vendor.
    assert batch(*create, "--no-populate", "--encoding", "cp866").exit_code == 0
    output = batch("inspect", path).stdout
    assert "cp1251 (Russian)" in output


@pytest.mark.parametrize("backend", ["sqlite"])
def test_odd_lines_are_refused_with_their_readings(catalogue: Engine, batch: Any, tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_bytes(
        "item_code,description,size,price\n000000011,Käse,500 g,2.20\n".encode()
        + "000000021,Café,1 kg,8.00\n".encode("latin-1")
    )
    create = ("create", "price_change", "--file", path, "--set", "vendor_code=V1", "--as", "staff")
    refused = batch(*create)
    assert "1 line is not UTF-8 as the rest of the file is: 3." in refused.stderr
    assert "--odd-lines cp1252. Nothing was created." in refused.stderr
    assert batch(*create, "--odd-lines", "latin-1").exit_code == 0


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_table_that_cannot_be_read_is_refused_with_the_options_that_may_help(
    catalogue: Engine, batch: Any, tmp_path: Path
) -> None:
    path = tmp_path / "pipes.csv"
    path.write_text('item_code,description,size,price\n000000011,"RYE,,2.20\n')
    create = ("create", "price_change", "--file", path, "--set", "vendor_code=V1", "--as", "staff")
    for refused in (batch(*create), batch("inspect", path)):
        assert refused.exit_code == 1
        assert "a quotation mark in line 2 that is never closed" in refused.stderr
        assert "say how: --format, --encoding, --delimiter, --quoting or --header-row." in refused.stderr
    assert rows(catalogue) == []
    waiting = batch(*create, "--no-populate")
    assert "The batch has no rows: choose on its page how the file is to be read." in waiting.stderr
    assert "never closed" in batch("populate", waiting.stdout.strip(), "--as", "staff").stderr
    assert batch(*create, "--quoting", "none").exit_code == 0
    assert rows(catalogue) == [("000000011", "2.20")]
    path.write_text('{"item_code": 1,description,size,price\n000000011,RYE,,2.20\n')
    assert "cannot be read as JSON" in batch("inspect", path).stderr
    assert batch("inspect", path, "--format", "csv").exit_code == 0


@pytest.mark.parametrize("backend", ["sqlite"])
def test_an_open_decimal_sign_is_refused_with_both_readings(
    catalogue: Engine, batch: Any, tmp_path: Path
) -> None:
    path = tmp_path / "open.csv"
    path.write_text("item_code;description;size;price\n000000011;RYE;;1.250\n000000012;WHEAT;;2.500\n")
    create = ("create", "price_change", "--file", path, "--set", "vendor_code=V1", "--as", "staff")
    refused = batch(*create)
    assert refused.exit_code == 1
    assert "“1.250” in row 2 is 1.250 with a point, and 1250 with a comma." in refused.stderr
    assert "Column “price”" in refused.stderr
    assert "such as --decimal point or --decimal comma. Nothing was created." in refused.stderr
    # Nor does it help to leave the rows for another command.
    waiting = batch(*create, "--no-populate", "--map", "price=price")
    assert waiting.exit_code == 0
    later = batch("populate", waiting.stdout.strip(), "--as", "staff")
    assert later.exit_code == 1
    assert "can be read in several ways" in later.stderr
    assert rows(catalogue) == []
    assert batch(*create, "--decimal", "point").exit_code == 0
    assert batch(*create).exit_code == 0  # As last time for this vendor.
    assert rows(catalogue) == [("000000011", "1.25"), ("000000012", "2.50")] * 2


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_a_percent_sign_does_is_asked(catalogue: Engine, batch: Any, tmp_path: Path) -> None:
    path = tmp_path / "percent.csv"
    path.write_text("item_code,description,size,price\n000000011,RYE,,150%\n")
    create = ("create", "price_change", "--file", path, "--set", "vendor_code=V1", "--as", "staff")
    refused = batch(*create)
    assert "nothing tells whether “150%” in row 2 is 150 or 1.50." in refused.stderr
    assert "such as --percent points or --percent fraction. Nothing was created." in refused.stderr
    assert batch(*create, "--percent", "fraction").exit_code == 0
    assert rows(catalogue) == [("000000011", "1.50")]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_hidden_rows_are_asked_about_and_subtotals_are_left_out(
    catalogue: Engine, batch: Any, tmp_path: Path
) -> None:
    path = tmp_path / "hidden.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["item_code", "description", "size", "price"])
        sheet.write_row(1, 0, ["000000011", "RYE", "", 1.5])
        sheet.write_row(2, 0, ["000000012", "WHEAT", "", 2.5])
        sheet.write_row(3, 0, ["Subtotal Bakery", "", "", 4])
        sheet.write_row(4, 0, ["000000021", "MILK", "", 4])
        sheet.set_row(2, options={"hidden": True})
    create = ("create", "price_change", "--file", path, "--set", "vendor_code=V1", "--as", "staff")
    refused = batch(*create)
    assert "Row 3 is hidden in the workbook" in refused.stderr
    assert "such as --skip hidden or --take hidden. Nothing was created." in refused.stderr
    assert "Row 4 looks like a total, so it is skipped" in refused.stderr
    assert batch(*create, "--skip", "hidden").exit_code == 0
    assert rows(catalogue) == [("000000011", "1.50"), ("000000021", "4.00")]
    assert batch(*create, "--take", "hidden", "--skip", "totals").stderr.count("total") == 0
    assert len(rows(catalogue)) == 5
