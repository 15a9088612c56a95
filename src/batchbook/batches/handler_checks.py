"""Checks of what a handler declares and overrides, at start-up: a mistake is told in one line, with class and cure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import Any

from pyramid.exceptions import ConfigurationError
from sqlalchemy import JSON, Integer, inspect

from batchbook.batches.effects.declaration import Reversing
from batchbook.batches.handler import CONFIRM, REASON, BatchHandler
from batchbook.batches.handler_declarations import (
    Callbacks,
    Duplicates,
    ExecutionPolicy,
    TouchedRecords,
)
from batchbook.batches.hook_guard import HOOKS
from batchbook.batches.intake.file_source import FileSource
from batchbook.batches.lookups import Lookup
from batchbook.batches.matching.declaration import Matching
from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.quick_entry import QUICK_ENTRY, QuickEntry
from batchbook.batches.record_update import RecordUpdate
from batchbook.batches.rows.per_batch import DynamicRow
from batchbook.batches.rows.row_columns import PerBatchRows
from batchbook.batches.rows.scope import LONGEST_STATUS, table_of
from batchbook.batches.sources.declaration import FromBatch, FromSearch, check_sources
from batchbook.batches.worksheets.layout import Worksheet
from batchbook.declarations import (
    Rule,
    at_least,
    function_of,
    instance_of,
    is_text,
    is_texts,
    mapping_of,
    or_none,
    refuse_without_super,
    refuse_wrong,
    refuse_wrong_method,
    sequence_of,
    shown,
    subclass_of,
)
from batchbook.forms import Form
from batchbook.grid import Kind
from batchbook.statuses import Severity, Status

_TEXTS = sequence_of(str, 'a tuple of names of columns, such as ("item_code",)')
_STATUSES = or_none(subclass_of(Status, "a subclass of batchbook.batches.Status, an enum"))
_HEADINGS = mapping_of(str, is_text, 'a mapping of headings to columns, such as {"item": "item_code"}')
_SYNONYMS = mapping_of(
    str, is_texts, 'a mapping of columns to tuples of headings, such as {"item_code": ("code", "sku")}'
)
_SENTENCE = instance_of(str, "a text")
_NUMBER = Rule(
    "the name of a column, a function of handler and batch, or None",
    lambda value: value is None or is_text(value) or function_of("handler", "batch").holds(value),
)
_KEY = Rule(
    "a tuple of names of columns, or a function of handler and batch",
    lambda value: _TEXTS.holds(value) or function_of("handler", "batch").holds(value),
)

_HANDLER = {
    "statuses": _STATUSES,
    "header_statuses": _STATUSES,
    "chunk_size": at_least(1),
    "refresh_chunk_size": or_none(at_least(1)),
    "expected_rows": or_none(at_least(0)),
    "peer_columns": _TEXTS,
    "also_peers": Rule(
        'a tuple of groups of columns, such as (("upc",),)',
        lambda value: isinstance(value, tuple) and all(_TEXTS.holds(group) for group in value),
    ),
    "refresh_after": _TEXTS,
    "rows_can_be_added": instance_of(bool, "True or False"),
    "execution_policy": instance_of(ExecutionPolicy, "an ExecutionPolicy"),
    "file_source": or_none(instance_of(FileSource, "a FileSource")),
    "sources": sequence_of((FromBatch, FromSearch), "a tuple of FromBatch and FromSearch"),
    "quick_entry": or_none(instance_of(QuickEntry, "a QuickEntry")),
    "worksheet": instance_of(Worksheet, "a Worksheet"),
    "duplicates": or_none(instance_of(Duplicates, "a Duplicates")),
    "touched_records": or_none(instance_of(TouchedRecords, "a TouchedRecords")),
    "lookups": Rule(
        "a tuple of Lookups",
        lambda value: isinstance(value, tuple) and all(isinstance(one, Lookup) for one in value),
    ),
    "record_update": or_none(instance_of(RecordUpdate, "a RecordUpdate")),
    "matching": or_none(instance_of(Matching, "a Matching")),
    "per_batch_rows": or_none(instance_of(PerBatchRows, "a PerBatchRows")),
    "reversing": or_none(instance_of(Reversing, "a Reversing")),
    "callbacks": instance_of(Callbacks, "Callbacks"),
}

#: The rules of the parts of what a handler declares.
_PARTS = {
    "execution_policy": {
        "options": or_none(instance_of(Form, "a Form")),
        "defaults": mapping_of(str, lambda _value: True, "a mapping of the names of options to values"),
        "automatic": instance_of(bool, "True or False"),
        "schedules": instance_of(bool, "True or False"),
        "proposed_time": function_of("handler", "batch"),
        "retention": or_none(instance_of(timedelta, "a timedelta, such as timedelta(days=30)")),
    },
    "file_source": {
        "columns": _HEADINGS,
        "optional": _TEXTS,
        "key": _TEXTS,
        "synonyms": _SYNONYMS,
        "fields": or_none(function_of("handler", "batch")),
        "sender": or_none(_SENTENCE),
        "scope": or_none(_SENTENCE),
        "line_column": or_none(_SENTENCE),
        "raw_column": or_none(_SENTENCE),
        "carried_columns": or_none(function_of("handler", "mapping")),
        "known_lengths": or_none(function_of("handler", "batch", "field")),
        "learned_fields": or_none(function_of("handler", "batch")),
        "known_texts": or_none(function_of("handler", "batch", "field", "texts")),
        "recognise": or_none(function_of("columns")),
        "parse": or_none(function_of("handler", "name", "file")),
    },
    "quick_entry": QUICK_ENTRY,
    "worksheet": {"layout": or_none(function_of("handler", "batch"))},
    "touched_records": {"columns": _KEY},
    "duplicates": {"status": _SENTENCE, "also": _TEXTS, "key": _KEY, "number": _NUMBER},
    "per_batch_rows": {
        "columns": function_of("handler", "batch"),
        "supplement": function_of("handler", "batch"),
        "references": function_of("handler", "batch"),
    },
    "reversing": {
        "header": function_of("handler", "source", "effects"),
        "rows": function_of("handler", "batch", "effects"),
    },
    "callbacks": {
        "setup": function_of("handler", "action", "batch"),
        "teardown": function_of("handler", "action", "batch"),
        "on_complete": function_of("handler", "batch"),
        "on_clone": function_of("handler", "source", "clone"),
        "on_delete": function_of("handler", "batch"),
        "after_edit": or_none(function_of("handler", "batch", "rows")),
    },
}

_NAMES = mapping_of(
    str, is_text, 'a mapping of their columns to own ones, such as {"item_code": "item_code"}'
)
_SOURCE = {"columns": _NAMES, "header": _NAMES, "adds": or_none(_TEXTS)}


def check_handler(handler: type[BatchHandler[Any, Any]], header: type[Batch], row: type[BatchRow]) -> None:
    """Raise ``ConfigurationError`` for anything that ``handler`` declares or overrides and that could not work."""
    name = handler.__name__
    if handler.execute is BatchHandler.execute and handler.record_update is None:
        raise ConfigurationError(
            f"{name} does not say how to execute: give it a method execute, or a record_update."
        )
    refuse_wrong(name, {one: getattr(handler, one) for one in _HANDLER}, _HANDLER)
    for one, rules in _PARTS.items():
        part = getattr(handler, one)
        if is_dataclass(part):
            refuse_wrong(
                f"{name}.{one}", {field.name: getattr(part, field.name) for field in fields(part)}, rules
            )
    for hook in ("__init__", *HOOKS):
        refuse_wrong_method(handler, hook, BatchHandler)
    refuse_without_super(handler, BatchHandler)
    for statuses in (handler.statuses, handler.header_statuses):
        if statuses is not None:
            _check_statuses(statuses)
    if handler.header_status is not BatchHandler.header_status and handler.header_statuses is None:
        raise ConfigurationError(
            f"{name}.header_status returns a status of the header, and {name} declares none: give it header_statuses = and"
            " a subclass of Status."
        )
    _check_names_of_columns(handler, header, row)
    _check_policy(name, handler.execution_policy)


def check_row_tables(handler: type[BatchHandler[Any, Any]], model: type[BatchRow]) -> None:
    """Refuse a handler that declares a table for each batch for rows that have none, and the other way round."""
    name, per_batch = f"{handler.__name__}.per_batch_rows", issubclass(model, DynamicRow)
    if per_batch and handler.per_batch_rows is None:
        raise ConfigurationError(
            f"{name} is None, and {model.__name__} is a DynamicRow, whose columns it must declare: give it a PerBatchRows."
        )
    if not per_batch and handler.per_batch_rows is not None:
        raise ConfigurationError(
            f"{name} declares a table for each batch, and {model.__name__} is the model of a table for all batches: leave"
            " it out, or make the model an abstract subclass of DynamicRow."
        )


def _check_statuses(statuses: type[Status]) -> None:
    for status in statuses:
        where = f"{statuses.__name__}.{status.name}"
        if not status.value or len(status.value) > LONGEST_STATUS:
            raise ConfigurationError(
                f"The status {where} must have a value of 1 to {LONGEST_STATUS} characters, and has {shown(status.value)}."
            )
        if not isinstance(status.severity, Severity):
            raise ConfigurationError(
                f"The status {where} must have a severity such as Severity.ERROR, and has {shown(status.severity)}."
            )
    twice = sorted(set(statuses.__members__) - {status.name for status in statuses})
    if twice:
        raise ConfigurationError(
            f"The status {statuses.__name__}.{twice[0]} has the value of {statuses[twice[0]].name},"
            f" {statuses[twice[0]].value!r}: give each a value of its own."
        )


def _check_names_of_columns(
    handler: type[BatchHandler[Any, Any]], header: type[Batch], row: type[BatchRow]
) -> None:
    name, source = handler.__name__, handler.file_source
    _demand_columns(f"{name}.peer_columns", row, handler.peer_columns)
    _demand_columns(f"{name}.also_peers", row, [one for group in handler.also_peers for one in group])
    _demand_columns(f"{name}.refresh_after", header, handler.refresh_after)
    if handler.duplicates is not None:
        _check_duplicates(handler, handler.duplicates, row)
    check_sources(f"{name}.sources", handler.sources, header, row, _SOURCE)
    if source is not None:
        _check_file_source(f"{name}.file_source", source, header, row)
    for number, lookup in enumerate(handler.lookups, start=1):
        _check_lookup(f"{name}.lookups, number {number},", handler, lookup, row)
    if handler.quick_entry is not None:
        handler.quick_entry.check(f"{name}.quick_entry", row)
    try:
        if handler.matching is not None:
            what = "matching"
            handler.matching.check(header, row)
        if handler.record_update is not None:
            what = "record_update"
            handler.record_update.check(row, handler.statuses, handler.peer_columns)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{name}.{what} cannot work: {error}") from error


def _check_duplicates(
    handler: type[BatchHandler[Any, Any]], duplicates: Duplicates, row: type[BatchRow]
) -> None:
    name, number = handler.__name__, duplicates.number
    key = () if callable(duplicates.key) else duplicates.key
    _demand_columns(f"{name}.duplicates", row, (*key, *([number] if isinstance(number, str) else ())))
    known = {status.value for status in handler.statuses or ()}
    for status in (duplicates.status, *duplicates.also):
        if str(status) not in known:
            raise ConfigurationError(
                f"{name}.duplicates names the status {str(status)!r}, which {name}.statuses does not declare."
            )


def _check_lookup(
    where: str, handler: type[BatchHandler[Any, Any]], lookup: Lookup, row: type[BatchRow]
) -> None:
    try:
        lookup.check(row, handler.statuses)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{where} cannot work: {error}") from error
    form = handler.execution_policy.options
    options = {one.name for one in form.fields if one.column.kind is Kind.BOOLEAN} if form else set()
    if lookup.overridden_by is not None and lookup.overridden_by not in options:
        raise ConfigurationError(
            f"{where} is overridden_by {lookup.overridden_by!r}, which is no option of the execution_policy of the kind"
            " Kind.BOOLEAN."
        )


def _check_file_source(where: str, source: FileSource, header: type[Batch], row: type[BatchRow]) -> None:
    _demand_columns(f"{where}.columns", row, source.columns.values())
    _demand_columns(where, header, [one for one in (source.sender, source.scope) if one])
    for wanted, kind, what in (
        (source.line_column, Integer, "whole numbers"),
        (source.raw_column, JSON, "JSON"),
    ):
        if wanted is not None:
            _demand_columns(where, row, [wanted])
            if not isinstance(table_of(row).columns[wanted].type, kind):
                raise ConfigurationError(
                    f"{where} needs a column of {what}, and {row.__name__}.{wanted} is none."
                )
    try:
        source.check(header, row)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{where} cannot work: {error}") from error


def _demand_columns(where: str, model: type[Any], names: Iterable[str]) -> None:
    known = inspect(model).column_attrs
    for name in names:
        if name not in known:
            raise ConfigurationError(f"{where} names {name!r}, which is no column of {model.__name__}.")


def _check_policy(name: str, policy: ExecutionPolicy) -> None:
    """Refuse defaults of options that do not exist, or that a person could not choose."""
    fields_of = {field.name for field in policy.options.fields} if policy.options else set()
    for taken, use in (
        (CONFIRM, "by which warnings are confirmed"),
        (REASON, "of the reason that a user gives"),
    ):
        if taken in fields_of:
            raise ConfigurationError(
                f"{name}.execution_policy has an option called {taken!r}, the name {use}: give it another."
            )
    if unknown := sorted(policy.defaults.keys() - fields_of):
        offered = ", ".join(sorted(fields_of)) or "none"
        raise ConfigurationError(
            f"{name}.execution_policy has a default for the option {unknown[0]!r}, which is not among its options: {offered}."
        )
    if policy.options is None:
        return
    errors = policy.options.validate(policy.defaults).errors
    for option, messages in errors.items():
        if option in policy.defaults:
            raise ConfigurationError(
                f"{name}.execution_policy has a default for the option {option!r} that people could not choose,"
                f" {shown(policy.defaults[option])}: {messages[0]}"
            )
