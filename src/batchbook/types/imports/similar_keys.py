"""Keys of rows that differ from a record's, or from another row's, in case, blanks, width or Unicode form only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from batchbook.batches import RowProxy, Rows
from batchbook.types.imports.import_plan import ImportPlan, joined_parts, key_form
from batchbook.types.imports.models import ImportStatus, has_status
from batchbook.types.imports.targets import TargetField, new
from batchbook.words import written_like

#: The code of the issue of such a key.
SIMILAR_KEY = "similar-key"
#: The number of rows that are read together.
_TOGETHER = 2_000
#: The most forms that are listed in a statement; where there are more, each row is compared.
_MOST_NAMED = 2_000
#: The number of candidates that are named.
_NAMED = 8

Key = tuple[Any, ...]
#: Forms that rows have in common with records, and forms that they have in common with other rows; ``None`` for too many.
Forms = tuple[Collection[str] | None, Collection[str] | None]


class SimilarForms:
    """The forms that similar keys of a batch have in common, looked up once for an action on all of its rows.

    The forms are ``None`` where there are too many to list, and where they can't be
    known before the rows are refreshed, because parts of the key are references that may be written in several ways.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asked = False
        self._found: Forms = (None, None)

    def of(self, keys: SimilarKeys) -> Forms:
        """Return the forms that keys of rows have in common with records, and those that they have with other rows."""
        if not self._asked:
            self._asked = True
            if not keys.has_references:
                self._found = keys.forms_of_all(self._session)
        return self._found


class KeySearch:
    """The search for keys of records, and of other rows of the batch, in the form in which they are compared."""

    def __init__(self, plan: ImportPlan, row: Any) -> None:
        self._plan = plan
        self._row = row

    def without_record(self) -> ColumnElement[bool]:
        """Return the condition for the rows whose key is that of no record."""
        statement, parts = self._records()
        same = [part == column for part, column in zip(parts, self.columns(), strict=True)]
        return ~exists(statement.where(*same).correlate(self._row))

    def record_forms(self) -> Select[Any]:
        """Return the SELECT of the forms of the keys of all records."""
        statement, parts = self._records()
        return statement.with_only_columns(joined_parts(self._plan.key, parts, fold=True))

    def keys_of_records(self, session: Session, forms: Iterable[str]) -> dict[str, list[Key]]:
        """Return the keys of records by their form, of those with one of ``forms``."""
        found: dict[str, list[Key]] = {}
        wanted = {form for form in forms if form is not None}
        if wanted:
            statement, parts = self._records()
            form = joined_parts(self._plan.key, parts, fold=True)
            statement = statement.with_only_columns(form, *parts).where(form.in_(wanted)).order_by(*parts)
            for text, *key in session.execute(statement):
                found.setdefault(text, []).append(tuple(key))
        return found

    def repeated(self, form: Any) -> Select[Any]:
        """Return the SELECT of the forms that different keys of the batch have in common; ``form`` is a key's."""
        key = joined_parts(self._plan.key, self.columns(), fold=False)
        statement = select(form).where(self.in_batch(), form.is_not(None)).group_by(form)
        return statement.having(func.min(key) != func.max(key))

    def forms_by_row(self, rows: Rows) -> dict[int, str]:
        """Return the forms of the present keys of ``rows``, by sequence."""
        forms = select(self._row.sequence, key_form(self._plan, self._row)).where(rows.where)
        return {row[0]: row[1] for row in rows.session.execute(forms)}

    def in_batch(self) -> ColumnElement[bool]:
        """Return the condition for the rows of the batch that come from its file."""
        row = self._row
        return and_(row.batch_id == self._plan.batch.id, ~row.removed, ~row.missing)

    def columns(self) -> list[Any]:
        """Return the columns of the rows with the parts of the key."""
        return [self._plan.column(self._row, field) for field in self._plan.key]

    def _records(self) -> tuple[Select[Any], list[Any]]:
        """Return a SELECT over all records, and the parts of their keys as rows have them."""
        record, parts = aliased(self._plan.target.model), []
        statement = select(getattr(record, self._plan.target.id.key)).select_from(record)
        for field in self._plan.key:
            stored = getattr(record, field.stored.key)
            if field.lookup:
                other = aliased(field.lookup.model)
                statement = statement.join(other, getattr(other, field.lookup.id.key) == stored)
                stored = getattr(other, field.lookup.by.key)
            parts.append(stored)
        return statement, parts


class SimilarKeys:
    """Finds, replaces and marks the similar keys of a batch, as its header's ``similar_keys`` says.

    ``forms`` are those of all rows, while an action works on all of them. A key is compared if a part of it is a text of
    its own, and no reference.
    """

    def __init__(self, plan: ImportPlan, row: Any, forms: SimilarForms | None) -> None:
        self._plan = plan
        self._row = row
        self._search = KeySearch(plan, row)
        self._forms = forms
        # Batches that were populated by an earlier version have no such column.
        self._choice = plan.batch.similar_keys if plan.spells_keys and hasattr(row, "key_form") else "create"
        self._texts = [field for field in plan.key if field.is_spelled]
        self._changed: Collection[str] | None = None

    @property
    def replaces_keys(self) -> bool:
        """Whether keys that are similar to a record's are replaced by that."""
        return self._choice == "match"

    @property
    def has_references(self) -> bool:
        """Whether a part of the key is a reference to another record."""
        return any(field.lookup for field in self._plan.key)

    def match(self, rows: Rows) -> None:
        """Give ``rows`` the key of the one record that theirs is similar to, if the header says so.

        The texts of the file stay in the row's ``raw`` texts.
        """
        if self._choice != "match":
            return
        found = self._forms.of(self)[0] if self._forms else None
        if found is not None and not found:
            return
        listed = [] if found is None else [key_form(self._plan, self._row).in_(found)]
        for chunk in rows.narrowed(self._search.without_record(), ~self._row.missing, *listed).chunks(
            _TOGETHER
        ):
            forms = self._search.forms_by_row(chunk)
            keys = self._search.keys_of_records(chunk.session, forms.values())
            for row in chunk:
                candidates = keys.get(forms[row.sequence], [])
                if len(candidates) == 1:
                    self._replace(row, candidates[0])
            chunk.save()

    def note_changed(self, rows: Rows) -> None:
        """Note which of a few ``rows`` have got another key, before they are compared.

        Looking for a key among all records takes long, and the edit of another cell does not make a key similar.
        """
        if self._choice == "create" or self._forms:
            return
        form, row = key_form(self._plan, self._row), self._row
        changed = or_(row.key_form.is_distinct_from(form), row.status == ImportStatus.SIMILAR.value)
        self._changed = _few(rows.session, select(form).distinct().where(rows.where, changed))

    def mark(self, rows: Rows) -> None:
        """Set the status of those ``rows``, compared with the target, that have no record and a similar key."""
        if self._choice == "create":
            return
        of_records, of_rows = self._forms.of(self) if self._forms else self._forms_of_few(rows)
        row = self._row
        # One statement for each: databases join these conditions, but not two of them with OR between them.
        for forms, subquery in (
            (of_records, self._search.record_forms()),
            (of_rows, self._search.repeated(row.key_form)),
        ):
            if forms is None or forms:
                similar = row.key_form.in_(subquery if forms is None else forms)
                rows.update(*self._may_be_marked(), similar, status=ImportStatus.SIMILAR.value)

    def keys_like(self, rows: Rows) -> Mapping[str, Sequence[Key]]:
        """Return the keys of records, and of other rows, that are similar to those of the marked ``rows``, by their form."""
        forms = {row.key_form for row in rows if row.status == ImportStatus.SIMILAR}
        found = self._search.keys_of_records(rows.session, forms)
        if forms:
            columns = self._search.columns()
            others = select(self._row.key_form, *columns).distinct()
            others = others.where(self._search.in_batch(), self._row.key_form.in_(forms))
            for form, *key in rows.session.execute(others.order_by(*columns)):
                if tuple(key) not in found.setdefault(form, []):
                    found[form].append(tuple(key))
        return found

    def note(self, row: RowProxy, keys: Mapping[str, Sequence[Key]]) -> None:
        """Add the issue of a ``row`` that is marked, with the similar ``keys`` by form as suggestions."""
        own = self._key_of(row)
        others = [key for key in keys.get(row.key_form, ()) if key != own][:_NAMED]
        if not others:
            return
        field = self._first_difference(own, others[0])
        place = self._plan.key.index(field)
        message = (
            f"{written_like(_in_words(own), list(map(_in_words, others)))}."
            " Choose that, or treat similar keys as different records in the header."
        )
        suggestions = list(dict.fromkeys(key[place] for key in others if key[place] != own[place]))
        row.add_issue(new(field.name), SIMILAR_KEY, message, suggestions=suggestions)

    def forms_of_all(self, session: Session) -> Forms:
        """Return the forms of :class:`SimilarForms`, before the rows have been compared."""
        form = key_form(self._plan, self._row)
        # Of two similar rows of which one has a record, the other one is similar to that.
        new_keys = (self._search.in_batch(), self._search.without_record())
        like_records = select(form).distinct().where(*new_keys, form.in_(self._search.record_forms()))
        return _few(session, like_records), _few(session, self._search.repeated(form).where(*new_keys))

    def _forms_of_few(self, rows: Rows) -> Forms:
        """Return the same of a few ``rows`` that have been compared, without comparing all others."""
        wanted = select(self._row.key_form).distinct().where(rows.where, *self._may_be_marked())
        forms = _few(rows.session, wanted.where(self._row.key_form.is_not(None)))
        if forms is not None and not forms:
            return (), ()
        asked = forms if self._changed is None else self._changed
        of_records = None if asked is None else set(self._search.keys_of_records(rows.session, asked))
        if forms is None:
            return of_records, None
        repeated = self._search.repeated(self._row.key_form).where(self._row.key_form.in_(forms))
        return of_records, set(rows.session.scalars(repeated))

    def _may_be_marked(self) -> tuple[ColumnElement[bool], ...]:
        row = self._row
        without_record = has_status(row, ImportStatus.CREATE, ImportStatus.SKIPPED)
        return without_record, row.record_id.is_(None), ~row.missing

    def _key_of(self, row: RowProxy) -> Key:
        return tuple(getattr(row, new(field.name)) for field in self._plan.key)

    def _replace(self, row: RowProxy, key: Key) -> None:
        for field, value in zip(self._plan.key, key, strict=True):
            name = new(field.name)
            if field.is_spelled and getattr(row, name) != value:
                row.raw = {name: getattr(row, name)} | (row.raw or {})
                setattr(row, name, value)

    def _first_difference(self, own: Key, other: Key) -> TargetField:
        places = [self._plan.key.index(field) for field in self._texts]
        return self._plan.key[next((place for place in places if own[place] != other[place]), places[0])]


def _few(session: Session, statement: Select[Any]) -> Collection[str] | None:
    found = session.scalars(statement.limit(_MOST_NAMED + 1)).all()
    return None if len(found) > _MOST_NAMED else set(found)


def _in_words(key: Key) -> str:
    return " · ".join(map(str, key))
