"""An inspection finds the columns of fields, is stored with its batch, and names what is missing."""

from __future__ import annotations

import io
from typing import Any

import pytest

from batchbook.batches.intake.file_inspection import (
    Undecided,
    Unmapped,
    describe_source,
    refuse_undecided,
    refuse_unmapped,
    storable_json,
)
from batchbook.batches.intake.file_source import inspect
from batchbook.tables.report import ColumnReading, Reading

from .fields import FIELDS
from .inspected import inspected


def test_columns_with_the_names_of_fields_need_no_decision() -> None:
    intake = inspected()
    assert intake.mapping.columns == {"item_code": 0, "price": 1, "remark": 2}
    assert (intake.is_chosen, intake.is_plain(FIELDS)) == (False, True)
    refuse_unmapped(intake, FIELDS)
    refuse_undecided(intake, FIELDS)
    assert describe_source(intake, FIELDS) == ""


@pytest.mark.parametrize("recognise", [None, lambda _columns: {"item_code": 0, "price": 1, "remark": 2}])
def test_a_table_without_headings_is_asked_about_unless_its_columns_are_recognised(recognise: Any) -> None:
    table = b"000123,1.50,fresh\n000124,2.00,stale\n000125,3.00,fresh\n"
    intake = inspect("list.csv", io.BytesIO(table), FIELDS, recognise=recognise)
    assert [note.code for note in intake.report.notes if note.code == "no-header"] == ["no-header"]
    assert intake.is_plain(FIELDS) == (recognise is not None)


def test_a_required_field_without_a_column_is_refused_by_name() -> None:
    with pytest.raises(Unmapped, match=r"no column “price”. Found: .*“colour”") as caught:
        refuse_unmapped(inspected("item_code,colour\n1,red\n"), FIELDS)
    assert [field.name for field in caught.value.fields] == ["price"]
    with pytest.raises(Unmapped, match=r"“price” more than once"):
        refuse_unmapped(inspected("item_code,Price,PRICE\n1,1,1\n"), FIELDS)


def test_a_guessed_encoding_is_refused_where_it_matters() -> None:
    table = "item_code,price,remark\n1,1.00,Mühle\n2,2.00,Bäckerei\n".encode("cp1252")
    intake = inspect("list.csv", io.BytesIO(table), FIELDS)
    with pytest.raises(Undecided, match="can be read in several ways"):
        refuse_undecided(intake, FIELDS)


@pytest.mark.parametrize(
    ("days", "chosen", "order"),
    [
        (("30.11.2026", "05.06.2026"), "", "dmy"),
        (("11/30/2026", "05/06/2026"), "", "mdy"),
        (("2026-11-30", "2026-06-05"), "", "ymd"),
        (("05/06/2026", "07/08/2026"), "", None),
        (("05/06/2026", "07/08/2026"), "mdy", "mdy"),
    ],
)
def test_the_order_of_a_date_is_known_where_it_shows_or_was_chosen(
    days: tuple[str, ...], chosen: Any, order: str | None
) -> None:
    table = "\n".join(["item_code,price,remark", *(f"1,1.00,{day}" for day in days)]).encode()
    columns = (ColumnReading(), ColumnReading(), ColumnReading(date_order=chosen))
    reading = Reading(columns=columns) if chosen else Reading()
    intake = inspect("list.csv", io.BytesIO(table), FIELDS, reading)
    assert (intake.date_order("remark"), intake.date_order("colour")) == (order, None)


def test_json_loses_characters_that_no_database_stores() -> None:
    assert storable_json({"a\0": ["b\0", 1, None]}) == {"a�": ["b�", 1, None]}
