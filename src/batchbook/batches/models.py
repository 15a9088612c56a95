"""Models of batches: header, rows, files, and operations with their cell changes.

The keys of a batch's children begin with ``batch_id``. Besides being their natural order, this means that no statement,
not even SQLite's ``REPLACE``, can reach a child of a frozen batch by its key without naming the batch, which the freeze
triggers look at.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from pyramid.exceptions import ConfigurationError
from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    cast,
    false,
    func,
    literal,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, MappedColumn, declared_attr, mapped_column

from batchbook.batches.lifecycle import FINAL, Action, State, why_not
from batchbook.batches.rows.issues import IssueList
from batchbook.db import USER_NAME, Base, ExactDecimal
from batchbook.declarations import refuse_taken

#: The options of a column that are for pages, besides its label.
COLUMN_OPTIONS = ("minimum", "maximum", "choices", "description", "reference", "editable", "fixed")


def editable(*args: Any, label: str | None = None, **options: Any) -> MappedColumn[Any]:
    """Declare a column that people may edit: a row's in the grid and its form, a header's in its form.

    A header's column with ``fixed=True`` can be set when the batch is created, and not changed afterwards; use it for
    data that the rows were made from. The other options are those of :func:`column`.
    """
    return column(*args, label=label, editable=True, **options)


def column(*args: Any, label: str | None = None, **options: Any) -> MappedColumn[Any]:
    """Declare a column with attributes for pages: ``label``, ``minimum``, ``maximum``, ``choices``, ``description``,
    ``reference``.

    A ``reference``, see :class:`~batchbook.grid.Reference`, suggests the records that the cells of a row name while people
    type. All other arguments are passed to :func:`sqlalchemy.orm.mapped_column`.
    """
    info = {name: options.pop(name) for name in COLUMN_OPTIONS if name in options}
    if label is not None:
        info["label"] = label
    return mapped_column(*args, info=info | options.pop("info", {}), **options)


_NUMBER_DIGITS = 8
#: The key in a header's ``params`` of what the batch was made from, where a person chose rows or records elsewhere.
CHOSEN_ROWS = "chosen_rows"


def number_in_sql(batch_id: Any) -> ColumnElement[str]:
    """Return the SQL of :attr:`Batch.number`, with leading zeros, for a column with the keys of batches."""
    digits = cast(batch_id, String)
    return func.substr(literal("0" * _NUMBER_DIGITS) + digits, func.length(digits) + 1, _NUMBER_DIGITS)


class Batch(Base):
    """The header of a batch. A batch type subclasses it with a table of its own for additional columns::

        class PriceChange(Batch):
            __tablename__ = "price_change"
            vendor_code: Mapped[str | None]

    The table's name is the type's key. Headers of all types share one counter for their numbers. ``sent_back_to`` is whoever
    has to correct a batch that was sent back, until it is marked complete again.
    """

    __tablename__ = "batch"
    __table_args__ = (Index("ix_batch_type_state", "type", "state"), {"sqlite_autoincrement": True})
    __mapper_args__ = {"polymorphic_on": "type"}  # noqa: RUF012 - SQLAlchemy reads it, nobody changes it.

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(60))
    description: Mapped[str | None] = column(String(200), editable=True)
    notes: Mapped[str | None] = column(Text, editable=True)
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(12), default=State.NEW)
    status: Mapped[str | None] = mapped_column(String(40))
    failure: Mapped[str | None] = mapped_column(Text)
    row_count: Mapped[int] = mapped_column(default=0)
    removed_count: Mapped[int] = mapped_column(default=0)
    status_counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64), info=USER_NAME)
    handed_to: Mapped[str | None] = mapped_column(String(64), info=USER_NAME)
    refreshed_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    completed_by: Mapped[str | None] = mapped_column(String(64), info=USER_NAME)
    sent_back_to: Mapped[str | None] = mapped_column(String(64), info=USER_NAME)
    sent_back_by: Mapped[str | None] = mapped_column(String(64), info=USER_NAME)
    sent_back_at: Mapped[datetime | None]
    sent_back_reason: Mapped[str | None] = mapped_column(Text)
    executed_at: Mapped[datetime | None]
    executed_by: Mapped[str | None] = mapped_column(String(64), info=USER_NAME)
    execution_options: Mapped[dict[str, Any] | None]
    execution_outcome: Mapped[dict[str, Any] | None]
    executed_amount: Mapped[Decimal | None] = mapped_column(ExactDecimal(18, 4))  # All changes of numbers.
    purge_after: Mapped[datetime | None]
    #: The number of the executed batch that this one reverses. That one is frozen, and may be purged.
    reverses: Mapped[int | None] = mapped_column(index=True)
    #: The number of the batch whose rows, or whose execution, this one was made from. That one may be purged.
    made_from: Mapped[int | None] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(default=1)

    @hybrid_property
    def owner(self) -> str:
        """The user whose work the batch is: its creator, until it is handed over to somebody else."""
        return self.handed_to or self.created_by

    @owner.inplace.expression
    @classmethod
    def _owner_expression(cls) -> ColumnElement[str]:
        return func.coalesce(cls.handed_to, cls.created_by)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Add the key and the polymorphic identity to a type's header, so that authors need not repeat them."""
        refuse_taken(cls, Batch, set(Batch.__table__.columns.keys()) - {"id"}, attributes=True)
        if "__tablename__" in cls.__dict__ and "id" not in cls.__dict__:
            cls.id = mapped_column(ForeignKey("batch.id", ondelete="CASCADE"), primary_key=True)
            cls.__mapper_args__ = {"polymorphic_identity": cls.__tablename__} | cls.__dict__.get(
                "__mapper_args__", {}
            )
        super().__init_subclass__(**kwargs)

    @property
    def number(self) -> str:
        """The batch's number as people write it, with eight digits."""
        return f"{self.id:0{_NUMBER_DIGITS}d}"

    @property
    def filters_key(self) -> str:
        """The name under which people's filters of this batch's rows are remembered."""
        return f"batch.{self.id}.rows"

    @property
    def presence_place(self) -> str:
        """The name under which it is noted who edits which cell of this batch."""
        return f"batch.{self.id}"

    @property
    def is_final(self) -> bool:
        """Whether the batch is frozen: no action leaves its state."""
        return self.state in FINAL

    @property
    def has_chosen_rows(self) -> bool:
        """Whether the batch was made from rows or records that a person chose elsewhere, from which it is populated."""
        return CHOSEN_ROWS in self.params

    @property
    def kept_count(self) -> int:
        """The number of rows that are not removed."""
        return self.row_count - self.removed_count

    def count_of(self, *statuses: str) -> int:
        """Return the number of rows that are not removed and have one of ``statuses``."""
        return sum(int(self.status_counts.get(str(status), 0)) for status in statuses)

    def refusal(self, action: Action) -> str | None:
        """Return the sentences with which the batch's state refuses ``action``; ``None`` if it allows it."""
        reason = why_not(action, self.state, self._by())
        return None if reason is None else f"{self} was not {action.done}. {reason}"

    def _by(self) -> str:
        """Return the user and the time that brought the batch into its state, as a part of a sentence."""
        name, at = {
            State.COMPLETE: (self.completed_by, self.completed_at),
            State.EXECUTED: (self.executed_by, self.executed_at),
        }.get(State(self.state), (None, None))
        return f" by {name} on {at:%Y-%m-%d at %H:%M:%S} UTC" if at is not None else ""

    def __str__(self) -> str:
        """Return the batch's name in sentences."""
        return f"Batch {self.number}"


class BatchRow(Base):
    """The base of a type's rows. A subclass names its header and adds its columns::

        class PriceChangeRow(BatchRow):
            __tablename__ = "price_change_row"
            __batch__ = PriceChange
            item_code: Mapped[str]

    ``issues`` lists the problems in the row's cells, see :class:`batchbook.batches.rows.issues.Issue`. ``version`` counts
    changes; an edit must be based on the current one.
    """

    __abstract__ = True
    __batch__: ClassVar[type[Batch]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse rows that name no header, before their table is made."""
        batch: Any = getattr(cls, "__batch__", None)
        if not cls.__dict__.get("__abstract__") and not (
            isinstance(batch, type) and issubclass(batch, Batch)
        ):
            raise ConfigurationError(
                f"The row model {cls.__name__} in {cls.__module__} does not name its header: give it __batch__ = and the"
                " class of its batches, a subclass of Batch."
            )
        if not cls.__dict__.get("__abstract__") and not hasattr(cls, "__tablename__"):
            raise ConfigurationError(
                f"The row model {cls.__name__} in {cls.__module__} has no table: give it a __tablename__, such as"
                f' "{batch.__tablename__}_row".'
            )
        refuse_taken(cls, BatchRow, set(BatchRow.__annotations__) - {"__batch__"})
        super().__init_subclass__(**kwargs)

    @declared_attr
    def batch_id(cls) -> Mapped[int]:  # noqa: N805 - SQLAlchemy passes the class.
        """The number of the row's batch."""
        target = f"{cls.__batch__.__tablename__}.id"
        return mapped_column(ForeignKey(target, ondelete="CASCADE"), primary_key=True, sort_order=-20)

    sequence: Mapped[int] = column(primary_key=True, autoincrement=False, sort_order=-19, label="Row")
    status: Mapped[str | None] = mapped_column(String(40), sort_order=90)
    status_text: Mapped[str | None] = mapped_column(Text, sort_order=91)
    issues: Mapped[list[Any] | None] = mapped_column(IssueList, sort_order=92)
    removed: Mapped[bool] = mapped_column(default=False, server_default=false(), sort_order=93)
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"), sort_order=94)
    modified_at: Mapped[datetime | None] = mapped_column(sort_order=95)


class BatchFile(Base):
    """A file that belongs to a batch, with the SHA-256 of its bytes, which are stored in chunks."""

    __tablename__ = "batch_file"

    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    role: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime]
    added_by: Mapped[str] = mapped_column(String(64), info=USER_NAME)


class BatchFileChunk(Base):
    """A chunk of a file's bytes, in order of ``position``."""

    __tablename__ = "batch_file_chunk"
    __table_args__ = (
        ForeignKeyConstraint(
            ["batch_id", "number"], ["batch_file.batch_id", "batch_file.number"], ondelete="CASCADE"
        ),
    )

    batch_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class UploadedFile(Base):
    """The upload of a file: its digest, and the batch, by which the file is recognised even when the batch is deleted."""

    __tablename__ = "uploaded_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    role: Mapped[str] = mapped_column(String(10))
    batch_id: Mapped[int]
    number: Mapped[int]
    type: Mapped[str] = mapped_column(String(60))
    uploaded_at: Mapped[datetime]


class Operation(Base):
    """An action on a batch in its history, with the number of cells that it changed.

    ``reverses`` is the number of the operation that it reverses, if it is an undo or redo; an operation is reversed once at
    the most. To redo is to reverse the undo.

    ``actor`` is the person; ``acted_by`` tells what acted on the person's behalf, such as "job 12" or "command", and is null
    for what was done in person. ``reason`` is the text that the person gave. ``evidence`` has the figures of the action and
    the digests of what it used, as ``engine/evidence`` describes.
    """

    __tablename__ = "operation"
    __table_args__ = (Index("uq_operation_batch_id_reverses", "batch_id", "reverses", unique=True),)

    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64), info=USER_NAME)
    summary: Mapped[str] = mapped_column(Text)
    cells: Mapped[int] = mapped_column(default=0)
    reverses: Mapped[int | None]
    acted_by: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(Text)
    evidence: Mapped[dict[str, Any] | None]


class CellChange(Base):
    """A cell that an operation changed, with its texts before and after; ``sequence`` 0 is the header.

    ``issues`` are the problems that the cell had before, which the change removed: with them, a text that could not be
    stored can be brought back. The field "removed" is the row's mark; a row that was added has had none before.
    """

    __tablename__ = "cell_change"
    __table_args__ = (
        ForeignKeyConstraint(
            ["batch_id", "operation"], ["operation.batch_id", "operation.number"], ondelete="CASCADE"
        ),
        Index("ix_cell_change_batch_id_sequence", "batch_id", "sequence"),
        # Without an index of its own for the key, a cell takes a quarter less room.
        {"sqlite_with_rowid": False},
    )

    batch_id: Mapped[int] = mapped_column(primary_key=True)
    operation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int]
    field: Mapped[str] = mapped_column(String(60))
    old: Mapped[str | None] = mapped_column(Text)
    new: Mapped[str | None] = mapped_column(Text)
    issues: Mapped[list[Any] | None] = mapped_column(IssueList)
