"""Parquet, which is read where the library for it is installed."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib.util import find_spec
from typing import Any

import pytest
from tests.tables.sources import codes, message, opened, records, refusal

from batchbook.tables.formats import parquet

needs_library = pytest.mark.skipif(find_spec("pyarrow") is None, reason="pyarrow is not installed.")


def written(columns: Mapping[str, Any], **options: Any) -> bytes:
    import pyarrow
    from pyarrow.parquet import write_table

    target = io.BytesIO()
    write_table(pyarrow.table(dict(columns)), target, **options)
    return target.getvalue()


def test_without_the_library_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "find_spec", lambda _name: None)
    sentence = refusal(b"PAR1" + bytes(20) + b"PAR1", "a.parquet")
    assert "is a Parquet file, and reading those is not installed here" in sentence
    assert "batchbook[parquet]" in sentence


@needs_library
def test_values_become_the_texts_that_a_person_would_have_typed() -> None:
    import pyarrow as pa

    columns = {
        "item": ["000801228", None],
        "kind": pa.array(["a", "a"]).dictionary_encode(),
        "bytes": pa.array([b"caf\xc3\xa9", None]),
        "count": pa.array([7, None], pa.int64()),
        "price": pa.array([Decimal("1.50"), None], pa.decimal128(9, 2)),
        "size": pa.array([1e20, float("nan")]),
        "short": pa.array([1.1, None], pa.float32()),
        "ok": [True, None],
        "day": [date(2024, 2, 29), None],
        "midnight": pa.array(
            [datetime.fromisoformat(one) for one in ("2024-02-29", "2024-02-29T13:05")], pa.timestamp("ns")
        ),
        "zone": pa.array([datetime(2024, 2, 29, 13, 5, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
        "time": [time(13, 5), None],
        "long": pa.array([timedelta(hours=26), None]),
    }
    source = opened(written(columns), "list.parquet")
    assert (source.reading.format, source.headings, source.expected_rows) == ("parquet", tuple(columns), 2)
    assert records(source) == [
        [
            *("000801228", "a", "café", "7", "1.50", "100000000000000000000", "1.1", "true", "2024-02-29"),
            *("2024-02-29", "2024-02-29T13:05:00+00:00", "13:05:00", "26:00:00"),
        ],
        ["", "a", "", "", "", "", "", "", "", "2024-02-29T13:05:00", "", "", ""],
    ]
    assert codes(source) == []


@needs_library
def test_cells_of_several_values_are_left_empty_and_told() -> None:
    data = written({"tags": [["x", "y"], []], "item": ["7", "8"]})
    source = opened(data, "list.parquet")
    assert records(source) == [["", "7"], ["", "8"]]
    assert message(source, "nested-values").startswith("Cells of “tags” hold several values each")


@needs_library
def test_what_is_too_large_or_damaged_or_not_told_is_refused() -> None:
    import pyarrow as pa

    good = written({"item": ["7"] * 9})
    assert "cannot be read as a Parquet file" in refusal(good[:-9], "a.parquet")
    assert "cannot be read as a Parquet file" in refusal(good[:8] + b"\xff" * 20 + good[28:], "a.parquet")
    assert "an encrypted Parquet file" in refusal(b"PARE" + good[4:], "a.parquet")
    assert "which is further than a table may reach" in refusal(
        written({"item": pa.nulls(1_000_001)}), "a.parquet"
    )
    assert "characters in row 3" in refusal(written({"a": ["x", "x" * 2**21]}), "a.parquet")
    lost = pa.array([1], pa.timestamp("ns"))
    assert "would lose data" in refusal(written({"at": lost}), "a.parquet")
    assert "cannot be read as a Parquet file" in refusal(written({"b": [b"\xff"]}), "a.parquet")


@needs_library
def test_a_small_file_cannot_fill_the_memory() -> None:
    import pyarrow as pa

    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), ["x" * 2**20])
    data = written({"text": texts}, dictionary_pagesize_limit=2**22, store_schema=False)
    assert len(data) < 2**21
    before = pa.default_memory_pool().max_memory()
    assert "characters" in refusal(data, "a.parquet")
    assert pa.default_memory_pool().max_memory() - before < 2**25
