"""Which statements of a text end a transaction, change the schema or change settings, however they are written."""

from __future__ import annotations

import pytest

from batchbook.db.statements import Effect, forbidden_in, savepoint_in

ENDING = [
    "COMMIT",
    "commit;",
    "  \n\tCommit work",
    "/* a /* nested */ comment */ COMMIT",
    "-- a comment\nEND",
    "SELECT 1; COMMIT",
    "SELECT 'a;b'; ROLLBACK",
    "SELECT $$ x $$; ABORT",
    "SELECT $tag$ ; $$ $tag$; BEGIN",
    "SELECT E'it\\'s'; COMMIT",
    "START TRANSACTION",
    "PREPARE TRANSACTION 'x'",
    "SAVEPOINT mine",
    "RELEASE SAVEPOINT mine",
    "ROLLBACK TO SAVEPOINT mine",
    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    ";;COMMIT",
]
CHANGING = [
    "CREATE TABLE t (a int)",
    "create temp table t as select 1",
    "ALTER TABLE product ADD x int",
    "DROP TABLE product",
    "TRUNCATE product",
    "VACUUM",
    "REINDEX TABLE product",
    "DO $$ BEGIN COMMIT; END $$",
    "SELECT * INTO copied FROM product",
    "WITH x AS (SELECT 1) SELECT * INTO copied FROM x",
    "GRANT ALL ON product TO public",
]
FREE = [
    "",
    ";",
    "SELECT 'COMMIT; DROP TABLE x'",
    'SELECT "commit" FROM "drop" AS "into"',
    "SELECT 1 -- ; COMMIT",
    "SELECT 1 /* ; COMMIT */",
    "SELECT $$; COMMIT; $$",
    "SELECT E'\\'; COMMIT; '",
    "SELECT CASE WHEN true THEN 1 END",
    "INSERT INTO t SELECT 1",
    "WITH x AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM x",
    "MERGE INTO t USING s ON true WHEN MATCHED THEN DO NOTHING",
    "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
    "UPDATE t SET a = %(commit)s",
    "DELETE FROM t",
    "SET LOCAL work_mem = '64MB'",
    "SET CONSTRAINTS ALL DEFERRED",
    "(SELECT 1) UNION (SELECT 2)",
    "COPY t FROM STDIN",
    "LOCK TABLE t",
    "PREPARE x AS SELECT 1",
    "SELECT 'an open quote",
    "SELECT 1 /* an open comment; COMMIT",
]


@pytest.mark.parametrize("text", ENDING)
def test_what_ends_a_transaction_is_found(text: str) -> None:
    found = forbidden_in(text)
    assert found is not None
    assert found[0] is Effect.TRANSACTION


@pytest.mark.parametrize("text", CHANGING)
def test_what_changes_the_schema_is_found(text: str) -> None:
    found = forbidden_in(text)
    assert found is not None
    assert found[0] is Effect.SCHEMA


@pytest.mark.parametrize(
    "text", ["SET work_mem = '64MB'", "RESET ALL", "SET SESSION AUTHORIZATION x", "DISCARD ALL"]
)
def test_what_outlives_the_transaction_is_found(text: str) -> None:
    found = forbidden_in(text)
    assert found is not None
    assert found[0] is Effect.SETTINGS


@pytest.mark.parametrize("text", FREE)
def test_everything_else_is_free(text: str) -> None:
    assert forbidden_in(text) is None


def test_long_texts_are_looked_at_as_well() -> None:
    values = "SELECT '" + "x" * 50_000 + "'"
    assert forbidden_in(values) is None
    assert forbidden_in(f"{values}; COMMIT") == (Effect.TRANSACTION, "COMMIT")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SAVEPOINT a1", "a1"),
        ("RELEASE SAVEPOINT a1", "a1"),
        ("ROLLBACK TO SAVEPOINT a1", "a1"),
        ("ROLLBACK TO SAVEPOINT a1; COMMIT", None),
        ("ROLLBACK", None),
        ("SELECT a1", None),
    ],
)
def test_the_name_of_a_savepoint_is_read(text: str, name: str | None) -> None:
    assert savepoint_in(text) == name
