"""Commands of administrators: the database is prepared, users are added, the catalogue is loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Engine, func, select

from batchbook import schema_version
from batchbook.batches.matching.record_index import IndexedRecord
from batchbook.catalog.models import PriceHistory, Product
from batchbook.db.transactions import transaction_scope
from batchbook.demo import CATALOG, LOGINS
from batchbook.security.models import Role, User
from batchbook.security.passwords import verify_password

Run = Callable[..., Any]


def count(engine: Engine, model: type) -> int:
    with transaction_scope(engine, read_only=True) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_init_prepares_an_empty_database(command: Run, write_ini: Run, empty_engine: Engine) -> None:
    ini = write_ini(empty_engine.url)
    result = command("-c", ini, "init", "--json")
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert printed["database"] == empty_engine.url.render_as_string(hide_password=True)
    assert (printed["demo_loaded"], printed["demo_logins"]) == (False, [])
    assert schema_version.is_current(empty_engine)
    assert (count(empty_engine, Role), count(empty_engine, User), count(empty_engine, Product)) == (3, 0, 0)


def test_init_may_be_run_again(command: Run, write_ini: Run, empty_engine: Engine) -> None:
    ini = write_ini(empty_engine.url, demo=True)
    first = command("-c", ini, "init")
    assert "Demo data was loaded." in first.stdout
    second = command("-c", ini, "init")
    assert second.exit_code == 0, second.output
    assert "Demo data was loaded." not in second.stdout
    assert all(f"{login.name:<8} {login.password}" in second.stdout for login in LOGINS)
    assert (count(empty_engine, User), count(empty_engine, Product)) == (3, 3587)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_demo_data_stays_out_of_a_database_in_use(command: Run, write_ini: Run, engine: Engine) -> None:
    with transaction_scope(engine) as session:
        session.add(User(name="somebody"))
    result = command("-c", write_ini(engine.url, demo=True), "init", "--json")
    printed = json.loads(result.stdout)
    assert (printed["demo_loaded"], printed["demo_logins"]) == (False, [])
    assert count(engine, Product) == 0


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_environment_names_the_database(
    command: Run, write_ini: Run, database_url: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = f"sqlite:///{tmp_path / 'other.sqlite3'}"
    monkeypatch.setenv("BATCHBOOK_DATABASE_URL", other)
    assert json.loads(command("-c", write_ini(database_url), "init", "--json").stdout)["database"] == other
    assert (tmp_path / "other.sqlite3").exists()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_environment_names_the_settings_file(
    command: Run, write_ini: Run, database_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATCHBOOK_INI", str(write_ini(database_url)))
    assert json.loads(command("init", "--json").stdout)["database"] == str(database_url)


def for_real_use(ini: Path) -> Path:
    """Return a settings file like ``ini``, but not for development."""
    real = ini.with_name("real.ini")
    secret = "batchbook.secret = a secret of more than thirty-two characters"
    text = ini.read_text().replace("batchbook.development = true", secret)
    real.write_text(text.replace("batchbook.demo = true", "batchbook.demo = false"))
    return real


def test_demo_logins_are_not_taken_into_real_use(command: Run, write_ini: Run, empty_engine: Engine) -> None:
    """The real database named by the environment, one command without -c production.ini, and then the right one."""
    ini = write_ini(empty_engine.url, demo=True)
    assert command("-c", ini, "init").exit_code == 0
    real = for_real_use(ini)
    for name in ("init", "serve"):
        refused = command("-c", real, name)
        assert refused.exit_code == 1
        assert "as staff and admin and auditor" in refused.stderr
        assert "init --without-demo-logins" in refused.stderr
    result = command("-c", real, "init", "--without-demo-logins")
    assert result.exit_code == 0, result.stderr
    assert "Switched off, passwords deleted: staff and admin and auditor." in result.stdout
    assert command("-c", real, "init").exit_code == 0


@pytest.mark.parametrize("backend", ["sqlite"])
def test_demo_data_is_refused_outside_development(command: Run, write_ini: Run, empty_engine: Engine) -> None:
    ini = write_ini(empty_engine.url, demo=True)
    ini.write_text(ini.read_text().replace("batchbook.development = true", ""))
    result = command("-c", ini, "init")
    assert result.exit_code == 1
    assert "batchbook.demo is true, but batchbook.development is not" in result.stderr
    assert not Path(str(empty_engine.url.database)).exists()


def test_the_shipped_settings_differ_in_demo_data() -> None:
    root = Path(__file__).parents[2]
    assert "batchbook.demo = true" in (root / "development.ini").read_text().splitlines()
    assert "batchbook.demo" not in (root / "production.ini").read_text()


PASSWORD = "correct horse battery"


@pytest.fixture
def add(batchbook: Run) -> Run:
    assert batchbook("init").exit_code == 0

    def add_user(*arguments: str, password: str = PASSWORD) -> Any:
        return batchbook("user", "add", *arguments, "--password-stdin", stdin=f"{password}\n")

    return add_user


def test_a_user_is_added_who_can_sign_in(add: Run, engine: Engine) -> None:
    result = add("Ann", "--role", "staff", "--role", "auditor", "--full-name", "Ann Other", "--json")
    assert json.loads(result.stdout) == {"name": "ann", "roles": ["auditor", "staff"]}
    with transaction_scope(engine, read_only=True) as session:
        ann = session.scalars(select(User)).one()
        assert (ann.name, ann.full_name, ann.active) == ("ann", "Ann Other", True)
        assert [role.name for role in ann.roles] == ["auditor", "staff"]
        assert verify_password(ann.password_hash, PASSWORD)
        assert ann.must_change_password


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_password_that_only_the_user_knows_need_not_be_changed(add: Run, engine: Engine) -> None:
    add("ann", "--role", "staff", "--own-password")
    with transaction_scope(engine, read_only=True) as session:
        assert not session.scalars(select(User.must_change_password)).one()


def test_a_taken_name_is_refused(add: Run, engine: Engine) -> None:
    assert add("ann", "--role", "staff").stdout == "Added the user ann with the role staff.\n"
    again = add(" ANN ", "--role", "admin")
    assert again.exit_code == 1
    assert "There is a user called ann already" in again.stderr
    with transaction_scope(engine, read_only=True) as session:
        assert [role.name for role in session.scalars(select(User)).one().roles] == ["staff"]


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("arguments", "password", "sentence"),
    [
        (("ann", "--role", "king"), PASSWORD, "There is no role king"),
        (("ann", "--role", "staff"), "short", "The user was not added. The password must have"),
        (("ann", "--role", "staff"), "", "The user was not added. The password must have"),
        (
            ("annabel", "--role", "staff"),
            "annabel is my name",
            "The user was not added. The password must not",
        ),
        (("", "--role", "staff"), PASSWORD, "The user was not added. User name needs a value."),
        (("n" * 65, "--role", "staff"), PASSWORD, "The user was not added. “nnn"),
        (("ann", "--role", "staff", "--full-name", "A" * 201), PASSWORD, "The user was not added. “AAA"),
        (("ann", "--role", "s" * 65), PASSWORD, "The user was not added. “sss"),
        (("ann", "--role", " "), PASSWORD, "The user was not added. Name needs a value."),
    ],
)
def test_a_user_that_cannot_be_added(
    add: Run, engine: Engine, arguments: tuple[str, ...], password: str, sentence: str
) -> None:
    result = add(*arguments, password=password)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(sentence)
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalars(select(User)).all() == []


def test_a_user_is_changed_switched_off_and_on_again(add: Run, batchbook: Run, engine: Engine) -> None:
    assert add("ada", "--role", "admin").exit_code == 0
    assert add("ann", "--role", "staff").exit_code == 0
    changes = ("--role", "auditor", "--role", "staff", "--full-name", "Ann B", "--timezone", "Europe/Berlin")
    changes += ("--number-format", "1 234,56")
    assert batchbook("user", "edit", "ann", *changes).stdout == "Changed the user ann.\n"
    off = json.loads(batchbook("user", "deactivate", "ann", "--json").stdout)
    assert off == {"name": "ann", "roles": ["auditor", "staff"], "active": False}
    with transaction_scope(engine, read_only=True) as session:
        ann = session.scalars(select(User).where(User.name == "ann")).one()
        assert (ann.full_name, ann.timezone, ann.active) == ("Ann B", "Europe/Berlin", False)
        assert ann.number_format == "1 234,56"
    assert batchbook("user", "activate", "ann").stdout == "The user ann can sign in again.\n"
    for arguments in (("deactivate", "ada"), ("edit", "ada", "--role", "staff")):
        refused = batchbook("user", *arguments)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "would leave nobody who can sign in and edit users and roles" in refused.stderr


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_user_that_cannot_be_changed(add: Run, batchbook: Run) -> None:
    assert add("ann", "--role", "staff").exit_code == 0
    for arguments, sentence in (
        (("edit", "bob", "--full-name", "B"), "There is no user called bob. Nothing was changed."),
        (("edit", "ann", "--role", "king"), "There is no role king. The user was not changed."),
        (("edit", "ann", "--timezone", "Mars"), "There is no time zone “Mars”. The user was not changed."),
        (
            ("edit", "ann", "--number-format", "1_0"),
            "There is no number format “1_0”. The user was not changed.",
        ),
    ):
        result = batchbook("user", *arguments)
        assert (result.exit_code, result.stderr.startswith(sentence)) == (1, True), result.stderr
    assert batchbook("user", "edit", "ann").exit_code == 2


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_role_must_be_given(add: Run) -> None:
    assert add("ann").exit_code == 2


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_password_that_is_no_text(add: Run, batchbook: Run, engine: Engine) -> None:
    arguments = ("user", "add", "ann", "--role", "staff", "--password-stdin")
    result = batchbook(*arguments, stdin="Größe über alles\n".encode("latin-1"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "The user was not added. The password must be text in UTF-8.\n"
    assert count_users(engine) == 0


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("ann", "--role", "staff", "--full-name", "M\udcfcller"),
        ("m\udcfcller", "--role", "staff"),
        ("ann", "--role", "k\udcf6nig"),
    ],
)
def test_arguments_that_are_no_text_are_wrong_usage(
    add: Run, engine: Engine, arguments: tuple[str, ...]
) -> None:
    result = add(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "It is not text in UTF-8." in result.stderr
    assert count_users(engine) == 0


def test_the_longest_full_name(add: Run, engine: Engine) -> None:
    assert add("ann", "--role", "staff", "--full-name", f" {'A' * 200} ").exit_code == 0
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalars(select(User.full_name)).one() == "A" * 200


def count_users(engine: Engine) -> int:
    with transaction_scope(engine, read_only=True) as session:
        return len(session.scalars(select(User)).all())


def test_a_catalogue_is_loaded_once(batchbook: Run, engine: Engine) -> None:
    first = batchbook("catalog", "load", CATALOG, "--json")
    assert json.loads(first.stdout) == {"created": 3587, "updated": 0, "unchanged": 0}
    again = batchbook("catalog", "load", CATALOG)
    assert again.stdout == "Loaded 3,587 products: 0 created, 0 updated, 3,587 unchanged.\n"
    with transaction_scope(engine, read_only=True) as session:
        assert "000032265" in session.scalars(select(Product.item_code)).all()
        assert session.scalars(select(PriceHistory)).all() == []
        # The first list with unknown codes does not have to wait for that.
        assert len(session.scalars(select(IndexedRecord.record_id)).all()) == 3587


def test_a_file_that_changes_prices_needs_a_reason(batchbook: Run, engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "catalog.csv"
    head = "item_code,description,department,category,brand,size,vendor_code,price,on_hand\n"
    file.write_text(f"{head}1,TEA,GROCERY,TEA,MILL,1,V1,2.00,5\n")
    batchbook("catalog", "load", file)
    file.write_text(f"{head}1,TEA,GROCERY,TEA,MILL,1,V1,2.50,5\n")
    refused = batchbook("catalog", "load", file, "--reason", " ")
    assert (refused.exit_code, "give a reason with --reason" in refused.stderr) == (1, True)
    assert "at most 500 are allowed" in batchbook("catalog", "load", file, "--reason", "x" * 501).stderr
    assert batchbook("catalog", "load", file, "--reason", "Moved from the old system").exit_code == 0
    with transaction_scope(engine, read_only=True) as session:
        (change,) = session.scalars(select(PriceHistory)).all()
        assert (str(change.new_price), change.reason) == ("2.50", "Moved from the old system")
