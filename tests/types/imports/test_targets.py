"""Targets are declared as data, made of the model's columns; the directive refuses at the start what cannot work."""

from __future__ import annotations

import pytest

from batchbook.catalog.models import Department, Product, Vendor
from batchbook.errors import BadInput
from batchbook.types.imports import ImportField, ImportTarget, Lookup
from batchbook.types.imports.targets import ImportTargets

PRODUCTS = ImportTarget(
    model=Product,
    key="item_code",
    other_keys=(("description", "size"),),
    fields=(
        "description",
        ImportField("price", required=True, label="Price each", synonyms=("cost",)),
        ImportField("department", stored="department_id", lookup=Lookup(Department.name)),
        ImportField("on_hand", required=True, default=0),
    ),
    permission="products:edit",
)


def test_names_come_from_the_table() -> None:
    assert (PRODUCTS.name, PRODUCTS.title) == ("product", "Products")
    assert ImportTarget(model=Vendor, key="code", permission="x", name="mine", title="Ours").title == "Ours"


def test_fields_are_those_of_the_keys_then_the_others() -> None:
    assert [field.name for field in PRODUCTS.all_fields] == [
        "item_code",
        "description",
        "size",
        "price",
        "department",
        "on_hand",
    ]
    price, department = PRODUCTS.field("price"), PRODUCTS.field("department")
    assert (price.label, price.needed, price.synonyms) == ("Price each", True, ("cost",))
    assert (department.label, department.stored.key) == ("Department", "department_id")
    assert not PRODUCTS.field("on_hand").needed
    with pytest.raises(KeyError):
        PRODUCTS.field("colour")


def test_keys_are_found_by_name() -> None:
    assert [field.name for field in PRODUCTS.key_fields(None)] == ["item_code"]
    assert [field.name for field in PRODUCTS.key_fields("description+size")] == ["description", "size"]
    assert PRODUCTS.key_labels == {"item_code": "Item code", "description+size": "Description and Size"}
    with pytest.raises(BadInput, match=r"Products have no key “price”. Keys: item_code, description\+size"):
        PRODUCTS.key_fields("price")


def test_a_lookup_knows_the_model_that_it_refers_to() -> None:
    lookup = Lookup(Vendor.code, also=(Vendor.name,))
    assert (lookup.model, lookup.id.key) == (Vendor, "id")
    assert "vendor" in str(lookup.id_of("V1"))


def test_registered_targets_are_found_by_name() -> None:
    targets = ImportTargets()
    targets.add(PRODUCTS)
    assert (targets["product"], list(targets)) == (PRODUCTS, [PRODUCTS])
    with pytest.raises(BadInput, match=r"There is no import target “shelf”. The targets are: product"):
        targets["shelf"]
