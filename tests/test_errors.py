from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from batchbook.errors import BatchbookError, Busy, Conflict, Refused, is_interrupt, reason_of


class UnspeakableError(Exception):
    """An error whose text cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError("not even that")


def test_the_message_of_an_error_is_its_text() -> None:
    error = Conflict("The batch was executed.")
    assert (error.message, str(error)) == ("The batch was executed.", "The batch was executed.")
    assert isinstance(error, BatchbookError)


def test_a_refusal_without_a_sentence_is_by_the_roles() -> None:
    assert Refused().message.startswith("Your roles don't permit this.")
    assert Refused("Not you.").message == "Not you."


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Busy("Try again."), "Try again."),
        (ValueError("no number"), "ValueError: no number"),
        (ValueError(), "ValueError"),
        (ValueError("  one\ntwo"), "ValueError:   one"),
        (KeyError("a\x00b\ud800"), r"KeyError: 'a\x00b\ud800'"),
        (RuntimeError("a\x00b\ud800"), "RuntimeError: a�b�"),
        (MemoryError(), "MemoryError: there was not enough memory"),
        (Conflict("First line.\nSecond."), "First line."),
    ],
)
def test_a_reason_is_one_line_that_can_be_stored(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


def test_a_reason_is_cut_and_never_fails() -> None:
    assert reason_of(Conflict("x" * 500)) == "x" * 500
    assert reason_of(Conflict("x" * 501)) == "x" * 499 + "…"
    assert reason_of(UnspeakableError()).startswith("UnspeakableError: ")


def test_a_statement_and_its_values_stay_out_of_the_reason() -> None:
    with create_engine("sqlite://").connect() as connection, pytest.raises(OperationalError) as caught:
        connection.execute(text("SELECT secret FROM nowhere WHERE name = :name"), {"name": "anna"})
    assert (
        reason_of(caught.value)
        == "the database was locked, or could not do its work; the log has the details"
    )


def test_what_a_driver_says_stays_out_of_the_reason(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(IntegrityError) as caught:
        connection.execute(text("INSERT INTO role (name) VALUES (NULL)"))
    assert reason_of(caught.value) == (
        "a value breaks a rule of the database, such as one that must be unique; the log has the details"
    )


def test_what_a_trigger_of_ours_says_is_told(engine: Engine) -> None:
    raising = {
        "sqlite": "CREATE TEMP TRIGGER kept BEFORE INSERT ON role BEGIN SELECT RAISE(ABORT, 'It is kept.'); END",
        "postgresql": "DO $$ BEGIN RAISE EXCEPTION 'It is kept.' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    }
    with engine.connect() as connection, pytest.raises(IntegrityError) as caught:  # noqa: PT012
        connection.execute(text(raising[engine.dialect.name]))
        connection.execute(
            text("INSERT INTO role (name, label, description, version) VALUES ('x', 'x', '', 1)")
        )
    assert reason_of(caught.value) == "It is kept."


def test_only_the_main_thread_is_interrupted() -> None:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(is_interrupt(KeyboardInterrupt())))
    thread.start()
    thread.join()
    assert found == [False]
    assert is_interrupt(KeyboardInterrupt())
    assert not is_interrupt(SystemExit())
