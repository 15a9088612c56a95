"""An inspection finds the columns of fields, is stored with its batch, and names what is missing."""

from __future__ import annotations

import io

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

from .fields import FIELDS
from .inspected import inspected


def test_columns_with_the_names_of_fields_need_no_decision() -> None:
    intake = inspected()
    assert intake.mapping.columns == {"item_code": 0, "price": 1, "remark": 2}
    assert (intake.is_chosen, intake.is_plain(FIELDS)) == (False, True)
    refuse_unmapped(intake, FIELDS)
    refuse_undecided(intake, FIELDS)
    assert describe_source(intake, FIELDS) == ""


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


def test_json_loses_characters_that_no_database_stores() -> None:
    assert storable_json({"a\0": ["b\0", 1, None]}) == {"a�": ["b�", 1, None]}
