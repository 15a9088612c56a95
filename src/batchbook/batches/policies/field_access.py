"""The one place that answers which columns of rows a person may see and edit: for pages, files, commands and jobs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial

from sqlalchemy import ColumnElement, and_, exists, false, not_, or_, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value

from batchbook.batches.changed_cells import ChangedCell, cells_of
from batchbook.batches.history import FAILURE, REDO, REFUSAL, UNDO
from batchbook.batches.models import Batch, BatchFile, BatchRow, Operation
from batchbook.batches.policies.declaration import Policy
from batchbook.batches.policies.field_rules import EVERYTHING, OF_ALL, FieldAccess, access_by
from batchbook.batches.policies.stored import FIELD_ACCESS, applied_policy
from batchbook.batches.registry import BatchType
from batchbook.batches.review.models import BatchComment
from batchbook.errors import Refused
from batchbook.grid import Column, columns_of
from batchbook.security.models import Role, User, user_role

#: The sentence in place of one that may tell of a hidden column.
MASKED = "Not shown, because it may tell of columns that you may not see."
#: The kinds of operations whose sentences quote others, or errors.
_QUOTING = (UNDO, REDO, FAILURE, REFUSAL)


def field_access(
    session: Session, batch_type: BatchType, actor: str, policy: Callable[[], Policy] | None = None
) -> FieldAccess:
    """Return the access of the user called ``actor`` to the columns of the rows of a type's batches.

    The administrator of the machine, who acts under no name, is not limited. It is looked up once in a transaction;
    ``policy`` returns the type's policy, where the caller may have read it already.
    """
    if not actor:
        return EVERYTHING
    known: dict[tuple[str, str], FieldAccess] = session.info.setdefault(FIELD_ACCESS, {})
    key = (batch_type.key, actor)
    if key not in known:
        rules = (policy or partial(_applied, session, batch_type))().fields
        known[key] = access_by(rules, roles_of(session, actor)) if rules else EVERYTHING
    return known[key]


def _applied(session: Session, batch_type: BatchType) -> Policy:
    return applied_policy(session, batch_type.key, batch_type.handler.execution_policy.policy)


def restrictable_columns(batch_type: BatchType) -> Sequence[Column]:
    """Return the columns of the row model of a type that can be restricted, in the order of the table."""
    keys = (key for key in batch_type.row.__mapper__.columns.keys() if key not in OF_ALL)  # noqa: SIM118 - Not a mapping.
    return [column for key in keys for column in _shown(batch_type.row, key)]


def _shown(row: type[BatchRow], key: str) -> Sequence[Column]:
    """Return the column ``key`` of ``row``; none if it has values that a grid cannot show, such as JSON."""
    try:
        return columns_of(row, [key])
    except TypeError:
        return ()


def identifying_columns(batch_type: BatchType) -> dict[str, str]:
    """Return the columns by which the rows of every batch of a type are known, by name with their labels.

    They are those of its peers, of its duplicates, of the records that it changes and looks up, of its matching, and of quick
    entry, as far as these do not depend on the batch.
    """
    handler = batch_type.handler
    names = {*handler.peer_columns, *(one for group in handler.also_peers for one in group)}
    names |= {handler.matching.key} if handler.matching else set()
    names |= {lookup.column for lookup in handler.lookups}
    names |= {handler.record_update.column} if handler.record_update else set()
    if handler.quick_entry is not None and handler.quick_entry.key is not None:
        names.add(handler.quick_entry.key)  # The history tells what was scanned.
    for declared in (
        handler.duplicates and handler.duplicates.key,
        handler.touched_records and handler.touched_records.columns,
    ):
        names |= {*declared} if declared and not callable(declared) else set()
    return {one.name: one.label for one in restrictable_columns(batch_type) if one.name in names}


def roles_of(session: Session, user: str) -> set[str]:
    """Return the names of the roles of the user called ``user``."""
    held = select(Role.name).join(user_role, user_role.c.role_id == Role.id)
    return {*session.scalars(held.join(User, User.id == user_role.c.user_id).where(User.name == user))}


def refuse_if_limited(access: FieldAccess, what: str) -> None:
    """Raise :class:`~batchbook.errors.Refused` if a column is hidden by ``access``, because ``what`` would have its values."""
    if access.is_limited:
        raise Refused(
            f"{what} would have the values of columns that your role does not allow you to see, so you can't get it. Ask somebody"
            " who may see all columns."
        )


def refuse_file_of_others(access: FieldAccess, actor: str, file: BatchFile | None) -> None:
    """Raise :class:`~batchbook.errors.Refused` if a column is hidden from ``actor``, who has not uploaded ``file`` either."""
    if file is not None and file.added_by != actor:
        refuse_if_limited(access, "The file")


def has_field_rules(session: Session, batch_type: BatchType) -> bool:
    """Return whether a column of the rows of a type's batches is restricted for somebody."""
    return bool(_applied(session, batch_type).fields)


def seen_cells(access: FieldAccess) -> ColumnElement[bool]:
    """Return the condition for the changed cells that ``access`` shows: those of the header, and of visible columns."""
    return or_(ChangedCell.sequence == 0, ~access.hides(ChangedCell.field))


def telling_operations(access: FieldAccess) -> ColumnElement[bool]:
    """Return the condition for the operations whose sentences may tell of a column that ``access`` hides.

    These are the ones that changed such a column, those that undid or redid something or failed, and comments on its cells.
    """
    comment, change = aliased(BatchComment), cells_of(Operation, access.hides)
    touched = exists(select(change.position).where(change.sequence > 0))
    commented = and_(
        Operation.kind == "comment",
        exists().where(
            comment.batch_id == Operation.batch_id,
            comment.at == Operation.at,
            access.hides(comment.field),
        ),
    )
    return or_(touched, commented, Operation.kind.in_(_QUOTING))


def masked_operations(
    session: Session, batch_id: int, access: FieldAccess, numbers: Collection[int] | None = None
) -> frozenset[int]:
    """Return the numbers of the operations on a batch whose sentences are not for somebody with ``access``.

    They are those among ``numbers``, by default of all operations.
    """
    if not access.is_limited:
        return frozenset()
    found = select(Operation.number).where(Operation.batch_id == batch_id, telling_operations(access))
    return frozenset(
        session.scalars(found if numbers is None else found.where(Operation.number.in_(numbers)))
    )


def told(session: Session, operations: Sequence[Operation], access: FieldAccess) -> Sequence[Operation]:
    """Return ``operations`` of one batch as somebody with ``access`` may read them.

    Sentences that tell too much are replaced by :data:`MASKED`.

    They are taken out of the session where that is so, because nothing of it is to be stored.
    """
    if access.is_limited and operations:
        numbers = [one.number for one in operations]
        hidden = masked_operations(session, operations[0].batch_id, access, numbers)
        for one in operations:
            if one.number in hidden:
                session.expunge(one)
                set_committed_value(one, "summary", MASKED)
    return operations


def readable_operations(session: Session, types: Iterable[BatchType], actor: str) -> ColumnElement[bool]:
    """Return the condition for the operations on batches of ``types`` that ``actor`` may read."""
    return not_(or_(false(), *_hidden_operations(session, types, actor)))


def types_seen_whole(session: Session, types: Iterable[BatchType], actor: str) -> list[str]:
    """Return the keys of those ``types`` of whose rows no column is hidden from ``actor``.

    Only of these may ``actor`` see what executions did to records.
    """
    return [one.key for one in types if not field_access(session, one, actor).is_limited]


def _hidden_operations(
    session: Session, types: Iterable[BatchType], actor: str
) -> Iterator[ColumnElement[bool]]:
    for one in types:
        access = field_access(session, one, actor)
        if access.is_limited:
            yield and_(Batch.type == one.key, telling_operations(access))
