"""Settings with which nothing can start: each is answered by one sentence, and no secret is printed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from batchbook.testing.databases import Databases

Run = Callable[..., Any]

HEAD = "[app:main]\nuse = egg:batchbook\nbatchbook.development = true\n"
COMMANDS = (("init",), ("batch", "list"), ("serve",))


@pytest.fixture
def refused(command: Run, tmp_path: Path) -> Run:
    """Runs every kind of command on a settings file with a text, and returns what all of them say on stderr."""

    def run(text: str | bytes, name: str = "batchbook.ini") -> str:
        ini = tmp_path / name
        ini.write_bytes(text if isinstance(text, bytes) else text.encode())
        results = [command("-c", ini, *arguments) for arguments in COMMANDS]
        assert [(result.exit_code, result.stdout) for result in results] == [(1, "")] * len(COMMANDS)
        (error,) = {result.stderr for result in results}
        assert error.startswith("The settings are not right, or a plug-in is not, so nothing was done: ")
        assert error.count("\n") == 1
        assert "s3cret" not in error
        return str(error)

    return run


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "There is no database URL: set sqlalchemy.url or"),
        ("batchbook.sqlite3 s3cret", "sqlalchemy.url is not the URL of a database. Write it like"),
        ("postgresql://u:s3cret@localhost:port/x", "sqlalchemy.url is not the URL of a database."),
        ("postgresql://@s3cret@localhost/x", "write an “@” in a user name or password as %40"),
        ("postgresql://u:a@s3cret@localhost/x", "write an “@” in a user name or password as %40"),
        ("mysql+pymysql://u:s3cret@localhost/x", "Batchbook does not support the database mysql+pymysql"),
        ("postgresql+psycopg2://u:s3cret@localhost/x", "does not support the database postgresql+psycopg2"),
        ("oracle9://u:s3cret@localhost/x", "does not support the database oracle9: use sqlite:// or"),
    ],
)
def test_a_database_url_that_names_no_database(refused: Run, url: str, sentence: str) -> None:
    assert sentence in refused(f"{HEAD}sqlalchemy.url = {url.replace('%', '%%')}\n")


def test_the_environment_is_named_where_it_says_the_url(
    refused: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATCHBOOK_DATABASE_URL", "s3cret")
    assert "BATCHBOOK_DATABASE_URL is not the URL of a database." in refused(HEAD)


def test_no_database_url_at_all(refused: Run) -> None:
    assert "set sqlalchemy.url or BATCHBOOK_DATABASE_URL" in refused(HEAD)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "has no section [app:main]"),
        ("[server:main]\nuse = egg:waitress\n", "has no section [app:main]"),
        ("[app:main]\nsqlalchemy.url = sqlite:///x\n", "write “use = egg:batchbook” in its section [app:main]"),
        ("url = s3cret\n", "cannot be read at line 1"),
        (HEAD + "= s3cret\n s3cret", "cannot be read at line 4"),
        (HEAD + "[app:main]\n", "cannot be read at line 4: section 'app:main' already exists"),
        (HEAD + "use = s3cret\n", "cannot be read at line 4: option 'use' in section 'app:main' already exists"),
        (HEAD + "sqlalchemy.url = sqlite:///s3cret%40x\n", "a “%” in sqlalchemy.url that is not doubled"),
        (HEAD + "sqlalchemy.url = %(nowhere)s/s3cret\n", "a “%” in sqlalchemy.url that is not doubled"),
        (b"[app:main]\nuse = \xff\xfe\n", "is not text in UTF-8"),
        ("[app:main]\nuse = egg:s3cret-nonsense\n", "write “use = egg:batchbook” in its section [app:main]"),
        ("[app:main]\nuse = config:missing.ini\n", "missing.ini: No such file or directory"),
        (HEAD + "batchbook.include = nonsense.pages\n", "batchbook.include names nonsense.pages, which is not"),
        (HEAD + "batchbook.migrations = nonsense:versions\n", "batchbook.migrations names nonsense:versions, which"),
    ],
)  # fmt: skip
def test_a_settings_file_that_cannot_be_used(refused: Run, text: str | bytes, sentence: str) -> None:
    assert sentence in refused(text)


def test_a_settings_file_that_is_no_ini(refused: Run) -> None:
    assert "must have a name that ends in .ini" in refused(HEAD, "batchbook.conf")


@pytest.mark.parametrize("content", [b"This is no database, however long it may be." * 100, b"short"])
def test_a_file_that_is_no_database(command: Run, tmp_path: Path, content: bytes) -> None:
    database, ini = tmp_path / "text.txt", tmp_path / "batchbook.ini"
    database.write_bytes(content)
    ini.write_text(f"{HEAD}sqlalchemy.url = sqlite:///{database}\n")
    for arguments in COMMANDS:
        result = command("-c", ini, *arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == (
            "The database could not be used, so nothing was done: the database is damaged or is no database. Restore it from a"
            " backup.\n"
        )
    assert database.read_bytes() == content


def test_a_folder_that_cannot_be_made(command: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ini = tmp_path / "batchbook.ini"
    ini.write_text(f"{HEAD}sqlalchemy.url = sqlite:///{tmp_path}/file/x.sqlite3\n")
    for arguments in COMMANDS:
        result = command("-c", ini, *arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == (
            f"The system did not allow it, so nothing was done: File exists: {tmp_path}/file.\n"
        )


def test_a_postgresql_that_does_not_answer(command: Run, tmp_path: Path) -> None:
    ini = tmp_path / "batchbook.ini"
    for query in ("", "?nonsense=1"):
        ini.write_text(f"{HEAD}sqlalchemy.url = postgresql://u:s3cret@127.0.0.1:1/x{query}\n")
        for arguments in COMMANDS:
            result = command("-c", ini, *arguments)
            assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
            assert result.stderr == (
                "The database could not be used, so nothing was done: it does not answer, or does not let Batchbook in. Check"
                " that it runs, and the address, the database, the user and the password in sqlalchemy.url.\n"
            )
            assert "s3cret" not in result.stderr


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_database_in_which_one_may_not_make_tables(
    command: Run, write_ini: Run, empty_engine: Engine
) -> None:
    with empty_engine.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS guest"))
        connection.execute(text("CREATE ROLE guest LOGIN"))
    try:
        result = command("-c", write_ini(empty_engine.url.set(username="guest")), "init")
    finally:
        with empty_engine.begin() as connection:
            connection.execute(text("DROP ROLE guest"))
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert "the user in sqlalchemy.url does not have the right" in result.stderr


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_postgresql_database_that_is_not_in_utf_8(
    command: Run, write_ini: Run, databases: Databases, encoding: str
) -> None:
    server = databases.server
    server.execute(f"CREATE DATABASE narrow ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
    try:
        ini = write_ini(server.url.set(database="narrow"))
        for arguments in COMMANDS:
            result = command("-c", ini, *arguments)
            assert (result.exit_code, result.stdout) == (1, "")
            assert result.stderr == (
                "The settings are not right, or a plug-in is not, so nothing was done: The PostgreSQL database stores text as"
                f" {encoding}, which cannot hold every character: create it with ENCODING 'UTF8'.\n"
            )
    finally:
        server.execute("DROP DATABASE narrow WITH (FORCE)")
