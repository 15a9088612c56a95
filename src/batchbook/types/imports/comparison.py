"""The comparison of rows with the target in one statement: duplicates, changes, and records that the table lacks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    String,
    Subquery,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from batchbook.batches import Block, Rows, row_key, update_from
from batchbook.errors import BadInput
from batchbook.grid import CellError, parse
from batchbook.types.imports.import_plan import ImportPlan, is_reversed, key_form
from batchbook.types.imports.models import ImportStatus, Mode
from batchbook.types.imports.reversing import ReversingComparison
from batchbook.types.imports.targets import TargetField, new, old

#: The most keys that are listed in a statement; where there are more, each row is checked.
_MOST_NAMED = 2_000


class DuplicateKeys:
    """The keys that come more than once in a batch, looked up once for an action on all of its rows.

    They are few, and looking for another row with its key would take longer for each row than all else.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asked = False
        self._found: Collection[Any] | None = None

    def first_parts(self, plan: ImportPlan, row: Any) -> Collection[Any] | None:
        """Return the first parts of these keys; ``None`` if they are too many, or if rows change their keys meanwhile."""
        if not self._asked:
            self._asked = True
            # A reference may be written in several ways until it is resolved.
            if not any(field.lookup for field in plan.key):
                self._found = self._ask(plan, row)
        return self._found

    def _ask(self, plan: ImportPlan, row: Any) -> Collection[Any] | None:
        first, *others = (plan.column(row, field) for field in plan.key)
        # Removed rows are included, so that the index alone answers.
        statement = select(first).where(row.batch_id == plan.batch.id).group_by(first, *others)
        found = self._session.scalars(statement.having(func.count() > 1).limit(_MOST_NAMED + 1)).all()
        return None if len(found) > _MOST_NAMED else {part for part in found if part is not None}


def has_duplicate(plan: ImportPlan, row: Any, repeated: Collection[Any] | None) -> ColumnElement[bool]:
    """Return the condition for rows whose key another row of the batch has; only ``repeated`` first parts are checked."""
    other = aliased(row)
    same = [plan.column(other, field) == plan.column(row, field) for field in plan.key]
    another = exists().where(
        other.batch_id == row.batch_id,
        *same,
        other.sequence != row.sequence,
        ~other.removed,
        ~other.missing,
    )
    if repeated is None:
        return another
    if not repeated:
        return false()
    return case((plan.column(row, plan.key[0]).in_(repeated), another), else_=false())


#: The number of records that are read together.
_RECORDS_AT_ONCE = 5_000


def missing_records(session: Session, plan: ImportPlan, row: Any) -> Iterator[Block]:
    """Yield a row for each record within the batch's scope that no row of the batch, written and indexed by now, is about."""
    columns = ("missing", *(new(field.name) for field in plan.key))
    keys = [_text_in_file(field).label(field.name) for field in plan.key]
    model = plan.target.model
    here = exists().where(
        row.batch_id == plan.batch.id,
        ~row.missing,
        *(plan.column(row, field) == _text_in_file(field) for field in plan.key),
    )
    wanted: Select[Any] = select(plan.target.id, *keys).where(in_scope(session, plan), ~here)
    for name, value in plan.target.mark_deleted.items():
        wanted = wanted.where(
            getattr(model, name).is_distinct_from(value)
        )  # A record with the marks is deleted already.
    last = 0
    while page := session.execute(
        wanted.where(plan.target.id > last).order_by(plan.target.id).limit(_RECORDS_AT_ONCE)
    ).all():
        yield Block(columns, [(True, *record[1:]) for record in page])
        last = page[-1][0]


def in_scope(session: Session, plan: ImportPlan) -> ColumnElement[bool]:
    """Return the condition for the records among which the table lacks some; raise ``BadInput`` for an unusable scope."""
    batch = plan.batch
    refuse_scope(plan)
    field = plan.target.field(batch.scope_field or "")
    scope: ColumnElement[bool] = field.stored == _scope_value(session, field, batch.scope_value or "")
    return scope


def refuse_scope(plan: ImportPlan) -> None:
    """Raise ``BadInput`` where the batch has no scope within which the table may lack records."""
    if plan.batch.scope_field not in plan.target.scopes:
        offered = ", ".join(plan.target.scopes)
        raise BadInput(
            f"To delete {plan.target.title.lower()} that are missing from the file, choose within which of these: {offered}."
        )


def may_be_missing(plan: ImportPlan, record: Any) -> ColumnElement[bool]:
    """Return whether ``record``, an alias of the target's model, is still one of those that the table may lack.

    It may have left the scope since it was found to be missing.
    """
    batch = plan.batch
    if plan.reversing:
        return literal(value=True)  # What another batch created is deleted, wherever it is.
    if plan.mode is not Mode.REPLACE:
        return false()
    field = plan.target.field(batch.scope_field or "")
    stored, text = getattr(record, field.stored.key), batch.scope_value or ""
    if field.lookup is None:
        return func.coalesce(stored == parse(field.column, text), literal(value=False))
    return func.coalesce(stored == field.lookup.id_of(text), literal(value=False))


def _scope_value(session: Session, field: TargetField, text: str) -> Any:
    """Return the value of ``field`` in records within the scope; raise ``BadInput`` where ``text`` is none."""
    if field.lookup is None:
        try:
            return parse(field.column, text)
        except CellError as error:
            raise BadInput(f"The scope cannot be used. {error.message}") from None
    found = session.scalar(select(field.lookup.id).where(field.lookup.by == text))
    if found is None:
        raise BadInput(f"There is no {field.label.lower()} “{text}” whose records could be missing.")
    return found


def _text_in_file(field: TargetField) -> Any:
    """Return in SQL the text that a table has for the value of ``field`` in a record."""
    if field.lookup is None:
        return field.stored
    lookup = field.lookup
    return select(lookup.by).where(lookup.id == field.stored).scalar_subquery()


#: The separator between the labels of fields that change.
_COMMA = ", "


class Comparison:
    """Compares the rows of a batch with its target. ``row`` is the model of the batch's rows.

    ``repeated`` are the first parts of keys that come more than once, where these are known.
    """

    def __init__(self, plan: ImportPlan, row: Any, repeated: Collection[Any] | None = None) -> None:
        self._repeated = repeated
        self._plan = plan
        self._row = row
        self._record = aliased(plan.target.model)
        self._looked_up = {
            field.name: aliased(field.lookup.model) for field in plan.target.all_fields if field.lookup
        }

    def update(self, rows: Rows) -> None:
        """Bring ``rows`` up to date, without their problems."""
        found, row = self.current(rows.where), self._row
        values: dict[str, Any] = {old(field.name): found.c[old(field.name)] for field in self._plan.written}
        values |= {
            "record_id": found.c.record_id,
            "changed_fields": self._changes(found),
            "status": self._status(found),
            "status_text": self._status_text(found),
        }
        if hasattr(row, "key_form"):
            values["key_form"] = key_form(self._plan, row)
        update_from(rows, found, values)

    def current(self, where: ColumnElement[bool]) -> Subquery:
        """Return the key of each row that satisfies ``where``, with the present values of the target.

        ``record_id`` is null where it has no such record, ``duplicate`` is whether another row has the same key, and
        ``in_scope`` whether the record is one of those that are deleted where the table lacks them.
        """
        row, record = self._row, self._record
        names = [self._current(field).label(old(field.name)) for field in self._plan.written]
        statement = select(
            *row_key(row),
            getattr(record, self._plan.target.id.key).label("record_id"),
            has_duplicate(self._plan, row, self._repeated).label("duplicate"),
            may_be_missing(self._plan, record).label("in_scope"),
            *names,
        ).outerjoin(record, and_(*map(self._is_key, self._plan.key)))
        for field in self._plan.written:
            if field.lookup:
                looked_up = self._looked_up[field.name]
                key = getattr(looked_up, field.lookup.id.key)
                statement = statement.outerjoin(looked_up, key == getattr(record, field.stored.key))
        return statement.where(where).subquery("found")

    def changed(self, field: TargetField, before: SQLColumnExpression[Any]) -> ColumnElement[bool]:
        """Return the condition for rows that change ``field``, whose present value is ``before``."""
        after = self._plan.column(self._row, field)
        differs: ColumnElement[bool] = after.is_distinct_from(before)
        if self._plan.reversing:
            return and_(is_reversed(self._row, field), differs)
        return differs if self._plan.clears(field) else and_(after.is_not(None), differs)

    def _current(self, field: TargetField) -> Any:
        if field.lookup is None:
            return getattr(self._record, field.stored.key)
        return getattr(self._looked_up[field.name], field.lookup.by.key)

    def _is_key(self, field: TargetField) -> Any:
        stored = getattr(self._record, field.stored.key)
        value = self._plan.column(self._row, field)
        if field.lookup is None:
            return stored == value
        return stored == field.lookup.id_of(value).correlate(self._row)

    def _changes(self, found: Subquery) -> Any:
        """Return the labels of the fields that change, where there is a record that does."""
        parts = [
            case((self.changed(field, found.c[old(field.name)]), literal(_COMMA + field.label)), else_="")
            for field in self._plan.written
        ]
        if not parts:
            return null()
        joined = reduce(add, (func.coalesce(part, literal("", String)) for part in parts))
        words = func.nullif(func.substr(joined, len(_COMMA) + 1), "")
        return case((found.c.record_id.is_(None) | self._row.missing, null()), else_=words)

    def _status(self, found: Subquery) -> Any:
        row, here = self._row, found.c.record_id.is_not(None)
        status = ImportStatus
        any_change = or_(
            false(), *(self.changed(field, found.c[old(field.name)]) for field in self._plan.written)
        )
        if self._plan.reversing:
            judged = ReversingComparison(self._plan, row, found).status()
            return case(
                (self.keyless(), status.INVALID.value),
                (found.c.duplicate, status.DUPLICATE.value),
                *judged,
                else_=null(),
            )
        return case(
            (and_(row.missing, or_(found.c.duplicate, ~here)), status.UNCHANGED.value),
            # Whatever the batch was made for, its present mode and scope decide about deletions.
            (and_(row.missing, ~found.c.in_scope), status.SKIPPED.value),
            (row.missing, status.DELETE.value),
            (self.keyless(), status.INVALID.value),
            (found.c.duplicate, status.DUPLICATE.value),
            (~here, (status.CREATE if self._plan.mode.creates else status.SKIPPED).value),
            (~any_change, status.UNCHANGED.value),
            else_=(status.UPDATE if self._plan.mode.updates else status.SKIPPED).value,
        )

    def keyless(self) -> ColumnElement[bool]:
        """Return the condition for rows with an incomplete key."""
        return or_(*(self._plan.column(self._row, field).is_(None) for field in self._plan.key))

    def _status_text(self, found: Subquery) -> Any:
        here, plan = found.c.record_id.is_not(None), self._plan
        if plan.reversing:
            return case(*ReversingComparison(plan, self._row, found).text(), else_=null())
        key, title = " and ".join(field.label.lower() for field in plan.key), plan.target.title.lower()
        texts: list[tuple[Any, Any]] = [
            (and_(self._row.missing, found.c.duplicate), literal("It is in the file after all.")),
            (and_(self._row.missing, ~here), literal("It has been deleted already.")),
            (and_(self._row.missing, ~found.c.in_scope), literal(self._kept())),
            (self._row.missing, literal("It is missing from the file.")),
            (self.keyless(), literal(f"It has no {key}.")),
            (found.c.duplicate, literal(f"Duplicate {key}.")),
        ]
        if not plan.mode.creates:
            texts.append((~here, literal(f"It is not among the {title}, and this import creates none.")))
        if plan.mode is Mode.CREATE:
            texts.append((here, literal(f"It is among the {title} already, and this import changes none.")))
        return case(*texts, else_=null())

    def _kept(self) -> str:
        if self._plan.mode is not Mode.REPLACE:
            return "It is missing from the file, but nothing is deleted."
        scope = self._plan.target.field(self._plan.batch.scope_field or "").label.lower()
        return f"It has another {scope} by now, so it need not be in the file."
