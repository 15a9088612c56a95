"""Changes of fields that people edit: the columns, their current texts, and the changes that submitted texts ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from batchbook.batches.concurrency import StaleEdit, is_stale
from batchbook.batches.history import Cell
from batchbook.batches.policies.field_rules import EVERYTHING, FieldAccess
from batchbook.batches.rows.issues import Issue, issues_of
from batchbook.batches.rows.row_values import NOT_STORED
from batchbook.errors import BadInput
from batchbook.grid import CANONICAL, CellError, Column, Conventions, columns_of, parse, shown_text, to_text
from batchbook.grid.arithmetic import may_be_arithmetic, worked_out
from batchbook.grid.cells import is_readable
from batchbook.grid.number_formats import canonical_text, seen_text

#: The end of a sentence about a column that the person may see and not edit.
READ_ONLY = "is read-only for you: your role does not allow editing it."


class CellProblems(BadInput):
    """The refusal of texts that cannot be stored; ``problems`` has a sentence for each field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


@dataclass(frozen=True)
class Target:
    """A row or header before an edit: its name in sentences, its version, and the texts of its fields.

    ``raw`` names the fields whose texts are not stored values: they could not be stored, or the stored value is not
    readable. ``issues`` are those of the row.
    """

    name: str
    version: int
    texts: Mapping[str, str]
    raw: frozenset[str] = frozenset()
    issues: Sequence[Issue] = ()

    @classmethod
    def row(cls, row: Any, columns: Sequence[Column]) -> Self:
        """Return the target of an edit of ``columns`` of ``row``."""
        texts = {column.name: cell_text(column, row) for column in columns}
        raw = frozenset(column.name for column in columns if _is_raw_cell(column, row))
        return cls(f"Row {row.sequence}", row.version, texts, raw, row.issues or ())


class Change(NamedTuple):
    """A field that an edit changes: its column, its text before, the value to store, and the issues that it had.

    ``note`` tells if the value is a result that was rounded; ``new`` is the value's text, where it is known already. A
    tuple, because an edit may have very many of them.
    """

    column: Column
    old: str
    value: Any
    issues: Sequence[Issue] = ()
    note: str = ""
    new: str | None = None

    def cell(self, sequence: int) -> Cell:
        """Return the change for the history; ``sequence`` is the row's, or 0 for the header."""
        new = to_text(self.column, self.value) if self.new is None else self.new
        return Cell(sequence, self.column.name, self.old or None, new or None, self.issues or None)


def editable_columns(model: type[Any], access: FieldAccess, *, new: bool = False) -> tuple[Column, ...]:
    """Return the columns of a row or header model that somebody with ``access`` may edit, in the order of the table.

    With ``new``, the columns of a new header that are fixed afterwards are included. The columns of headers are not restricted:
    their access is :data:`~batchbook.batches.policies.field_rules.EVERYTHING`.
    """
    editable = (c for c in model.__mapper__.columns if c.info.get("editable"))
    return columns_of(
        model, [c.key for c in editable if (new or not c.info.get("fixed")) and access.edits(c.key)]
    )


def editable_by_name(model: type[Any], access: FieldAccess) -> dict[str, Column]:
    """Return the columns of a row or header model that somebody with ``access`` may edit, by name."""
    return {column.name: column for column in editable_columns(model, access)}


def edited_by_name(model: type[Any], access: FieldAccess) -> dict[str, Column]:
    """Return the columns of a row model that people may edit and somebody with ``access`` may see, by name."""
    return {column.name: column for column in editable_columns(model, EVERYTHING) if access.sees(column.name)}


def columns_named(model: type[Any], texts: Mapping[str, str], access: FieldAccess) -> tuple[Column, ...]:
    """Return the columns of ``model`` that ``texts`` names and somebody with ``access`` may edit; raise ``BadInput`` for others."""
    columns = editable_columns(model, access)
    unknown = sorted(texts.keys() - {column.name for column in columns})
    if unknown:
        if unknown[0] in (seen := edited_by_name(model, access)):
            raise BadInput(f"{seen[unknown[0]].label} {READ_ONLY} Nothing was changed.")
        names = ", ".join(column.name for column in columns)
        raise BadInput(f"“{unknown[0][:60]}” is not a field that can be edited. Those that can: {names}.")
    return tuple(column for column in columns if column.name in texts)


def cell_text(column: Column, row: Any) -> str:
    """Return the text of a cell for editing: the raw text if that could not be stored."""
    return text_in(column, getattr(row, column.name), row.issues)


def text_in(column: Column, value: Any, issues: Sequence[Issue] | None) -> str:
    """Return the text for editing of a cell with ``value`` in a row with ``issues``, see :func:`cell_text`."""
    if value is None or value == column.blank:
        raw = next((i["raw"] for i in issues or () if i["field"] == column.name and i["raw"]), None)
        if raw is not None:
            return str(raw)
    return to_text(column, value)


def changes_of(
    target: Target,
    columns: Sequence[Column],
    texts: Mapping[str, str],
    version: int | None,
    seen: Mapping[str, str] | None = None,
    conventions: Conventions = CANONICAL,
) -> list[Change]:
    """Return the changes that ``texts``, one for each of ``columns``, make to ``target``.

    ``seen`` are the texts, by field, on which the edit is based: a field in it is a conflict if its text was changed since,
    and left as it is if only somebody else changed it. The others are one if ``target`` no longer has the ``version``;
    ``None`` skips that check. Numbers in ``texts`` and ``seen`` are written by the ``conventions`` of the edit's author.
    Raises :class:`StaleEdit` for conflicts, and :class:`CellProblems` for texts that cannot be stored.
    """
    now = target.texts
    base = {
        c.name: seen_text(c, seen[c.name], now[c.name], conventions)
        for c in columns
        if seen and c.name in seen
    }
    # Per cent are of the number that the person saw.
    entered = {
        c.name: Entered.of(c, texts[c.name], base.get(c.name, now[c.name]), conventions) for c in columns
    }
    overtaken = {c.name for c in columns if c.name in base and not is_unchanged(c, base[c.name], now[c.name])}
    kept = {c.name for c in columns if c.name in overtaken and entered[c.name].reads_as(c, base[c.name])}
    changed = [c for c in columns if c.name not in kept and _changes(c, entered[c.name], target)]
    stale = is_stale(version, target.version)
    mine = [c for c in changed if (c.name in overtaken if c.name in base else stale)]
    if mine:
        raise StaleEdit(
            target.name,
            {c.name: entered[c.name].written for c in mine},
            {c.name: shown_text(c, now[c.name], conventions) for c in mine},
            target.version,
        )
    values = _values([(column, entered[column.name]) for column in changed])
    return [
        Change(c, now[c.name], values[c.name], issues_of(target.issues, c.name), entered[c.name].note)
        for c in changed
    ]


def change_of(
    column: Column, row: Any, old: str, text: str, conventions: Conventions = CANONICAL
) -> Change | None:
    """Return the change of the cell of ``column`` in ``row`` from the text ``old`` to ``text``; ``None`` if there is none.

    ``text`` is written by the ``conventions`` of its author. Raises :class:`~batchbook.grid.CellError` if it cannot be stored.
    """
    text, note = text.strip(), ""
    shown = old if conventions is CANONICAL else shown_text(column, old, conventions)
    try:
        if may_be_arithmetic(text):
            entered = Entered.of(column, text, old, conventions)
            text, note, value = entered.written, entered.note, entered.parse(column)
        else:
            value = parse(column, text, conventions)
    except CellError:
        if text == shown:
            return None
        raise
    new = to_text(column, value)
    if (text == shown or new == old) and not _is_raw_cell(column, row):
        return None
    issues = issues_of(row.issues, column.name) if row.issues else ()
    return Change(column, old, value, issues, note, new)


def _is_raw_cell(column: Column, row: Any) -> bool:
    refused = {issue["field"] for issue in row.issues or () if issue["code"] == NOT_STORED}
    return _is_raw(column, getattr(row, column.name), refused)


def _is_raw(column: Column, value: Any, refused: Set[str]) -> bool:
    # A text that was read as empty on purpose is shown as well, but is no refused one.
    if value is None or value == column.blank:
        return column.name in refused
    return not is_readable(column, value)


def _changes(column: Column, entered: Entered, target: Target) -> bool:
    """Return whether what was ``entered`` must be stored: it means something else, or was not storable before and is now."""
    if not entered.is_unchanged(column, target.texts[column.name]):
        return True
    try:
        entered.parse(column)
    except CellError:
        return False
    return column.name in target.raw


def is_unchanged(column: Column, text: str, current: str) -> bool:
    """Return whether ``text`` means the same as ``current``: browsers change line ends, and people write 9.5 for 9.50."""
    text = text.strip()
    try:
        return text == current or to_text(column, parse(column, text)) == current
    except CellError:
        return False


@dataclass(frozen=True)
class Entered:
    """A text that a person entered, canonical where it is a number; for arithmetic its result, with the ``note`` on it.

    ``written`` is the text by the ``conventions`` of the person, and ``refusal`` the error of a number that is none.
    """

    text: str
    written: str
    conventions: Conventions
    note: str = ""
    refusal: CellError | None = None

    @classmethod
    def of(cls, column: Column, text: str, current: str = "", conventions: Conventions = CANONICAL) -> Self:
        """Return what ``text`` comes to in a cell of ``column`` that has the canonical text ``current``."""
        text = text.strip()
        try:
            result = worked_out(column, text, current, conventions) if may_be_arithmetic(text) else None
            if result is None:
                return cls(canonical_text(column, text, conventions), text, conventions)
        except CellError as error:
            return cls(text, text, conventions, refusal=error)
        return cls(result.text, shown_text(column, result.text, conventions), conventions, result.note)

    def parse(self, column: Column) -> Any:
        """Return the value; raise :class:`~batchbook.grid.CellError` if the text cannot be stored."""
        if self.refusal is not None:
            raise self.refusal
        return parse(column, self.written, self.conventions)

    def reads_as(self, column: Column, text: str) -> bool:
        """Return whether the canonical ``text`` is shown to the person exactly like what they entered."""
        return self.written == shown_text(column, text, self.conventions)

    def is_unchanged(self, column: Column, current: str) -> bool:
        """Return whether it means the same as ``current``, as :func:`is_unchanged` does."""
        return self.reads_as(column, current) or (
            self.refusal is None and is_unchanged(column, self.text, current)
        )


def parsed(
    columns: Sequence[Column], texts: Mapping[str, str], conventions: Conventions = CANONICAL
) -> dict[str, Any]:
    """Return the values of ``texts`` by field; raise :class:`CellProblems` for all that cannot be parsed."""
    return _values([(column, Entered.of(column, texts[column.name], "", conventions)) for column in columns])


def _values(entered: Sequence[tuple[Column, Entered]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for column, one in entered:
        try:
            values[column.name] = one.parse(column)
        except CellError as error:
            problems[column.name] = error.message
    if problems:
        raise CellProblems(problems)
    return values


def labels_of(changes: Sequence[Change]) -> list[str]:
    """Return the labels of the fields that ``changes`` change, with a note on those whose result was rounded."""
    return [f"{c.column.label} ({c.note})" if c.note else c.column.label for c in changes]
