from __future__ import annotations

import csv

import pytest
from sqlalchemy import Engine, select

from batchbook import demo
from batchbook.catalog.models import Product, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict
from batchbook.security.models import User
from batchbook.security.passwords import verify_password


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
