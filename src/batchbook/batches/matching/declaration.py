"""The declaration of a batch type's matching, the columns that its rows need, and the base of remembered matches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Index,
    Select,
    SQLColumnExpression,
    String,
    case,
    func,
    inspect,
    null,
    select,
    text,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, declared_attr, mapped_column

from batchbook.batches.models import Batch, BatchRow, column
from batchbook.db import USER_NAME, Base, utc_now
from batchbook.grid import columns_of
from batchbook.statuses import Status

#: The number of characters of a key that is remembered, and of its form.
LONGEST_KEY = 200
_CURRENT = text("revoked_at IS NULL")


class MatchedRow:
    """The columns of rows that are matched, beside those of :class:`~batchbook.batches.BatchRow`.

    ``listed_key`` is the key that the source has, where a match replaced it. ``matched_key`` is the record's key that the
    row got by itself from an earlier match; once a person chooses another one, the two differ.
    """

    listed_key: Mapped[str | None] = column(String(LONGEST_KEY), label="Code in list", sort_order=88)
    matched_key: Mapped[str | None] = column(String(LONGEST_KEY), label="Earlier match", sort_order=89)

    @classmethod
    def match_words(cls, key: SQLColumnExpression[Any]) -> SQLColumnExpression[Any]:
        """Return in SQL the sentence about the match that replaced the row's ``key``; null where none did."""
        listed: Any = cls.listed_key
        source = "“" + listed + "” in the list."
        return case(
            (listed.is_(None) | (listed == key), null()),
            (cls.matched_key == key, "Taken from an earlier match: " + source),
            else_="Matched by hand: " + source,
        )


class RememberedMatch(Base):
    """The base of tables of remembered matches: for one owner, such as a vendor, a key in its lists means one record.

    A subclass adds its ``id`` and two foreign keys, of the record and of the owner, and names them in ``__record__`` and
    ``__owner__``. ``key`` is the key as it was written, ``key_form`` the form in which keys are compared. A match that was
    revoked stays for the record; an owner has one current match of each form.
    """

    __abstract__ = True
    __record__: str
    __owner__: str

    key: Mapped[str] = mapped_column(String(LONGEST_KEY), sort_order=10)
    key_form: Mapped[str] = mapped_column(String(LONGEST_KEY), sort_order=11)
    matched_at: Mapped[datetime] = mapped_column(default=utc_now, sort_order=12)
    matched_by: Mapped[str] = mapped_column(String(64), info=USER_NAME, sort_order=13)
    # No foreign key: the match outlives a batch that is deleted or purged.
    batch_id: Mapped[int | None] = mapped_column(sort_order=14)
    revoked_at: Mapped[datetime | None] = mapped_column(sort_order=15)
    revoked_by: Mapped[str | None] = mapped_column(String(64), info=USER_NAME, sort_order=16)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805 - SQLAlchemy passes the class.
        """Return the index that lets an owner have one current match for each form of a key."""
        return (
            Index(
                f"uq_{cls.__tablename__}_current",
                *(cls.__owner__, "key_form"),
                unique=True,
                sqlite_where=_CURRENT,
                postgresql_where=_CURRENT,
            ),
        )

    @classmethod
    def record_id(cls) -> InstrumentedAttribute[int]:
        """Return the column with the key of the record."""
        found: InstrumentedAttribute[int] = getattr(cls, cls.__record__)
        return found

    @classmethod
    def owner_id(cls) -> InstrumentedAttribute[int]:
        """Return the column with the key of the owner."""
        found: InstrumentedAttribute[int] = getattr(cls, cls.__owner__)
        return found


#: The key in a header's ``params`` of the batch of new records that was made of its rows.
MADE = "new_records"


@dataclass(frozen=True, kw_only=True)
class MatchedRecords:
    """The records that rows are matched to: ``key`` is the column that rows name them by, ``title`` one of them in words.

    Records are proposed to people with ``permission``, such as ``products:view``, alone. ``description`` is the text by
    which people recognise a record. ``owner`` is the record's column with the key of its
    owner: records of the batch's owner are proposed before others.
    """

    key: InstrumentedAttribute[str]
    title: str
    permission: str
    description: InstrumentedAttribute[Any] | None = None
    owner: InstrumentedAttribute[Any] | None = None

    @property
    def model(self) -> type[Any]:
        """The model of the records."""
        model: type[Any] = inspect(self.key.class_).class_
        return model

    @property
    def id(self) -> Any:
        """The primary key of the records."""
        (primary,) = inspect(self.model).primary_key
        return inspect(self.model).get_property_by_column(primary).class_attribute

    @property
    def name(self) -> str:
        """The name of the records' table."""
        name: str = inspect(self.model).local_table.name
        return name

    @property
    def text(self) -> ColumnElement[Any]:
        """The description in SQL; empty where there is none."""
        return func.coalesce(self.description if self.description is not None else null(), "")


@dataclass(frozen=True, kw_only=True)
class MatchMemory:
    """The table in which matches are remembered for the owner that a batch's header names.

    ``model`` is a :class:`RememberedMatch`. ``header`` names the column of the header with the owner, such as a vendor's
    code, ``owner`` is the owner's column with that text, ``title`` the owner in words. A batch that names no owner
    remembers nothing, and nobody changes what is remembered without ``permission``, such as ``products:edit``.
    """

    model: type[RememberedMatch]
    header: str
    owner: InstrumentedAttribute[str]
    title: str
    permission: str

    def find_owner(self, batch: Batch) -> Select[tuple[int]]:
        """Return the SELECT of the key of the owner of ``batch``; of nothing if its header names none."""
        (primary,) = inspect(self.owner.class_).primary_key
        return select(primary).where(self.owner == self.name_of(batch))

    def name_of(self, batch: Batch) -> str | None:
        """Return the text by which the header of ``batch`` names the owner."""
        name: str | None = getattr(batch, self.header)
        return name or None


@dataclass(frozen=True, kw_only=True)
class NewRecords:
    """The batch in which the rows without a record are staged as new ones.

    ``batch_type`` is its type, which takes files; ``header`` returns the texts of its header's fields for a batch. It is
    made from a file with a column for each of ``columns``: heading → column of the row, or a function of the batch that
    returns the same text for all rows. ``label`` is the button.
    """

    batch_type: str
    header: Callable[[Any], Mapping[str, str]]
    columns: Mapping[str, str | Callable[[Any], Any]]
    label: str


@dataclass(frozen=True, kw_only=True)
class Matching:
    """Declaration of rows that are matched to records: ``matching`` of a handler.

    ``key`` is the editable column of the row that names a record, and ``unknown`` the status of rows whose key is in no
    record; the type's ``refresh`` sets it. ``description`` is the row's text about the record. ``memory`` remembers
    matches, and ``new_records`` makes a batch of new records; ``None`` for neither. The rows are
    :class:`MatchedRow` as well.
    """

    key: str
    unknown: Status
    records: MatchedRecords
    description: str | None = None
    memory: MatchMemory | None = None
    new_records: NewRecords | None = None
    #: What a key is called in sentences, and the page about the rows with unknown ones.
    key_title: str = "code"
    title: str = field(default="Unknown codes")

    def check(self, header: type[Batch], row: type[BatchRow]) -> None:
        """Raise ``ValueError`` or ``TypeError`` where a part names what is not there."""
        columns_of(row, [self.key, *([self.description] if self.description else [])])
        if not issubclass(row, MatchedRow):
            raise TypeError(
                f"{row.__name__} needs the columns of MatchedRow, because its handler has a matching"
            )
        if not columns_of(row, [self.key])[0].editable:
            raise ValueError(f"the key {self.key!r} of its matching is not editable")
        if self.memory is not None:
            columns_of(header, [self.memory.header])
        if self.new_records is not None:
            columns_of(row, [name for name in self.new_records.columns.values() if isinstance(name, str)])
