"""Reader of JSON and JSON lines: each list of records in a document is a table, whose keys are the headings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from batchbook.tables.errors import (
    MAX_CELLS,
    MAX_COLUMNS,
    InvalidWorkbook,
    LimitExceeded,
    sheet_too_large_message,
)
from batchbook.tables.formats.records import HeldRows, Sheets, document_text, opener

_MOST_RECORDS, _MOST_LISTS = 500_000, 1_000
# The heading of the keys of records that stand in an object under their keys.
_KEY = "key"
# The mark between the records of a sequence; RFC 7464.
_SEPARATOR = "\x1e"

Record = Mapping[str, Any]


def _read_json(_name: str, file: BinaryIO, encoding: str) -> Sheets:
    text = document_text(file, encoding).replace(_SEPARATOR, "")
    if text.count("{") + text.count("[") > _MOST_RECORDS or text.count(",") > MAX_CELLS // 2:
        raise LimitExceeded(
            f"has more than {_MOST_RECORDS:,} records, or more than {MAX_CELLS // 2:,} values"
        )
    try:
        lists = dict(_lists(_parsed(text), ""))
    except RecursionError:
        raise InvalidWorkbook("it is nested too deeply") from None
    if not lists:
        raise InvalidWorkbook("it holds no list of records")
    return {path or "JSON": _rows(records) for path, records in lists.items()}


def _parsed(text: str) -> Any:
    """Return the document, or the list of the documents in its lines."""
    try:
        return _document(text)
    except json.JSONDecodeError:
        return [_document(line.strip().removesuffix(",")) for line in text.split("\n") if line.strip()]


def _document(text: str) -> Any:
    return json.loads(text, parse_float=str, parse_int=str, object_pairs_hook=_every_key)


def _every_key(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object with all of its keys, of which some programs write one several times."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        name, number = key, 2
        while name in found:
            name, number = f"{key} ({number})", number + 1
        found[name] = value
    return found


def _lists(found: Any, path: str) -> Iterator[tuple[str, list[Record]]]:
    """Yield the lists of records in a document by their paths: those within an object that is no record itself, too."""
    if isinstance(found, list):
        yield path, [*_records(found)]
    elif isinstance(found, dict):
        inner = [
            one
            for key, value in found.items()
            if _may_hold_lists(value)
            for one in _lists(value, f"{path}.{key}" if path else key)
        ]
        if len(inner) > _MOST_LISTS:
            raise LimitExceeded(f"has more than {_MOST_LISTS:,} lists")
        yield from inner or [(path, _of_object(found))]


def _may_hold_lists(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_may_hold_lists, value.values()))
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict | list)


def _of_object(found: Record) -> list[Record]:
    """Return the records in an object: those under its keys, or those whose columns are its lists; else the object itself."""
    values = [*found.values()]
    if all(isinstance(value, dict) and value for value in values):
        is_keyed = len(values) > 1 and len({frozenset(value) for value in values}) == 1
        return [{_KEY: key, **value} for key, value in found.items()] if is_keyed else [found]
    if all(isinstance(value, list) and value for value in values) and len({*map(len, values)}) == 1:
        return [dict(zip(found, cells, strict=True)) for cells in zip(*values, strict=True)]
    return [found]


def _records(found: Sequence[Any]) -> Iterator[Record]:
    """Yield the records of a list: objects, or lists below one with the headings."""
    heads = found[0] if found and isinstance(found[0], list) else None
    for number, record in enumerate(found, 1):
        if heads is not None and isinstance(record, list):
            if len(record) > len(heads):
                raise InvalidWorkbook(f"item {number:,} has more values than there are headings")
            if number > 1:
                yield dict(zip(map(_text, heads), record, strict=False))
        elif isinstance(record, dict):
            yield _flat(record)
        else:
            raise InvalidWorkbook(f"item {number:,} is no record")


def _flat(record: Record) -> dict[str, Any]:
    """Return a record with the keys of the records within it, behind a point."""
    found: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict) and value:
            found |= {f"{key}.{inner}": part for inner, part in _flat(value).items()}
        else:
            found[key] = value
    return found


def _rows(records: Sequence[Record]) -> HeldRows:
    rows, flat = HeldRows(), [*map(_flat, records)]
    keys = [*dict.fromkeys(key for record in flat for key in record)]
    if len(keys) > MAX_COLUMNS:
        raise LimitExceeded(sheet_too_large_message(len(flat), len(keys)))
    rows.add(keys)
    for record in flat:
        rows.add([_text(record.get(key)) for key in keys])
    return rows


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


open_json = opener("json", "JSON", _read_json)
