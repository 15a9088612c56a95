"""Problems of rows beyond those of their cells' texts, found in SQL, so that rows without one are never read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from batchbook.batches import RowProxy, Rows, Severity
from batchbook.db import folded_key, key_form
from batchbook.grid import Kind
from batchbook.types.imports.comparison import Comparison
from batchbook.types.imports.fuzzy_match import References
from batchbook.types.imports.import_plan import ImportPlan
from batchbook.types.imports.models import PROBLEMATIC, ImportStatus, has_status
from batchbook.types.imports.targets import Check, TargetField, new
from batchbook.words import quoted_list

#: The codes of issues that a refresh finds, and clears once they are solved.
UNKNOWN, AMBIGUOUS, NEEDED = "unknown-reference", "ambiguous-reference", "needed-to-create"
DUPLICATE_KEY, SIMILAR_KEY = "duplicate-key", "similar-key"
#: The statuses of rows that have no problem but one of these.
_STATUS_OF = {DUPLICATE_KEY: ImportStatus.DUPLICATE, SIMILAR_KEY: ImportStatus.SIMILAR}
#: The number of rows with problems that are read together.
_TOGETHER = 2_000
#: The number of candidates that are named for an ambiguous reference.
_NAMED = 8


class SimilarKeys:
    """The rows of a batch whose key differs from a record's or another row's in case, blanks, width or Unicode form only.

    Keys of one text are compared. The header's ``similar_keys`` says what is done with them.
    """

    def __init__(self, plan: ImportPlan, row: Any) -> None:
        self._plan = plan
        self._row = row
        field = plan.key[0]
        texts = len(plan.key) == 1 and field.lookup is None and field.column.kind is Kind.TEXT
        self._choice = plan.batch.similar_keys if texts else "create"
        self._name = new(field.name)
        self._stored = field.stored
        self._key = plan.column(row, field)

    def match(self, rows: Rows) -> None:
        """Give ``rows`` the key of the one record that theirs is similar to, if the header says so.

        The text of the file stays in the row's ``raw`` texts.
        """
        if self._choice != "match":
            return
        unknown = and_(self._key.is_not(None), ~exists().where(self._stored == self._key))
        similar = and_(~self._row.missing, unknown, self._is_like_a_record())
        for chunk in rows.narrowed(similar).chunks(_TOGETHER):
            keys = self._keys_of_records(chunk)
            for row in chunk:
                text = getattr(row, self._name)
                found = keys.get(key_form(text), [])
                if len(found) == 1:
                    setattr(row, self._name, found[0])
                    row.raw = {self._name: text} | (row.raw or {})
            chunk.save()

    def mark(self, rows: Rows) -> None:
        """Set the status of those ``rows``, compared with the target, that have no record and a similar key."""
        if self._choice == "create":
            return
        row = self._row
        without = (ImportStatus.CREATE, ImportStatus.SKIPPED)
        unknown = (has_status(row, *without), row.record_id.is_(None), ~row.missing)
        # One statement for each: databases join these conditions, but not two of them with OR between them.
        for similar in (self._is_like_a_record(), self._is_like_a_row()):
            rows.update(*unknown, similar, status=ImportStatus.SIMILAR.value)

    def keys_like(self, rows: Rows) -> dict[str, list[str]]:
        """Return the keys of records, and of other rows, that are similar to those of the marked ``rows``, by their form."""
        found = self._keys_of_records(rows)
        forms = self._forms(rows)
        if forms:
            others = (
                select(self._key)
                .distinct()
                .where(self._in_batch(self._row), folded_key(self._key).in_(forms))
            )
            for key in rows.session.scalars(others.order_by(self._key)):
                known = found.setdefault(key_form(key), [])
                if key not in known:
                    known.append(key)
        return found

    def _forms(self, rows: Rows) -> set[str]:
        keys = [
            getattr(row, self._name)
            for row in rows
            if row.status == ImportStatus.SIMILAR or self._choice == "match"
        ]
        return {key_form(key) for key in keys if key is not None}

    def _keys_of_records(self, rows: Rows) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        forms = self._forms(rows)
        if forms:
            records = select(self._stored).where(folded_key(self._stored).in_(forms)).order_by(self._stored)
            for key in rows.session.scalars(records):
                found.setdefault(key_form(key), []).append(key)
        return found

    def _in_batch(self, row: Any) -> ColumnElement[bool]:
        return and_(row.batch_id == self._plan.batch.id, ~row.removed, ~row.missing)

    def _is_like_a_record(self) -> ColumnElement[bool]:
        forms = select(folded_key(getattr(aliased(self._plan.target.model), self._stored.key)))
        return folded_key(self._key).in_(forms)

    def _is_like_a_row(self) -> ColumnElement[bool]:
        other = aliased(self._row)
        key = getattr(other, self._name)
        form = folded_key(key)
        several = select(form).where(self._in_batch(other), key.is_not(None)).group_by(form)
        return folded_key(self._key).in_(several.having(func.min(key) != func.max(key)))


class Problems:
    """Finds the problems of the rows of a batch, after they were compared with the target."""

    def __init__(
        self,
        plan: ImportPlan,
        comparison: Comparison,
        row: Any,
        references: Mapping[str, References],
        similar: SimilarKeys,
    ) -> None:
        self._similar = similar
        self._plan = plan
        self._row = row
        self._references = references
        self._keyless = comparison.keyless
        self._lookups = [field for field in plan.fields if field.lookup]
        self._needed = [field for field in plan.written if field.needed]
        self._not_supplied = plan.not_supplied
        self._codes = {
            UNKNOWN,
            AMBIGUOUS,
            NEEDED,
            DUPLICATE_KEY,
            SIMILAR_KEY,
            *(check.code for check in plan.checks),
        }

    def resolve(self, rows: Rows) -> None:
        """Replace the name of a referenced record by its key, and a key in another case by the real one.

        Only where it is unambiguous. The text of the file stays in the row's ``raw`` texts.
        """
        if not self._lookups:
            return
        for chunk in rows.narrowed(or_(*map(self._unresolved, self._lookups))).chunks(_TOGETHER):
            self._look_up(chunk)
            for row in chunk:
                for field in self._lookups:
                    self._replace_by_key(row, field)
            chunk.save()

    def note(self, rows: Rows) -> None:
        """Add issues to ``rows`` with problems, and set their status."""
        for chunk in rows.narrowed(self._suspect(), ~self._row.missing).chunks(_TOGETHER):
            broken = self._broken(chunk)
            self._look_up(chunk)
            alike = self._similar.keys_like(chunk)
            for row in chunk:
                self._judge(row, broken.get(row.sequence, ()), alike)
            chunk.save()

    def _suspect(self) -> ColumnElement[bool]:
        """Return the condition for rows that have, or had, a problem."""
        return or_(
            self._row.issues.is_not(None),
            has_status(self._row, *PROBLEMATIC),
            *([self._row.status == ImportStatus.CREATE.value] if self._not_supplied else ()),
            *map(self._unresolved, self._lookups),
            *map(self._lacks, self._needed),
            *map(self._breaks, self._plan.checks),
        )

    def _unresolved(self, field: TargetField) -> ColumnElement[bool]:
        text = self._plan.column(self._row, field)
        known = exists().where(field.lookup.by == text) if field.lookup else literal(value=True)
        return and_(text.is_not(None), ~known)

    def _lacks(self, field: TargetField) -> ColumnElement[bool]:
        creates = self._row.status == ImportStatus.CREATE.value
        return and_(creates, self._plan.column(self._row, field).is_(None))

    def _breaks(self, check: Check) -> ColumnElement[bool]:
        columns = [getattr(self._row, new(name)) for name in check.fields]
        return func.coalesce(~check.holds(*columns), literal(value=False))

    def _broken(self, rows: Rows) -> dict[int, list[Check]]:
        """Return the checks that rows fail, by sequence."""
        broken: dict[int, list[Check]] = {}
        for check in self._plan.checks:
            statement = select(self._row.sequence).where(rows.where, self._breaks(check))
            for sequence in rows.session.scalars(statement):
                broken.setdefault(sequence, []).append(check)
        return broken

    def _look_up(self, rows: Rows) -> None:
        for field in self._lookups:
            texts = [getattr(row, new(field.name)) for row in rows]
            self._references[field.name].look_up(text for text in texts if text is not None)

    def _judge(self, row: RowProxy, broken: Sequence[Check], alike: Mapping[str, Sequence[str]]) -> None:
        row.clear_issues(*self._codes)
        for field in self._lookups:
            self._judge_reference(row, field)
        for field in self._needed if row.status == ImportStatus.CREATE else ():
            name = new(field.name)
            if getattr(row, name) is None and not _has_issue(row, name):
                row.add_issue(name, NEEDED, f"{field.label} is required for new records.")
        if self._not_supplied and row.status == ImportStatus.CREATE:
            names = " and ".join(field.label.lower() for field in self._not_supplied)
            message = f"A new record needs {names}, which the file does not have."
            row.add_issue(new(self._plan.key[0].name), NEEDED, message)
        for check in broken:
            row.add_issue(new(check.fields[0]), check.code, check.message)
        self._judge_key(row, alike)
        errors = [found for found in row.issues or () if found["severity"] == Severity.ERROR]
        if errors:
            codes = {found["code"] for found in errors}
            status = (
                _STATUS_OF[codes.pop()]
                if len(codes) == 1 and codes <= _STATUS_OF.keys()
                else ImportStatus.INVALID
            )
            row.set_status(status, " ".join(found["message"] for found in row.issues or ())[:1_000])

    def _judge_key(self, row: RowProxy, alike: Mapping[str, Sequence[str]]) -> None:
        for field in self._plan.key:
            name = new(field.name)
            if getattr(row, name) is None and not _has_issue(row, name):
                row.add_issue(name, NEEDED, f"{field.label} is empty, so the record cannot be identified.")
        if row.status == ImportStatus.DUPLICATE:
            row.add_issue(new(self._plan.key[0].name), DUPLICATE_KEY, row.status_text or "")
        if row.status == ImportStatus.SIMILAR:
            name = new(self._plan.key[0].name)
            text = getattr(row, name)
            others = [key for key in alike.get(key_form(text), ()) if key != text]
            message = (
                f"“{text[:60]}” is written like {quoted_list(others[:_NAMED])} but for case, blanks, width or Unicode form."
                " Choose that, or treat similar keys as different records in the header."
            )
            row.add_issue(name, SIMILAR_KEY, message, suggestions=others[:_NAMED])

    def _replace_by_key(self, row: RowProxy, field: TargetField) -> None:
        name = new(field.name)
        text = getattr(row, name)
        matches = () if text is None else self._references[field.name].found.get(text, ())
        if len(matches) == 1 and matches != (text,):
            setattr(row, name, matches[0])
            row.raw = {name: text} | (row.raw or {})

    def _judge_reference(self, row: RowProxy, field: TargetField) -> None:
        name = new(field.name)
        text = getattr(row, name)
        if text is None:
            return
        references = self._references[field.name]
        matches = references.found.get(text, ())
        if matches == (text,):
            return
        if not matches and field in self._plan.added:
            return
        code, message = _reference_problem(field, text, matches)
        row.add_issue(name, code, message, suggestions=references.suggestions(text))


def _has_issue(row: RowProxy, field: str) -> bool:
    return any(found["field"] == field for found in row.issues or ())


def _reference_problem(field: TargetField, text: str, matches: Sequence[str]) -> tuple[str, str]:
    label = field.label.lower()
    if matches:
        named = ", ".join(matches[:_NAMED]) + (", …" if len(matches) > _NAMED else "")
        return AMBIGUOUS, f"“{text[:60]}” may be more than one {label}: {named}. Choose one."
    return UNKNOWN, f"There is no {label} “{text[:60]}”. Correct it, or add it and refresh."
