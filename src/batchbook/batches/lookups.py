"""Lookups: the records that rows of a batch name, and what rows take from them; declared as data and done by SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    SQLColumnExpression,
    String,
    Subquery,
    UniqueConstraint,
    and_,
    case,
    exists,
    false,
    func,
    inspect,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.visitors import iterate, replacement_traverse
from sqlalchemy.types import NullType

from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.rows.scope import Rows, table_of
from batchbook.batches.rows.storage import row_key, update_from
from batchbook.db import ExactDecimal, folded_key, joining_by_hash, key_form
from batchbook.grid import columns_of
from batchbook.statuses import Status


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """Declaration of the records that rows name, and of what rows take from them: one of the ``lookups`` of a handler.

    ``column`` is the column of rows that names a record by its ``key``, an attribute that no two records share. A row whose
    text is the key of no record gets the key of the one record that it means: whose key differs in case, blanks, width or
    Unicode form only, else the one that has it as one of the attributes ``also``. Where it may mean several, it stays.

    ``take`` are the columns of rows that a refresh fills: with attributes of the record, or expressions in SQL. ``joins`` are
    the further models that these use, outer joined in order: relationships, or pairs of a model and a condition that one of its
    records satisfies at the most. Expressions may have columns of the row, and of the header, which stand for the batch's values.

    Rows whose record is not there get the status ``missing`` and nothing in the columns that they take; without ``missing``, a
    record need not be there. Other rows get the status of the first condition of ``unless`` that holds, or ``found``. Of several
    lookups, the first one by which a row is ``missing`` or held back by ``unless`` gives the status.

    ``watch`` are columns among ``take`` whose values must be the same when the batch is executed, for rows that are neither:
    otherwise nothing is executed, unless the option of the execution called ``overridden_by``, a yes or no, is chosen.
    ``also_watched`` are statuses of ``unless`` whose rows may be executed all the same, so that they are watched as well.
    """

    column: str
    key: InstrumentedAttribute[Any]
    also: Sequence[InstrumentedAttribute[Any]] = ()
    take: Mapping[str, SQLColumnExpression[Any]] = field(default_factory=dict)
    joins: Sequence[Any] = ()
    missing: str | None = None
    unless: Sequence[tuple[ColumnElement[bool], str]] = ()
    found: str | None = None
    watch: Sequence[str] = ()
    also_watched: Sequence[str] = ()
    overridden_by: str | None = None

    @property
    def model(self) -> type[Any]:
        """The model of the records."""
        model: type[Any] = inspect(self.key.class_).class_
        return model

    @property
    def id(self) -> Any:
        """The primary key of the records, one column."""
        (primary,) = inspect(self.model).primary_key
        return inspect(self.model).get_property_by_column(primary).class_attribute

    @property
    def failures(self) -> tuple[str, ...]:
        """The statuses of rows whose record is missing, or for which a condition of ``unless`` holds."""
        missing = () if self.missing is None else (self.missing,)
        return tuple(str(status) for status in (*missing, *(status for _, status in self.unless)))

    @property
    def unwatched(self) -> tuple[str, ...]:
        """The statuses of rows that are not watched."""
        watched = {str(status) for status in self.also_watched}
        return tuple(status for status in self.failures if status not in watched)

    @property
    def watched_models(self) -> Iterator[tuple[Any, Any]]:
        """The joined models whose columns the watched values have: their primary key, one column, and that as it is joined."""
        elements = [one for name in self.watch for one in iterate(in_sql(self.take[name]))]
        tables = {getattr(element, "table", None) for element in elements}
        for one in self.joins:
            entity = inspect(one[0]) if isinstance(one, tuple) else one.property.entity
            keys = entity.mapper.primary_key
            if entity.selectable in tables and len(keys) == 1:
                key = entity.mapper.get_property_by_column(keys[0])
                yield key.class_attribute, getattr(entity.entity, key.key)

    def joined(self, wanted: Select[Any], rows: Rows) -> Select[Any]:
        """Return the SELECT ``wanted`` over the table of ``rows`` with the record of each row, and the joined models."""
        wanted = wanted.select_from(rows.model).outerjoin(
            self.model, self.key == getattr(rows.model, self.column)
        )
        for one in self.joins:
            pair = (one[0], in_batch(rows.batch, one[1])) if isinstance(one, tuple) else (one,)
            wanted = wanted.outerjoin(*pair)
        return wanted

    def taken(self, rows: Rows, name: str) -> ColumnElement[Any]:
        """Return the value in SQL that the column ``name`` of ``rows`` takes; null where the record is not there."""
        value = in_batch(rows.batch, self.take[name])
        # A computed value may be something even if the record is nothing.
        is_plain = isinstance(self.take[name], InstrumentedAttribute)
        return value if is_plain else case((self.id.is_not(None), value), else_=null())

    def is_gone(self, row: type[BatchRow]) -> ColumnElement[bool]:
        """Return the condition for rows of the model ``row`` that took something of a record that is no longer there.

        It is over the SELECT that :meth:`joined` returns. A lookup without ``missing`` lets records be absent.
        """
        own = [
            name
            for name, value in self.take.items()
            if isinstance(value, InstrumentedAttribute) and value.class_ is self.key.class_
        ]
        if self.missing is None:
            return false()
        return and_(self.id.is_(None), or_(false(), *(getattr(row, name).is_not(None) for name in own)))

    def check(self, row: type[BatchRow], statuses: type[Status] | None) -> None:
        """Raise ``ValueError`` or ``TypeError`` where a part names what is not there, or what rows could not store."""
        for one in (self.key, *self.also):
            if not isinstance(one, InstrumentedAttribute):
                raise TypeError(f"{one!r} is no attribute of a model, such as Product.item_code")
        if len(inspect(self.model).primary_key) != 1:
            raise ValueError(f"{self.model.__name__} has a primary key of several columns")
        if not _is_unique(self.key):
            raise ValueError(f"its key {self.key} is not unique, so it does not tell which record is meant")
        if strange := next((one for one in self.also if one.class_ is not self.key.class_), None):
            raise ValueError(f"{strange}, among also, is no attribute of {self.model.__name__}")
        columns_of(row, [self.column])
        _refuse_unlike(self.column, table_of(row).columns[self.column].type, self.key.type)
        self._check_taken(row)
        held_back = {str(status) for _, status in self.unless}
        if stray := next((str(one) for one in self.also_watched if str(one) not in held_back), None):
            raise ValueError(f"it also watches rows with the status {stray!r}, which is none of unless")
        declared = {status.value for status in statuses or ()}
        given = [*self.failures, *([] if self.found is None else [str(self.found)])]
        if unknown := next((one for one in given if one not in declared), None):
            raise ValueError(f"it gives the status {unknown!r}, which the handler's statuses lack")

    def _check_taken(self, row: type[BatchRow]) -> None:
        columns_of(row, [*self.take])
        for name, value in self.take.items():
            column = table_of(row).columns[name]
            if column.info.get("editable") or name == self.column:
                raise ValueError(f"it fills {name!r}, which people edit: declare that with column()")
            if not column.nullable:
                raise ValueError(f"it fills {name!r}, which must be nullable: a record may not be there")
            _refuse_unlike(name, column.type, in_sql(value).type)
        if unknown := sorted({*self.watch} - {*self.take}):
            raise ValueError(f"it watches {unknown[0]!r}, which is not among the columns that it takes")


def _is_unique(key: InstrumentedAttribute[Any]) -> bool:
    """Return whether no two records can have the same value in ``key``."""
    (column,) = key.property.columns
    alone: list[Any] = [index for index in column.table.indexes if index.unique]
    alone += [one for one in column.table.constraints if isinstance(one, UniqueConstraint)]
    return bool(column.primary_key or column.unique or any([*one.columns] == [column] for one in alone))


def _refuse_unlike(name: str, own: Any, other: Any) -> None:
    """Raise ``ValueError`` if the column ``name`` of rows, of the type ``own``, cannot store each value of ``other``."""
    length, longest = getattr(own, "length", None), getattr(other, "length", None)
    scales = [one.scale if isinstance(one, ExactDecimal) else None for one in (own, other)]
    kinds = own._type_affinity, other._type_affinity
    if isinstance(other, NullType):
        return
    if kinds[0] is not kinds[1]:
        raise ValueError(f"the column {name!r} of rows has the type {own!r}, and its record {other!r}")
    if length and longest and length < longest:
        raise ValueError(
            f"the column {name!r} of rows stores {length} characters, and its record may have {longest}"
        )
    if scales[0] != scales[1]:
        raise ValueError(f"the column {name!r} of rows must have as many decimal places as its record's")


# --- Refresh ---------------------------------------------------------------------------------------------------------


def refresh_by_lookups(lookups: Sequence[Lookup], rows: Rows) -> None:
    """Set the columns that ``rows`` take, and their statuses, by one statement for each of ``lookups``."""
    failures: list[str] = []
    for number, lookup in enumerate(lookups):
        status = _status(lookup, rows, failures, is_first=number == 0)
        values = {"status": status} | {name: lookup.taken(rows, name) for name in lookup.take}
        wanted = select(*row_key(rows.model), *(value.label(f"new_{name}") for name, value in values.items()))
        found = lookup.joined(wanted, rows).where(rows.where).subquery("found")
        update_from(rows, found, {name: found.c[f"new_{name}"] for name in values} | {"status_text": None})
        failures += lookup.failures


def _status(
    lookup: Lookup, rows: Rows, failures: Sequence[str], *, is_first: bool
) -> ColumnElement[str | None]:
    """Return the status of ``rows`` in SQL; rows that have one of ``failures``, by an earlier lookup, keep it."""
    row = rows.model
    whens: list[tuple[Any, Any]] = [(row.status.in_(failures), row.status)] if failures else []
    if lookup.missing is not None:
        whens.append((lookup.id.is_(None), literal(str(lookup.missing))))
    whens += [(in_batch(rows.batch, where), literal(str(status))) for where, status in lookup.unless]
    otherwise: Any = null() if is_first else row.status
    otherwise = otherwise if lookup.found is None else literal(str(lookup.found))
    return case(*whens, else_=otherwise) if whens else otherwise


def in_sql(expression: Any) -> ColumnElement[Any]:
    """Return an attribute of a model, or an expression, as an element of SQL."""
    found: ColumnElement[Any] = getattr(expression, "__clause_element__", lambda: expression)()
    return found


def in_batch(batch: Batch, expression: Any) -> ColumnElement[Any]:
    """Return ``expression`` in SQL with the values of ``batch`` in place of columns of its header."""
    tables: set[FromClause] = {*inspect(type(batch)).tables}

    def value_of(element: Any, **_options: Any) -> Any:
        if getattr(element, "table", None) not in tables:
            return None
        name = inspect(type(batch)).get_property_by_column(element.table.c[element.key]).key
        return literal(getattr(batch, name), element.type)

    replaced: ColumnElement[Any] = replacement_traverse(in_sql(expression), {}, value_of)
    return replaced


# --- Keys in the spelling of their records ---------------------------------------------------------------------------

#: The number of unknown keys up to which each is looked for by itself; among more, all similar keys are joined.
_FEW_KEYS = 100


def spell_keys(lookups: Sequence[Lookup], rows: Rows) -> None:
    """Give ``rows`` whose keys are written otherwise the keys of the records that they mean.

    All rows of a batch get them before the first ones are refreshed, so that duplicates have the same keys by then.
    """
    for lookup in lookups:
        if not isinstance(table_of(rows.model).columns[lookup.column].type, String):
            continue
        found = _meant_keys(lookup, rows)
        if found is not None:
            with joining_by_hash(rows.session):
                update_from(rows, found, {lookup.column: found.c.meant} | rows.newer_where(true()))


def _meant_keys(lookup: Lookup, rows: Rows) -> Subquery | None:
    """Return the rows whose key is no record's, with the key of the one record that each means; ``None`` if all are known."""
    row, text = rows.model, getattr(rows.model, lookup.column)
    is_unknown = and_(rows.where, text != "", ~exists().where(lookup.key == text))
    unknown = rows.session.scalars(select(text).where(is_unknown).limit(_FEW_KEYS + 1)).all()
    if not unknown:
        return None
    few = {key_form(key) for key in unknown} if len(unknown) <= _FEW_KEYS else None
    forms: Any = select(folded_key(text)).where(is_unknown) if few is None else few
    spellings = union_all(
        *(
            select(folded_key(one).label("form"), lookup.key.label("key"), literal(rank).label("rank")).where(
                one.is_not(None), folded_key(one).in_(forms)
            )
            for rank, one in enumerate((lookup.key, *lookup.also))
        )
    ).subquery("spellings")
    # Keys come before other attributes: only a form that no key has is looked for among those.
    form, is_key = spellings.c.form, spellings.c.rank == 0
    of_keys = func.count(spellings.c.key.distinct()).filter(is_key)
    of_all = func.count(spellings.c.key.distinct())
    meant = func.coalesce(func.min(spellings.c.key).filter(is_key), func.min(spellings.c.key))
    # Grouped, it is a table of its own for the databases, which they look up rather than scan for each row.
    alone = select(form, meant.label("meant")).group_by(form)
    one = alone.having((of_keys == 1) | ((of_keys == 0) & (of_all == 1))).subquery("one")
    return (
        select(*row_key(row), one.c.meant)
        .join(one, one.c.form == folded_key(text))
        .where(is_unknown)
        .subquery("found")
    )
