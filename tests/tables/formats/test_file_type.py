"""Detection of file types."""

from __future__ import annotations

from tests.tables.file_builders import xlsx
from tests.tables.sources import codes, message, opened, records, refusal

from batchbook.tables.report import Reading

GOOD = xlsx(
    ("Sheet", '<row r="1"><c r="A1" t="str"><v>item</v></c></row><row r="2"><c r="A2"><v>7</v></c></row>')
)


def test_the_content_says_what_a_file_is_and_not_its_name() -> None:
    source = opened(GOOD, "list.csv")
    assert (source.reading.format, records(source)) == ("xlsx", [["7"]])
    assert message(source, "name").startswith("The file is called .csv, but it is an Excel workbook (XLSX)")
    source = opened("item,name\n7,x\n", "list.xlsx")
    assert (source.reading.format, codes(source)) == ("csv", ["name"])
    assert opened("item\tname\n7\tx\n", "").reading.delimiter == "\t"


def test_a_kind_that_was_said_must_be_the_one_it_is() -> None:
    assert "cannot be read as text: it is an Excel workbook (XLSX)." in refusal(
        GOOD, requested=Reading("csv")
    )
