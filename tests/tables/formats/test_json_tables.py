"""JSON as other programs write it: lists within objects, keys twice, several encodings, and lines of every kind."""

from __future__ import annotations

import pytest
from tests.tables.sources import opened, records, refusal

from batchbook.tables.report import Reading


@pytest.mark.parametrize(
    ("text", "headings", "rows"),
    [
        ('{"data":{"items":[{"sku":"1","p":{"net":1.50}},{"sku":"2","p":null}]}}', ("sku", "p.net", "p"), [["1", "1.50", ""], ["2", "", ""]]),
        ('{"errors":[],"items":[{"sku":"1"},{"sku":"2"}],"vendors":[{"v":1}]}', ("sku",), [["1"], ["2"]]),
        ('[{"sku":"1","sku":"2"}]', ("sku", "sku (2)"), [["1", "2"]]),
        ('{"A1":{"p":1,"q":2},"A2":{"p":3,"q":4}}', ("key", "p", "q"), [["A1", "1", "2"], ["A2", "3", "4"]]),
        ('{"sku":["1","2"],"p":[1,2.0]}', ("sku", "p"), [["1", "1"], ["2", "2.0"]]),
        ('["sku","p"]\n["1",2]\n["2",3]\n', ("sku", "p"), [["1", "2"], ["2", "3"]]),
        ('{"sku":"1","n":"a\u2028b"}\r\n\r\n{"sku":"2","n":"c"}\r\n', ("sku", "n"), [["1", "a\u2028b"], ["2", "c"]]),
        ('{"sku":"1"},\n{"sku":"2"}\n', ("sku",), [["1"], ["2"]]),
        ('\x1e{"sku":"1"}\n\x1e{"sku":"2"}\n', ("sku",), [["1"], ["2"]]),
    ],
)  # fmt: skip
def test_records_are_found_wherever_they_are(
    text: str, headings: tuple[str, ...], rows: list[list[str]]
) -> None:
    source = opened(text, "a.json")
    assert (source.reading.format, source.headings, records(source)) == ("json", headings, rows)
    assert "name" not in {note.code for note in source.notes}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32-be"])
def test_the_encoding_is_found(encoding: str) -> None:
    assert records(opened('[{"name":"Käse"},{"name":"x"}]'.encode(encoding), "a.json")) == [["Käse"], ["x"]]


def test_another_encoding_can_be_chosen() -> None:
    data = '[{"name":"Käse"},{"name":"x"}]'.encode("cp1252")
    assert "it is not in utf-8" in refusal(data, "a.json")
    for _ in range(2):  # The second time from the cache.
        source = opened(data, "a.json", Reading(encoding="cp1252"))
        assert (records(source), source.reading.encoding) == ([["Käse"], ["x"]], "cp1252")
    assert "it is not in utf-8" in refusal(data, "a.json")


@pytest.mark.parametrize("text", ['["a","b"]', '[["a"],["1","2"]]', '[{"a": 1}, 2]', '{"a": 1}\n{"a": \n'])
def test_what_holds_no_records_is_refused(text: str) -> None:
    assert "cannot be read as JSON" in refusal(text, "a.json")
