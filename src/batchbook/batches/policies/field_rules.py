"""The declaration of the roles that may see and edit a column, and what follows from it for one person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, false, or_
from sqlalchemy.sql import visitors

from batchbook.batches.rows.issues import Issue
from batchbook.errors import BadInput
from batchbook.grid import Column

#: The column with the note of a row: a text of the type's code, which may tell of any other column.
NOTE = "status_text"
#: The columns that every row has and that cannot be restricted: without them, a row is none.
OF_ALL = frozenset({"batch_id", "sequence", "status", NOTE, "issues", "removed", "version", "modified_at"})
_ANY = "*"


@dataclass(frozen=True, kw_only=True)
class FieldRule:
    """The roles that may see, and that may edit, a column of the rows of a type's batches.

    ``field`` is the column's name; with a ``*`` at its end it stands for all columns whose names begin so, such as those of an
    import. ``see`` and ``edit`` are names of roles; ``None`` is everybody who may see, or edit, the batch. Whoever may edit a
    column must be able to see it. Raises :class:`~batchbook.errors.BadInput` for a column that cannot be restricted.
    """

    field: str
    see: tuple[str, ...] | None = None
    edit: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse a column that every row has."""
        if not self.field.removesuffix(_ANY) or self.field in OF_ALL:
            raise BadInput(f"The column “{self.field[:60]}” cannot be restricted: every row has it.")

    def concerns(self, name: str) -> bool:
        """Return whether the rule is about the column ``name``."""
        return _matches([self.field], name)

    @property
    def words(self) -> str:
        """The rule in words, such as “cost seen by admin, edited by nobody”."""
        parts = [
            f"{done} by {', '.join(roles) or 'nobody'}"
            for done, roles in (("seen", self.see), ("edited", self.edit))
            if roles is not None
        ]
        return f"{self.field} {' and '.join(parts)}"

    def to_json(self) -> list[Any]:
        """Return the rule as JSON values."""
        return [self.field, *(None if roles is None else [*roles] for roles in (self.see, self.edit))]

    @classmethod
    def from_json(cls, stored: Sequence[Any]) -> FieldRule:
        """Return the rule of which :meth:`to_json` made ``stored``."""
        field, see, edit = stored
        return cls(
            field=field, see=None if see is None else tuple(see), edit=None if edit is None else tuple(edit)
        )


@dataclass(frozen=True)
class FieldAccess:
    """The columns of a batch's rows that one person may see and edit.

    ``hidden`` are the names, or with ``*`` at the end the beginnings of names, of the columns that do not exist for this person,
    ``fixed`` those of the columns that are read-only.
    """

    hidden: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()

    @property
    def is_limited(self) -> bool:
        """Whether a column is hidden. Texts that may tell of any column, such as notes, are then hidden as well."""
        return bool(self.hidden)

    def sees(self, name: str) -> bool:
        """Return whether the person may see the column ``name``."""
        return not (self.hidden and (name == NOTE or _matches(self.hidden, name)))

    def edits(self, name: str) -> bool:
        """Return whether the person may edit the column ``name``, if people may edit it at all."""
        return self.sees(name) and not _matches(self.fixed, name)

    def sees_all(self, names: Iterable[str]) -> bool:
        """Return whether the person may see all columns called ``names``."""
        return all(map(self.sees, names))

    def visible(self, columns: Iterable[Column]) -> tuple[Column, ...]:
        """Return those of ``columns`` that the person may see; those that the person may not edit are not editable."""
        return tuple(
            one if self.edits(one.name) or not one.editable else replace(one, editable=False)
            for one in columns
            if self.sees(one.name)
        )

    def issues(self, issues: Sequence[Issue] | None) -> list[Issue]:
        """Return those of the ``issues`` of a row that are in columns which the person may see."""
        return [one for one in issues or () if self.sees(one["field"])]

    def hides(self, field: SQLColumnExpression[Any]) -> ColumnElement[bool]:
        """Return the condition that ``field``, the name of a column, is that of a hidden one."""
        exact = [name for name in self.hidden if not name.endswith(_ANY)]
        begin = (name[:-1] for name in self.hidden if name.endswith(_ANY))
        some = (field.startswith(one, autoescape=True) for one in begin)
        return or_(false(), field.in_(exact), *some) if self.hidden else false()

    def shows(self, expression: Any) -> bool:
        """Return whether the person may see a value that is computed by the SQL ``expression`` from columns of rows."""
        parts = visitors.iterate(expression) if self.hidden else ()
        return all(self.sees(str(name)) for part in parts if (name := getattr(part, "key", None)) is not None)


#: The access of whoever is not limited: everybody, unless a policy says otherwise.
EVERYTHING = FieldAccess()


def access_by(rules: Iterable[FieldRule], roles: Collection[str]) -> FieldAccess:
    """Return the access of somebody who has ``roles``. This is the rule that every page and command follows."""
    hidden = [rule.field for rule in rules if rule.see is not None and not {*rule.see} & {*roles}]
    fixed = [rule.field for rule in rules if rule.edit is not None and not {*rule.edit} & {*roles}]
    return FieldAccess(tuple(hidden), tuple(fixed))


def refuse_unrestrictable(rules: Iterable[FieldRule], keys: Mapping[str, str]) -> None:
    """Raise :class:`~batchbook.errors.BadInput` if a rule hides one of ``keys``, by name with their labels, by which rows are known."""
    for rule in rules:
        for name, label in keys.items():
            if rule.see is not None and rule.concerns(name):
                raise BadInput(
                    f"{label} identifies the rows, so everybody who may see a batch sees it. Restrict who may edit it instead."
                )


def _matches(patterns: Iterable[str], name: str) -> bool:
    return any(name.startswith(one[:-1]) if one.endswith(_ANY) else name == one for one in patterns)
