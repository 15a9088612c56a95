from __future__ import annotations

import pytest
from sqlalchemy import MetaData, String, inspect, select
from sqlalchemy.orm import configure_mappers

from batchbook.accounts.users import name_columns
from batchbook.batches.models import Batch
from batchbook.catalog.models import PriceHistory, Product
from batchbook.db import Base
from batchbook.db.transactions import transaction_scope
from batchbook.models import metadata
from batchbook.security.models import Role, User, WebSession
from batchbook.security.passwords import verify_password

from .conftest import AccountsHarness
from .pages import GOOD, form_with, tick, words


def test_lists_users_with_their_roles(harness: AccountsHarness) -> None:
    page = harness.visitor("ann").get("/users?f.roles.contains=admin&sort=name")
    assert [cell.get_text(strip=True) for cell in page.html.select("tbody th")] == ["abe", "ann"]
    assert "Administrator" in words(page)
    assert [item.get_text(strip=True) for item in page.html.select("nav.nav-wide a")] == [
        "Users",
        "Roles",
        "Audit log",
    ]


@pytest.mark.parametrize(
    "path", ["/users", "/users/new", "/users/1", "/roles", "/roles/1/edit", "/users/1/password"]
)
def test_staff_see_none_of_it(harness: AccountsHarness, path: str) -> None:
    harness.visitor("sam").get(path, status=403)


def test_creates_a_user_who_can_sign_in(harness: AccountsHarness) -> None:
    form = form_with(harness.visitor("ann").get("/users/new"), "password")
    form["name"], form["full_name"], form["password"] = " Zoë ", "Zoë Ash", GOOD
    tick(form, "roles", "staff", "auditor")
    page = form.submit(status=303).follow()
    assert "User “zoë” was created." in words(page)
    [(password_hash, active)] = harness.all(select(User.password_hash, User.active).where(User.name == "zoë"))
    assert verify_password(password_hash, GOOD)
    assert harness.all(select(User.must_change_password).where(User.name == "zoë")) == [(True,)]
    assert active
    assert harness.roles_of("zoë") == {"staff", "auditor"}


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("password", "short", "at least 10"),
        ("password", "harbour zoe harbour", "your name"),
        ("name", "", "needs a value"),
        ("name", "ANN", "already"),
        ("email", "nowhere", "isn't an email address"),
    ],
)
def test_what_is_wrong_is_said_and_nobody_is_created(
    harness: AccountsHarness, field: str, value: str, says: str
) -> None:
    form = form_with(harness.visitor("ann").get("/users/new"), "password")
    form["name"], form["password"] = "zoe", GOOD
    form[field] = value
    page = form.submit(status=422)
    assert says in words(page)
    assert GOOD not in page.text
    assert len(harness.all(select(User.id))) == 4


def test_edits_names_and_roles_but_not_the_user_name(harness: AccountsHarness) -> None:
    sam = harness.id_of("sam")
    form = form_with(harness.visitor("ann").get(f"/users/{sam}/edit"), "full_name")
    assert "name" not in form.fields
    assert form.fields["roles"]
    form["full_name"], form["email"] = "Samuel", "sam@example.org"
    tick(form, "roles", "auditor")
    form.submit(status=303)
    assert harness.all(select(User.full_name, User.email, User.version).where(User.id == sam)) == [
        ("Samuel", "sam@example.org", 2)
    ]
    assert harness.roles_of("sam") == {"auditor"}


def test_two_people_giving_roles_lose_neither(harness: AccountsHarness) -> None:
    path = f"/users/{harness.id_of('sam')}/edit"
    one, two = (form_with(harness.visitor(name).get(path), "full_name") for name in ("ann", "abe"))
    tick(one, "roles", "auditor")
    one.submit(status=303)
    tick(two, "roles", "staff", "admin")
    page = two.submit(status=409)
    assert "admin, staff" in words(page)
    assert "auditor" in words(page)
    assert harness.roles_of("sam") == {"auditor"}
    form_with(page, "choose.roles").submit(status=303)
    assert harness.roles_of("sam") == {"staff", "admin"}


def test_deletes_a_user_who_did_nothing(harness: AccountsHarness) -> None:
    sam, browser = harness.visitor("sam"), harness.visitor("ann")
    form_with(browser.get(f"/users/{harness.id_of('sam')}/delete"), "seen").submit(status=303)
    assert harness.all(select(User.name).where(User.name == "sam")) == []
    assert harness.all(select(Role.name).where(Role.name == "staff")) == [("staff",)]
    assert len(harness.all(select(WebSession.id).where(WebSession.revoked_at.is_(None)))) == 1
    form = form_with(browser.get("/users/new"), "password")
    form["name"], form["password"] = "eve", GOOD
    tick(form, "roles", "admin")
    form.submit(status=303)  # SQLite gives the number again.
    assert sam.get("/users").status_int == 303


def test_who_did_something_is_deactivated_instead(harness: AccountsHarness) -> None:
    sam, browser = harness.id_of("sam"), harness.visitor("ann")
    form = form_with(browser.get(f"/users/{sam}/delete"), "seen")
    with transaction_scope(harness.engine) as db:
        product = Product(item_code="1", description="Tea", price=1)
        db.add(product)
        db.flush()
        prices = {"old_price": 1, "new_price": 2}
        db.add(PriceHistory(product_id=product.id, item_code="1", changed_by="sam", **prices))
    assert "Deactivate them instead" in words(browser.get(f"/users/{sam}/delete"))
    assert "Deactivate them instead" in words(form.submit(status=409))
    assert harness.id_of("sam") == sam


def test_whoever_may_sign_in_fits_where_names_are_kept(harness: AccountsHarness) -> None:
    """In what the models say, and in what the migrations made."""
    configure_mappers()
    longest = User.__table__.c.name.type.length
    with transaction_scope(harness.engine, read_only=True) as db:
        made = {
            (table, column["name"]): column["type"]
            for table in metadata.tables
            for column in inspect(db.connection()).get_columns(table)
        }
    columns = list(name_columns(metadata))
    assert {column.name for column in columns} >= {
        "created_by",
        "executed_by",
        "added_by",
        "actor",
        "changed_by",
    }
    for column in columns:
        stored = made[column.table.name, column.name]
        assert isinstance(stored, String)
        assert stored.length == column.type.length  # type: ignore[attr-defined]
        assert stored.length is None or stored.length >= longest, column


def test_the_columns_that_name_people_are_found() -> None:
    assert Batch.__table__ is not None
    found = {str(column) for column in name_columns(Base.metadata)}
    assert {"batch.created_by", "batch.executed_by", "operation.actor", "price_history.changed_by"} <= found
    columns = [str(column) for table in Base.metadata.tables.values() for column in table.columns]
    assert {
        name
        for name in columns
        if name.endswith(
            ("_by", "ed_to", "_back_to", ".actor", "_counter", "_comment.author", "_mention.user_name")
        )
        and not name.endswith(".acted_by")
    } == found  # None was forgotten.
    assert list(name_columns(MetaData())) == []
