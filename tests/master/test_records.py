from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKey, MetaData, String, UniqueConstraint, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict, Missing
from batchbook.master import records
from batchbook.master.records import Invalid


class ShelfBase(DeclarativeBase):
    metadata = MetaData()


class Shelf(ShelfBase):
    """It counts its versions by the mapper, and has a natural key and one of two columns."""

    __tablename__ = "shelf"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(5), unique=True)
    room: Mapped[str] = mapped_column(String(5))
    place: Mapped[int | None]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("shelf.id"))
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Room(ShelfBase):
    __tablename__ = "room"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(5))
    floor: Mapped[int]
    __table_args__ = (UniqueConstraint("name", "floor"),)


@pytest.fixture
def database(empty_engine: Engine) -> Engine:
    ShelfBase.metadata.create_all(empty_engine)
    return empty_engine


def set_to(**values: Any) -> Any:
    def change(record: Any) -> None:
        for name, value in values.items():
            setattr(record, name, value)

    return change


def test_finds_by_a_natural_key(database: Engine) -> None:
    with transaction_scope(database) as db:
        db.add(Shelf(code="007", room="x"))
        db.flush()
        assert records.find(db, Shelf, "code", "007", lock=True).room == "x"
        for key in ("7", "007 ", "\0", "x" * 10_000):
            with pytest.raises(Missing, match="was not found here"):
                records.find(db, Shelf, "code", key)


def test_a_number_beyond_the_column_is_missing_not_an_error(database: Engine) -> None:
    with transaction_scope(database) as db:
        for key in (str(2**31), str(2**63), "9" * 400):
            with pytest.raises(Missing):
                records.find(db, Shelf, "id", key)


def test_a_mapper_that_counts_versions_counts_once(database: Engine) -> None:
    with transaction_scope(database) as db:
        shelf = records.save(db, Shelf(), set_to(code="a", room="x"))
        assert shelf.version == 1
        records.save(db, shelf, set_to(room="y"))
        assert shelf.version == 2


def test_a_taken_pair_is_said_at_both_fields(database: Engine) -> None:
    with transaction_scope(database) as db:
        records.save(db, Room(), set_to(name="a", floor=1))
        records.save(db, Room(), set_to(name="a", floor=2))
        with pytest.raises(Invalid) as caught:
            records.save(db, Room(), set_to(name="a", floor=2))
    assert set(caught.value.errors) == {"name", "floor"}
    assert "combination" in caught.value.errors["name"]


def test_what_fails_leaves_session_and_database_as_before(database: Engine) -> None:
    with transaction_scope(database) as db:
        records.save(db, Shelf(), set_to(code="a", room="x"))
        other = records.save(db, Shelf(), set_to(code="b", room="x"))
        with pytest.raises(Invalid):
            records.save(db, other, set_to(code="a", room="new"))
        assert (other.code, other.room, other.version) == ("b", "x", 1)
        records.save(db, other, set_to(room="y"))
    with transaction_scope(database, read_only=True) as db:
        assert db.execute(select(Shelf.code, Shelf.room).order_by(Shelf.code)).all() == [
            ("a", "x"),
            ("b", "y"),
        ]


def test_a_change_that_says_no_leaves_nothing(database: Engine) -> None:
    def refuse(shelf: Shelf) -> None:
        shelf.room = "z"
        raise Invalid({"room": "No."})

    with transaction_scope(database) as db:
        shelf = records.save(db, Shelf(), set_to(code="a", room="x"))
        with pytest.raises(Invalid, match=r"No\."):
            records.save(db, shelf, refuse)
        assert (shelf.room, shelf.version) == ("x", 1)


def test_a_reference_to_what_is_gone_is_a_conflict(database: Engine) -> None:
    with transaction_scope(database) as db, pytest.raises(Conflict, match="Nothing was saved"):
        records.save(db, Shelf(), set_to(code="a", room="x", parent_id=99))


def test_a_reference_by_its_own_kind_counts(database: Engine) -> None:
    with transaction_scope(database) as db:
        shelf = records.save(db, Shelf(), set_to(code="a", room="x"))
        records.save(db, Shelf(), set_to(code="b", room="x", parent_id=shelf.id))
        with pytest.raises(Conflict, match="1 in shelf"):
            records.delete(db, shelf, "shelf a")


def test_a_table_that_no_model_knows_refuses_in_a_sentence(database: Engine) -> None:
    with transaction_scope(database) as db:
        room = records.save(db, Room(), set_to(name="a", floor=1))
        db.execute(
            text("CREATE TABLE stray (id INTEGER PRIMARY KEY, room_id INTEGER NOT NULL REFERENCES room (id))")
        )
        db.execute(text("INSERT INTO stray VALUES (1, :room)"), {"room": room.id})
        with pytest.raises(Conflict, match="room a cannot be deleted"):
            records.delete(db, room, "room a")
        assert db.scalar(select(Room.name)) == "a"
