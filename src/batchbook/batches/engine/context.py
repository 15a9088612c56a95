"""The context of one action on one batch, the lookup of the batch, and the handler's callbacks around the action."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from batchbook.batches.handler import BatchHandler
from batchbook.batches.handler_context import HIGHEST_NUMBER, HandlerContext
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.policies.declaration import Policy
from batchbook.batches.policies.field_access import field_access
from batchbook.batches.policies.field_rules import FieldAccess
from batchbook.batches.policies.stored import applied_policy
from batchbook.batches.registry import BatchType, BatchTypes
from batchbook.batches.rows.scope import Rows
from batchbook.errors import Missing
from batchbook.progress import Progress

log = logging.getLogger(__name__)


@dataclass
class ActionContext:
    """A batch, its type, its handler, and the handler's context, for the time of one action."""

    handler_context: HandlerContext
    batch_type: BatchType
    batch: Batch
    handler: BatchHandler[Any, Any]

    @property
    def progress(self) -> Progress:
        """The object to which the action reports its progress."""
        return self.handler_context.progress

    @property
    def session(self) -> Session:
        """The session of the action."""
        return self.handler_context.session

    @property
    def types(self) -> BatchTypes:
        """The application's batch types."""
        types: BatchTypes = self.handler_context.types
        return types

    @property
    def actor(self) -> str:
        """The name of the user who acts."""
        return self.handler_context.actor

    @property
    def now(self) -> datetime:
        """The time of the action, in UTC."""
        return self.handler_context.now

    @property
    def row(self) -> type[BatchRow]:
        """The model of the batch's rows."""
        return self.handler.row_model

    @cached_property
    def policy(self) -> Policy:
        """The policy of the batch's type, as it is when it is first asked for in the action."""
        return applied_policy(self.session, self.batch.type, self.handler.execution_policy.policy)

    @cached_property
    def access(self) -> FieldAccess:
        """The columns of the rows that the user who acts may see and edit."""
        return field_access(self.session, self.batch_type, self.actor, lambda: self.policy)

    def rows(self) -> Rows:
        """Return all rows of the batch that are not removed."""
        return Rows.of_batch(self.session, self.batch, self.row, self.now, self.handler.statuses)


def find_batch(
    session: Session,
    types: BatchTypes,
    batch_id: int,
    *,
    lock: bool = False,
    expected: type[Batch] | None = None,
) -> Batch:
    """Return the batch with the number ``batch_id``, as an object of its type's header model.

    With ``lock``, its header is locked until the transaction ends. ``expected`` is the header model that it most likely
    has, which saves asking for its type. Raises :class:`~batchbook.errors.Missing` if there is no such batch.
    """
    header = expected if 0 < batch_id <= HIGHEST_NUMBER else None
    batch = _read_header(session, header, batch_id, lock=lock) if header else None
    if batch is None:
        header = _header_of(session, types, batch_id)
        batch = _read_header(session, header, batch_id, lock=lock) if header else None
    if batch is None:
        raise no_batch(batch_id)
    return batch


def lock_at_once(session: Session, types: BatchTypes, batch_id: int) -> Batch | None:
    """Lock the batch with the number ``batch_id`` and return it, or ``None`` if others have locked it or there is none.

    Nobody waits. SQLite locks the whole database instead, when a transaction that may write begins.
    """
    header = _header_of(session, types, batch_id)
    return _read_header(session, header, batch_id, lock=True, skip_locked=True) if header else None


def _header_of(session: Session, types: BatchTypes, batch_id: int) -> type[Batch] | None:
    """Return the header model of a batch, ``None`` if there is no such batch; a batch never changes its type."""
    if not 0 < batch_id <= HIGHEST_NUMBER:
        return None
    known = session.identity_map.get(identity_key(Batch, batch_id))
    if known is not None:
        return type(known)
    key = session.scalar(select(Batch.type).where(Batch.id == batch_id))
    return None if key is None else types[key].header


def _read_header(
    session: Session, header: type[Batch], batch_id: int, *, lock: bool, skip_locked: bool = False
) -> Batch | None:
    statement = _header_select(header, lock=lock, skip_locked=skip_locked)
    return session.scalars(statement, {"batch_id": batch_id}).one_or_none()


@lru_cache(maxsize=256)
def _header_select(header: type[Batch], *, lock: bool, skip_locked: bool) -> Select[Batch]:
    """Return the SELECT of a batch by its number; it is kept, because making it takes longer than asking."""
    statement = select(header).where(header.id == bindparam("batch_id"))
    statement = statement.execution_options(populate_existing=True)
    # Only the header's own tables: PostgreSQL does not lock the nullable side of an outer join.
    return statement.with_for_update(of=[Batch, header], skip_locked=skip_locked) if lock else statement


def no_batch(batch_id: int) -> Missing:
    """Return the error for the number ``batch_id``, which no batch has."""
    return Missing(f"There is no batch {batch_id:08d}. It may have been deleted.")


@contextmanager
def around(action: Action, context: ActionContext) -> Iterator[None]:
    """Call the handler's ``setup`` callback before the block and ``teardown`` after it, even if the block raises.

    The block runs in a savepoint, so that ``teardown`` can use the session after a database error, and so that nothing more is
    stored where the block has ended the transaction.
    """
    callbacks, batch = context.handler.callbacks, context.batch
    callbacks.setup(context.handler, action, batch)
    try:
        with context.session.begin_nested():
            yield
    except BaseException:
        try:
            callbacks.teardown(context.handler, action, batch)
        except Exception:  # The first error is the one to report.
            log.exception("Teardown after a failed %s of %s failed too", action, batch)
        raise
    callbacks.teardown(context.handler, action, batch)
