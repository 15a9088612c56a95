"""Models of every batch: header, rows, files, operations with their cell changes.

Children of a batch have keys that begin with ``batch_id``. That is not only their natural order: it means that no
statement, not even SQLite's ``REPLACE``, can touch a frozen batch's child by its key without naming the batch, which
is what the freeze triggers look at.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String, Text, false, text
from sqlalchemy.orm import Mapped, MappedColumn, declared_attr, mapped_column

from batchbook.batches.lifecycle import FINAL, Action, State, why_not
from batchbook.batches.rows.issues import IssueList
from batchbook.db import USER_NAME, Base


def editable(*args: Any, label: str | None = None, **options: Any) -> MappedColumn[Any]:
    """Declare a column that people may edit: of a row in the grid and the row's form, of a header in its form.

    ``fixed=True`` lets a header's column be given when the batch is created, and not be changed after: for what its
    rows were made from. The other options are those of :func:`column`.
    """
    return column(*args, label=label, editable=True, **options)


def column(*args: Any, label: str | None = None, **options: Any) -> MappedColumn[Any]:
    """Declare a column with what pages need to know of it: ``label``, ``minimum``, ``maximum``, ``choices``,
    ``description``. All else goes to :func:`sqlalchemy.orm.mapped_column`.
    """
    names = ("minimum", "maximum", "choices", "description", "editable", "fixed")
    info = {name: options.pop(name) for name in names if name in options}
    if label is not None:
        info["label"] = label
    return mapped_column(*args, info=info | options.pop("info", {}), **options)


class Batch(Base):
    """The header of a batch. A batch type subclasses it with a table of its own for what the type adds::

        class PriceChange(Batch):
            __tablename__ = "price_change"
            vendor_code: Mapped[str | None]

    The table's name is the type's key. Headers of all types share one counter for their numbers.
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
    refreshed_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    completed_by: Mapped[str | None] = mapped_column(String(64), info=USER_NAME)
    executed_at: Mapped[datetime | None]
    executed_by: Mapped[str | None] = mapped_column(String(64), info=USER_NAME)
    execution_options: Mapped[dict[str, Any] | None]
    execution_outcome: Mapped[dict[str, Any] | None]
    purge_after: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give a type's header its key and its polymorphic identity, so that authors need not repeat them."""
        if "__tablename__" in cls.__dict__ and "id" not in cls.__dict__:
            cls.id = mapped_column(ForeignKey("batch.id", ondelete="CASCADE"), primary_key=True)
            cls.__mapper_args__ = {"polymorphic_identity": cls.__tablename__} | cls.__dict__.get(
                "__mapper_args__", {}
            )
        super().__init_subclass__(**kwargs)

    @property
    def number(self) -> str:
        """The batch's number as people write it: eight digits."""
        return f"{self.id:08d}"

    @property
    def is_final(self) -> bool:
        """Whether nothing leads out of the batch's state: it is frozen."""
        return self.state in FINAL

    @property
    def kept_count(self) -> int:
        """How many of the batch's rows are not removed."""
        return self.row_count - self.removed_count

    def count_of(self, *statuses: str) -> int:
        """Return how many rows that are not removed have one of ``statuses``."""
        return sum(int(self.status_counts.get(str(status), 0)) for status in statuses)

    def refusal(self, action: Action) -> str | None:
        """Return the sentences saying that, and why, the batch's state refuses ``action``; ``None`` if it does not."""
        reason = why_not(action, self.state, self._by())
        return None if reason is None else f"{self} was not {action.done}. {reason}"

    def _by(self) -> str:
        """Say who brought the batch into its state, for somebody who comes too late."""
        name, at = {
            State.COMPLETE: (self.completed_by, self.completed_at),
            State.EXECUTED: (self.executed_by, self.executed_at),
        }.get(State(self.state), (None, None))
        return f" by {name} on {at:%Y-%m-%d at %H:%M:%S} UTC" if at is not None else ""

    def __str__(self) -> str:
        """Name the batch in sentences."""
        return f"Batch {self.number}"


class BatchRow(Base):
    """The base of a type's rows. A subclass names its header and adds its columns::

        class PriceChangeRow(BatchRow):
            __tablename__ = "price_change_row"
            __batch__ = PriceChange
            item_code: Mapped[str]

    ``issues`` lists what is wrong in the row's cells, see :class:`batchbook.batches.rows.issues.Issue`; ``version`` counts the
    changes people made and is what an edit must have seen.
    """

    __abstract__ = True
    __batch__: ClassVar[type[Batch]]

    @declared_attr
    def batch_id(cls) -> Mapped[int]:  # noqa: N805 - SQLAlchemy passes the class.
        """The batch the row belongs to."""
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
    """A file that went into a batch or came out of it: its bytes are in chunks beside it, with their SHA-256."""

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
    """A piece of a file's bytes, in order of ``position``."""

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


class Operation(Base):
    """What somebody did to a batch: one operation per human action, however many cells it changed."""

    __tablename__ = "operation"

    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64), info=USER_NAME)
    summary: Mapped[str] = mapped_column(Text)
    cells: Mapped[int] = mapped_column(default=0)


class CellChange(Base):
    """One cell that an operation changed, as text before and after; ``sequence`` 0 is the header."""

    __tablename__ = "cell_change"
    __table_args__ = (
        ForeignKeyConstraint(
            ["batch_id", "operation"], ["operation.batch_id", "operation.number"], ondelete="CASCADE"
        ),
        Index("ix_cell_change_batch_id_sequence", "batch_id", "sequence"),
    )

    batch_id: Mapped[int] = mapped_column(primary_key=True)
    operation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int]
    field: Mapped[str] = mapped_column(String(60))
    old: Mapped[str | None] = mapped_column(Text)
    new: Mapped[str | None] = mapped_column(Text)
