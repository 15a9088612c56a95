"""Rows with problems, grouped by the database: those with the same issues and the same values in the cells concerned.

The stored issues are grouped as they are, because taking them apart costs the database more than the grouping itself. Shapes
are therefore finer than the groups that people see, and whoever reads them takes each apart once, however many rows it has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from json import dumps
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    String,
    Table,
    Text,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB

from batchbook.batches.editing.field_changes import text_in
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.rows.issues import Issue, plain_lines, sound_issues
from batchbook.db.stored_values import read_json
from batchbook.grid import Column

#: The number of shapes that are read together.
_AT_A_TIME = 1_000
#: The number of rows whose issues show which fields have any.
_SAMPLE = 200
#: The most rows of a shape, so that the list of their numbers takes little memory: more rows make further shapes.
_SPAN = 20_000
#: What JSON writes as it is, whoever writes it.
_PLAIN = re.compile("[A-Za-z0-9 ]+")


class Shape(NamedTuple):
    """``total`` rows with the same ``issues`` and the same ``values`` of the cells concerned, by field.

    ``sequences`` has the numbers of the rows as one text, in any order and with commas between them. A tuple, because there
    may be as many shapes as rows.
    """

    issues: Sequence[Issue]
    values: Mapping[str, Any]
    total: int
    sequences: str

    def rows(self) -> list[int]:
        """Return the numbers of the rows, in their order."""
        return sorted(map(int, self.sequences.split(","))) if self.total > 1 else [int(self.sequences)]


def problem_text(issue: Issue, column: Column | None, value: Any, issues: Sequence[Issue]) -> str:
    """Return the text for editing of a cell that has ``issue`` and ``value``, in a row with ``issues``."""
    return plain_lines(issue["raw"] or "" if column is None else text_in(column, value, issues))


class Sample(NamedTuple):
    """What the first rows with issues show: the ``fields`` that have issues, and whether most of the rows ``differ`` in them."""

    fields: set[str]
    differ: bool


def sample_of(context: ActionContext) -> Sample:
    """Return what the first rows with issues show; further rows may have issues in other fields."""
    rows = context.rows().narrowed(context.row.issues.is_not(None))
    first = select(rows.table.c.issues).where(rows.where).order_by(rows.table.c.sequence).limit(_SAMPLE)
    found = [issues or [] for issues in context.session.scalars(first)]
    fields = {issue["field"] for issues in found for issue in issues}
    return Sample(fields, len({dumps(issues) for issues in found}) > _SAMPLE / 2)


def shapes_of(context: ActionContext, fields: Set[str], *, grouped: bool = True) -> Iterator[Shape]:
    """Yield the shapes of the rows that are not removed, in order of their first rows.

    ``fields`` are columns of the rows: the values of those that have issues tell shapes apart. Other fields have no values.
    Unless ``grouped``, each row is a shape, which takes less time where most rows differ.
    """
    rows = context.rows().narrowed(context.row.issues.is_not(None))
    columns, names = rows.table.c, sorted(fields)
    # As texts, by which the database groups them faster, and which may be no JSON at all.
    issues = cast(columns.issues, Text) if _is_postgresql(context) else type_coerce(columns.issues, Text)
    number = cast(columns.sequence, String)
    if grouped:
        alone = len(names) == 1
        values = [_value_where_concerned(context, columns[name], alone=alone) for name in names]
        shapes = select(issues, func.count(), func.aggregate_strings(number, ","), *values)
        shapes = shapes.group_by(issues, columns.sequence // _SPAN, *values)
        shapes = shapes.order_by(func.min(columns.sequence))
    else:
        shapes = select(issues, literal(1), number, *(columns[name] for name in names))
        shapes = shapes.order_by(columns.sequence)
    shapes = shapes.where(rows.where)
    # By the connection, because the session would double the cost of each shape.
    connection, options = context.session.connection(), {"yield_per": _AT_A_TIME}
    with connection.execute(shapes, execution_options=options) as found:
        for done, chunk in enumerate(found.partitions()):
            context.progress.report("look for problems", done * _AT_A_TIME, None)
            for stored, total, sequences, *of_shape in chunk:
                if sound := sound_issues(read_json(stored)):
                    yield Shape(sound, dict(zip(names, of_shape, strict=True)), total, sequences)


def _value_where_concerned(context: ActionContext, column: Any, *, alone: bool) -> ColumnElement[Any]:
    """Return the ``column``, null in rows whose issues do not name it: their values must not tell shapes apart.

    The only field is taken as it is.
    """
    found: ColumnElement[Any] = column
    return found if alone else case((names_field(context, column.table, column.key), column))


def names_field(context: ActionContext, table: Table, field: str) -> ColumnElement[bool]:
    """Return the condition that a row of ``table`` has issues in ``field``; some rows without any may satisfy it as well."""
    issues = table.c.issues
    if _is_postgresql(context):
        stored, named = type_coerce(issues, JSONB), {"field": field}
        return or_(stored.contains([named]), stored.contains(named))
    written = type_coerce(issues, String)
    spellings = {dumps(field), dumps(field, ensure_ascii=False)}
    return or_(*(func.instr(written, spelling) > 0 for spelling in sorted(spellings)))


def may_have_text(context: ActionContext, table: Table, column: Column, text: str) -> ColumnElement[bool]:
    """Return the condition that ``text`` may be the text of a cell of ``column`` with an issue.

    It is so where the cell has a value, or an issue has the longest part of the text that JSON writes as it is.
    """
    part = max(_PLAIN.findall(text), key=len, default="")
    written = cast(table.c.issues, Text) if _is_postgresql(context) else type_coerce(table.c.issues, Text)
    return or_(table.c[column.name].is_not(None), written.contains(part, autoescape=True)) if part else true()


def _is_postgresql(context: ActionContext) -> bool:
    return context.session.get_bind().dialect.name == "postgresql"
