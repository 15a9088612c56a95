from __future__ import annotations

import csv
import logging
from pathlib import Path

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Engine, select
from webtest import TestApp

import batchbook
from batchbook import demo
from batchbook.catalog.models import Product, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict
from batchbook.security.models import User
from batchbook.security.passwords import verify_password
from batchbook.services import services_of


def test_loads_products_and_one_user_for_each_role(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        demo.load(session)
    with transaction_scope(engine, read_only=True) as session:
        users = {user.name: user for user in session.scalars(select(User))}
        assert {name: [role.name for role in user.roles] for name, user in users.items()} == {
            "staff": ["staff"], "admin": ["admin"], "auditor": ["auditor"],
        }  # fmt: skip
        assert all(verify_password(users[login.name].password_hash, login.password) for login in demo.LOGINS)
        assert len(session.scalars(select(Product.id)).all()) == 3587
        assert demo.logins(session) == list(demo.LOGINS)


def test_the_price_list_names_products_of_its_vendor_and_new_ones(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        demo.load(session)
        listed = {row["item_code"] for row in csv.DictReader(demo.PRICE_LIST.read_text("utf-8").splitlines())}
        known = set(session.scalars(select(Product.item_code).join(Vendor).where(Vendor.code == "V0764")))
    assert len(listed) == 642
    assert len(listed & known) == 412


@pytest.mark.parametrize("backend", ["sqlite"])
def test_is_refused_where_there_is_data(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        session.add(Vendor(code="V1"))
    with transaction_scope(engine, read_only=True) as session:
        assert not demo.is_empty(session)
    with pytest.raises(Conflict, match="was not loaded"), transaction_scope(engine) as session:
        demo.load(session)
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalars(select(User)).all() == []


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_changed_password_is_no_demo_login(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        demo.load(session)
        session.scalars(select(User).where(User.name == "admin")).one().password_hash = None
    with transaction_scope(engine, read_only=True) as session:
        assert [login.name for login in demo.logins(session)] == ["staff", "auditor"]


# --- Demo logins outside development --------------------------------------------------------------------------------


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    """Those of real use."""
    return settings | {
        "batchbook.development": "false",
        "batchbook.secret": "a secret of more than thirty-two characters",
    }


@pytest.fixture
def _demo_loaded(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        demo.load(session)


@pytest.mark.usefixtures("_demo_loaded")
def test_the_application_does_not_start_on_a_database_with_demo_logins(settings: dict[str, str]) -> None:
    with pytest.raises(Conflict, match="as staff and admin and auditor, with the password of the demo data"):
        batchbook.main({}, **settings)


@pytest.mark.usefixtures("_demo_loaded")
@pytest.mark.parametrize("backend", ["sqlite"])
def test_in_development_it_starts(settings: dict[str, str]) -> None:
    app = batchbook.main({}, **settings | {"batchbook.development": "true"})
    TestApp(app).get("/login", status=200)
    services_of(app.registry).get(Engine).dispose()


@pytest.mark.usefixtures("_demo_loaded")
def test_it_starts_when_the_logins_are_switched_off(engine: Engine, settings: dict[str, str]) -> None:
    with transaction_scope(engine) as session:
        assert demo.switch_off(session) == ["staff", "admin", "auditor"]
        assert demo.switch_off(session) == []
    with transaction_scope(engine, read_only=True) as session:
        assert {(user.active, user.password_hash) for user in session.scalars(select(User))} == {
            (False, None)
        }
    services_of(batchbook.main({}, **settings).registry).get(Engine).dispose()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_demo_data_is_wanted_in_development_only(settings: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=r"batchbook\.demo is true"):
        batchbook.main({}, **settings, **{"batchbook.demo": "true"})


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_database_that_does_not_answer_is_logged(
    settings: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        batchbook.main({}, **settings | {"sqlalchemy.url": f"sqlite:///{tmp_path}"})
    assert "not checked for demo logins" in caplog.text
