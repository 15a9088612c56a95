"""What a handler declares and overrides is checked at start-up: each mistake is one line with class and cure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import MetaData

from batchbook.batches import (
    Callbacks,
    ExecutionPolicy,
    FileSource,
    PerBatchRows,
    QuickEntry,
    Severity,
    Status,
)
from batchbook.batches.handler_checks import check_handler, check_row_tables
from batchbook.batches.handler_declarations import Duplicates
from batchbook.batches.rows.per_batch import DynamicRow

from .shelf_count import ShelfCount, ShelfCountHandler, ShelfCountRow

POLICY, SOURCE = ShelfCountHandler.execution_policy, ShelfCountHandler.file_source


class Twice(Status):
    """Two of one value."""

    ONE = "one", "One"
    TWO = "one", "Two"


class Mild(Status):
    """A severity that is none."""

    ONE = "one", "One", "error"


class Long(Status):
    """A value that is too long to be stored."""

    ONE = "one" * 20, "One", Severity.INFO


def made(**attributes: Any) -> type[Any]:
    """Return a handler with other attributes."""
    return type("Mended", (ShelfCountHandler,), attributes)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"chunk_size": 0}, "Mended.chunk_size must be a whole number from 1 on, and is 0."),
        ({"refresh_chunk_size": "9"}, "refresh_chunk_size must be a whole number from 1 on, or None, and is '9'."),
        ({"rows_can_be_added": "no"}, "rows_can_be_added must be True or False"),
        ({"peer_columns": "item_code"}, r"peer_columns must be a tuple of names .*, and is 'item_code'."),
        ({"peer_columns": ("item",)}, "Mended.peer_columns names 'item', which is no column of ShelfCountRow."),
        ({"refresh_after": ("counted",)}, "refresh_after names 'counted', which is no column of ShelfCount."),
        ({"execution_policy": {"automatic": True}}, "execution_policy must be an ExecutionPolicy"),
        ({"execution_policy": ExecutionPolicy}, "execution_policy must be an ExecutionPolicy"),
        ({"execution_policy": replace(POLICY, retention=30)}, "retention must be a timedelta"),
        ({"execution_policy": replace(POLICY, automatic="no")}, "automatic must be True or False"),
        ({"execution_policy": replace(POLICY, options=[])}, "options must be a Form"),
        ({"execution_policy": replace(POLICY, defaults={"sing": "x"})}, "'sing', which is not among .*: most, sign."),
        ({"execution_policy": replace(POLICY, defaults={"most": "x"})}, "'most' that people could not choose, 'x'"),
        ({"file_source": FileSource}, "file_source must be a FileSource"),
        ({"file_source": FileSource(columns=["item"])}, "file_source.columns must be a mapping"),
        ({"file_source": FileSource(columns={"a": "item"})}, "file_source.columns names 'item'"),
        ({"file_source": replace(SOURCE, optional="remark")}, "file_source.optional must be a tuple"),
        ({"file_source": replace(SOURCE, synonyms={"remark": "note"})}, "file_source.synonyms must be a mapping"),
        ({"file_source": replace(SOURCE, key=("code",))}, "file_source cannot work: .* no column 'code'"),
        ({"file_source": replace(SOURCE, line_column="remark")}, "a column of whole numbers, and ShelfCountRow.remark"),
        ({"file_source": replace(SOURCE, raw_column="remark")}, "a column of JSON, and ShelfCountRow.remark is none"),
        ({"file_source": replace(SOURCE, sender="vendor")}, "file_source names 'vendor'"),
        ({"file_source": replace(SOURCE, parse=lambda file: [])}, "parse must be a function of handler, name and file"),
        ({"quick_entry": {"label": "x"}}, "quick_entry must be a QuickEntry"),
        ({"quick_entry": QuickEntry(label="x", row_for=lambda text: None)}, "row_for must be a function of handler, "),
        ({"callbacks": Callbacks(setup=None)}, "callbacks.setup must be a function of handler, action and batch"),
        ({"worksheet": None}, "worksheet must be a Worksheet, and is None."),
        ({"duplicates": Duplicates(status="strange")}, "duplicates names the status 'strange'"),
        ({"duplicates": Duplicates(status="twice", number="price")}, "duplicates names 'price', which is no column"),
        ({"statuses": Twice}, "The status Twice.TWO has the value of ONE, 'one': give each a value of its own."),
        ({"statuses": Mild}, "The status Mild.ONE must have a severity such as Severity.ERROR, and has 'error'."),
        ({"statuses": Long}, "The status Long.ONE must have a value of 1 to 40 characters"),
        ({"header_statuses": None}, "Mended.header_status returns a status .* give it header_statuses"),
        ({"execute": lambda self, batch, rows: None}, r"write def execute\(self, batch, rows, options\)"),
        ({"before_create": lambda self, batch: None}, r"def before_create\(self, batch, \*, has_file\)"),
        ({"totals": 3}, r"Mended.totals must be a method, def totals\(self, batch\), and is 3."),
        (
            {"__init__": lambda self, context, model, row_model, services: None},
            r"Mended.__init__ does not call that of BatchHandler, .* super\(\).__init__\(context, model, row_model, services\)",
        ),
        ({"__init__": lambda self, context: None}, r"def __init__\(self, context, model, row_model, services\)"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_one_line(attributes: Mapping[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        check_handler(made(**attributes), ShelfCount, ShelfCountRow)
    assert "\n" not in str(refused.value)


def test_what_can_work_is_taken() -> None:
    check_handler(ShelfCountHandler, ShelfCount, ShelfCountRow)
    check_handler(
        made(totals=staticmethod(lambda batch: []), chunk_size=1, file_source=None), ShelfCount, ShelfCountRow
    )


def test_rows_are_in_one_table_or_in_one_for_each_batch() -> None:
    per_batch = PerBatchRows(columns=lambda _handler, _batch: [])
    with pytest.raises(ConfigurationError, match="ShelfCountRow is the model of a table for all batches"):
        check_row_tables(made(per_batch_rows=per_batch), ShelfCountRow)
    attributes = {"__abstract__": True, "__batch__": ShelfCount, "metadata": MetaData()}
    own = type("Own", (DynamicRow,), attributes)
    with pytest.raises(ConfigurationError, match="Own is a DynamicRow, whose columns it must declare"):
        check_row_tables(made(), own)
    check_row_tables(made(per_batch_rows=per_batch), own)
    check_row_tables(made(), ShelfCountRow)
