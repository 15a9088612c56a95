"""The directive refuses at start-up what cannot work: one line, with the target and the part."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.exceptions import ConfigurationConflictError, ConfigurationError
from sqlalchemy import Engine

from batchbook.accounts.known_permissions import known_permissions
from batchbook.application import configure
from batchbook.catalog.models import Department, PriceHistory, Product, Vendor
from batchbook.services import services_of
from batchbook.types.imports import Check, ImportField, ImportTarget, Lookup
from batchbook.types.imports.target_checks import add_import_target


def target(**more: Any) -> ImportTarget:
    """Return a target of products that would work without ``more``."""
    arguments = {
        "key": "item_code",
        "fields": ["price"],
        "permission": "products:edit",
        "name": "mine",
        **more,
    }
    return ImportTarget(model=Product, **arguments)


def check(
    fields: Any = ("price",), holds: Any = lambda price: price > 0, message: Any = "It is free."
) -> Any:
    """Return the argument ``checks`` with one check."""
    return {"checks": (Check(fields, holds, message),)}


def field(**more: Any) -> Any:
    """Return the argument ``fields`` with one field."""
    return {"fields": (ImportField("price", **more),)}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"key": "colour"}, "no column “colour”"),
        ({"key": None}, "ImportTarget.key must be a name of a field, or a tuple"),
        ({"fields": ["colour"]}, "no column “colour”"),
        ({"fields": "price"}, "ImportTarget.fields must be a tuple of names of columns"),
        ({"fields": ["price"], "scopes": ["vendor"]}, "no field 'vendor'"),
        ({"scopes": "price"}, r"ImportTarget.scopes must be a tuple of names of fields, .*, and is 'price'."),
        ({"deletes": True}, "within a scope only"),
        ({"deletes": "yes"}, "ImportTarget.deletes must be True or False"),
        ({"other_keys": ["description"]}, "the key 'description' may be that of several records"),
        ({"other_keys": "description"}, "ImportTarget.other_keys must be a tuple of keys"),
        ({"permission": "edit"}, "ImportTarget.permission must be a permission such as products:edit, and is 'edit'."),
        ({"title": 5}, "ImportTarget.title must be a text"),
        ({"mark_deleted": ["active"]}, "ImportTarget.mark_deleted must be a mapping"),
        ({"mark_deleted": {"activ": False}}, "mark_deleted names 'activ', which is no column of Product"),
        ({"mark_deleted": {"active": "no"}}, "active of mark_deleted must be yes or no, and is 'no'"),
        ({"touch": 3}, "ImportTarget.touch must be a function of now"),
        ({"touch": lambda now: {"touched": now}}, "touch names 'touched', which is no column of Product"),
        ({"modified": "modified_at"}, "ImportTarget.modified must be a column of the model"),
        ({"modified": Product.description}, "modified is .*description, which is no time"),
        ({"before": lambda: None}, "ImportTarget.before must be a function of application"),
        ({"cheapest_by": "item_code"}, "cheapest_by names 'item_code', which is no number"),
        ({"checks": check()["checks"][0]}, "ImportTarget.checks must be a tuple of Checks"),
        (check(("size",), lambda size: size != ""), "no field 'size'"),
        (check("price"), "Check.fields must be a tuple of names of fields, .*, and is 'price'."),
        (check(holds=lambda: True), "Check.holds must be a function of price"),
        (check(holds=lambda price: price.cost > 0), "the check of price fails: AttributeError: .*test_target_checks.py"),
        (check(holds=lambda price: True), "the check of price must return a condition in SQL, and returns True"),
        (check(message=5), "Check.message must be a text"),
        (field(default="cheap"), "the default of price must be a decimal number .*, and is 'cheap'"),
        (field(synonyms="cost"), r"ImportField\('price'\).synonyms must be a tuple of headings"),
        (field(required="yes"), r"ImportField\('price'\).required must be True or False"),
        (field(lookup="name"), r"ImportField\('price'\).lookup must be a Lookup"),
        (field(lookup=Lookup(Department.name, also="code")), r"lookup.also must be a tuple of columns"),
    ],
)  # fmt: skip
def test_what_cannot_work_stops_the_start(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        add_import_target(None, target(**more))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("model", ["batchbook.catalog.models.Product", object])
def test_a_model_is_mapped(model: Any) -> None:
    with pytest.raises(ConfigurationError, match="which is not mapped"):
        ImportTarget(model=model, key="id", permission="a:b")
    with pytest.raises(ConfigurationError, match="add_import_target takes an ImportTarget, and got"):
        add_import_target(None, model)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_two_targets_of_one_name_conflict(settings: dict[str, str]) -> None:
    config = configure(settings)
    for model in (Vendor, PriceHistory):
        config.add_import_target(ImportTarget(model=model, key="id", permission="vendors:edit", name="mine"))
    with pytest.raises(ConfigurationConflictError):
        config.commit()
    services_of(config.registry).get(Engine).dispose()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_permission_of_a_target_can_be_given_to_a_role(settings: dict[str, str]) -> None:
    config = configure(settings)
    config.add_import_target(target(permission="shelves:import"))
    config.commit()
    assert "shelves:import" in {known.permission for known in known_permissions(config.registry)}
    services_of(config.registry).get(Engine).dispose()
