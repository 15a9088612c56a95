from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.forms.article import ARTICLE, sent


def test_a_bound_form_shows_values() -> None:
    bound = ARTICLE.bind(
        {
            "code": "007",
            "price": Decimal("1234.5"),
            "listed": date(2026, 2, 1),
            "active": True,
            "state": "old",
        }
    )
    assert [field.text for field in bound] == ["007", "1234.50", "2026-02-01", "yes", "", "old", ""]
    assert bound["active"].is_checked
    assert [(text, chosen) for text, _, chosen in bound["state"].options] == [("new", False), ("old", True)]
    assert [text for text, _, _ in bound["checked"].options] == ["yes", "no"]
    assert not bound.valid
    assert bound.errors == {}


def test_errors_found_later_are_added() -> None:
    bound = sent(ARTICLE, ("code", "7"))
    bound.add_error("code", "There is an article 7 already.")
    assert not bound.valid
    assert bound["code"].errors == ["There is an article 7 already."]


def test_browsers_are_helped_but_not_trusted() -> None:
    bound = ARTICLE.bind()
    assert bound["code"].attributes == {"required": True, "maxlength": "8"}
    assert bound["price"].attributes == {"inputmode": "decimal"}
    assert (bound["price"].input_type, bound["listed"].input_type, bound["active"].input_type) == (
        "text",
        "date",
        "checkbox",
    )
    assert bound["code"].id == "field-code"
    # A box that must say yes or no is not one that must be checked.
    assert "required" not in bound["active"].attributes
    assert "“123456789” has 9 characters" in sent(ARTICLE, ("code", "123456789")).errors["code"][0]
