"""Problems of rows beyond those of their cells' texts, found in SQL, so that rows without one are never read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select

from batchbook.batches import RowProxy, Rows, Severity
from batchbook.types.imports.comparison import Comparison
from batchbook.types.imports.fuzzy_match import References
from batchbook.types.imports.import_plan import ImportPlan
from batchbook.types.imports.models import PROBLEMATIC, ImportStatus, has_status
from batchbook.types.imports.similar_keys import SIMILAR_KEY, Key, SimilarKeys
from batchbook.types.imports.targets import Check, TargetField, new

#: The codes of issues that a refresh finds, and clears once they are solved.
UNKNOWN, AMBIGUOUS, NEEDED = "unknown-reference", "ambiguous-reference", "needed-to-create"
DUPLICATE_KEY = "duplicate-key"
#: The statuses of rows that have no problem but one of these.
_STATUS_OF = {DUPLICATE_KEY: ImportStatus.DUPLICATE, SIMILAR_KEY: ImportStatus.SIMILAR}
#: The number of rows with problems that are read together.
_TOGETHER = 2_000
#: The number of candidates that are named for an ambiguous reference.
_NAMED = 8


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
        self._added = plan.added
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
            self._find_spellings(chunk)
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

    def _find_spellings(self, rows: Rows) -> None:
        """Find out how the records that are to be added are spelled first in the batch, by one statement for each field."""
        for field in self._added:
            references = self._references[field.name]
            texts = {getattr(row, new(field.name)) for row in rows} - {None}
            missing = [text for text in texts if not references.found.get(text)]
            references.find_spellings(self._texts_of(field), missing)

    def _judge(self, row: RowProxy, broken: Sequence[Check], alike: Mapping[str, Sequence[Key]]) -> None:
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

    def _judge_key(self, row: RowProxy, alike: Mapping[str, Sequence[Key]]) -> None:
        for field in self._plan.key:
            name = new(field.name)
            if getattr(row, name) is None and not _has_issue(row, name):
                row.add_issue(name, NEEDED, f"{field.label} is empty, so the record cannot be identified.")
        if row.status == ImportStatus.DUPLICATE:
            row.add_issue(new(self._plan.key[0].name), DUPLICATE_KEY, row.status_text or "")
        if row.status == ImportStatus.SIMILAR:
            self._similar.note(row, alike)

    def _replace_by_key(self, row: RowProxy, field: TargetField) -> None:
        name = new(field.name)
        text = getattr(row, name)
        if text is None:
            return
        references = self._references[field.name]
        matches = references.found.get(text, ())
        if not matches and field in self._added:
            matches = (references.spelled_first(text),)
        if len(matches) == 1 and matches != (text,):
            setattr(row, name, matches[0])
            row.raw = {name: text} | (row.raw or {})

    def _texts_of(self, field: TargetField) -> Select[tuple[str, int]]:
        row = self._row
        texts = select(self._plan.column(row, field), row.sequence)
        return texts.where(row.batch_id == self._plan.batch.id, ~row.removed, ~row.missing)

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
