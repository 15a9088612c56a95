from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Engine, func, select

from batchbook import schema_version
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.demo import LOGINS
from batchbook.security.models import Role, User

Run = Callable[..., Any]


def count(engine: Engine, model: type) -> int:
    with transaction_scope(engine, read_only=True) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_prepares_an_empty_database(command: Run, write_ini: Run, empty_engine: Engine) -> None:
    ini = write_ini(empty_engine.url)
    result = command("-c", ini, "init", "--json")
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert printed["database"] == empty_engine.url.render_as_string(hide_password=True)
    assert (printed["demo_loaded"], printed["demo_logins"]) == (False, [])
    assert schema_version.is_current(empty_engine)
    assert (count(empty_engine, Role), count(empty_engine, User), count(empty_engine, Product)) == (3, 0, 0)


def test_may_be_run_again(command: Run, write_ini: Run, empty_engine: Engine) -> None:
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
    assert "Switched off, and without a password now: staff and admin and auditor." in result.stdout
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
