from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from webob.multidict import MultiDict

from batchbook.db import ExactDecimal
from batchbook.forms import WHOLE_FORM, BoundForm, Field, Form, form_of
from batchbook.grid import Choice, Conventions, Kind, columns_of


class Own(DeclarativeBase):
    pass


class Article(Own):
    __tablename__ = "article"

    code: Mapped[str] = mapped_column(String(8), primary_key=True, info={"description": "As on the label."})
    price: Mapped[Decimal | None] = mapped_column(ExactDecimal(8, 2), info={"minimum": Decimal(0)})
    listed: Mapped[date | None]
    active: Mapped[bool]
    checked: Mapped[bool | None]
    state: Mapped[str | None] = mapped_column(info={"choices": [("new", "Brand new"), ("old", "Old")]})
    notes: Mapped[str | None] = mapped_column(Text)
    secret: Mapped[str | None]


ARTICLE = form_of(Article, ["code", "price", "listed", "active", "checked", "state", "notes"])
STATES = (Choice("new", "Brand new"), Choice("old", "Old"), Choice(3, "Third"))


def sent(form: Form, *pairs: tuple[str, Any]) -> BoundForm:
    return form.validate(MultiDict(pairs))


def test_widgets_fit_the_columns() -> None:
    widgets = {field.name: field.widget for field in ARTICLE.fields}
    assert widgets == {
        "code": "input",
        "price": "input",
        "listed": "input",
        "active": "checkbox",
        "checked": "select",
        "state": "select",
        "notes": "textarea",
    }
    assert ARTICLE.fields[0].help == "As on the label."
    (radio,) = form_of(Article, ["state"], widgets={"state": "radio"}).fields
    assert radio.widget == "radio"


def test_columns_and_fields_stand_for_themselves() -> None:
    (price,) = columns_of(Article, ["price"])
    why = Field.of("reason", Kind.TEXT, required=True)
    form = form_of(Article, [price, why])
    assert form.fields[0].column is price
    assert form.fields[1] is why
    assert why.label == "Reason"


def test_what_is_right_becomes_values() -> None:
    bound = sent(
        ARTICLE, ("code", " 007 "), ("price", "1,234.5"), ("listed", "2026-02-01"), ("active", "yes"), ("checked", "no"),
        ("state", "old"), ("notes", "a\r\nb"),
    )  # fmt: skip
    assert bound.valid
    assert bound.values == {
        "code": "007",
        "price": Decimal("1234.50"),
        "listed": date(2026, 2, 1),
        "active": True,
        "checked": False,
        "state": "old",
        "notes": "a\nb",
    }


def test_what_is_not_sent_is_empty_or_unchecked() -> None:
    bound = sent(ARTICLE, ("code", "7"))
    assert bound.valid
    assert (bound.values["price"], bound.values["active"], bound.values["checked"]) == (None, False, None)


def test_only_the_forms_own_fields_are_read() -> None:
    assert "secret" not in sent(ARTICLE, ("code", "7"), ("secret", "x")).values


def test_what_is_wrong_is_said_and_what_was_typed_is_kept() -> None:
    bound = sent(
        ARTICLE,
        ("code", ""),
        ("price", "12,5O"),
        ("listed", "1.2.2026"),
        ("state", "lost"),
        ("active", "maybe"),
    )
    assert not bound.valid
    assert bound.errors == {
        "code": ["Code needs a value."],
        "price": ["“12,5O” is not a number: use digits, with . as the decimal sign."],
        "listed": ["“1.2.2026” is not a date: write it as 2026-11-30 (year-month-day)."],
        "state": ["“lost” is not one of the choices: Brand new, Old."],
        "active": ["“maybe” is neither yes nor no: write one of these."],
    }
    assert (bound.texts["price"], bound["price"].text, bound["listed"].text) == ("12,5O", "12,5O", "1.2.2026")
    # A browser's date field would show nothing for it.
    assert bound["listed"].input_type == "text"
    assert bound["price"].attributes["aria-invalid"] == "true"


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


def test_what_a_form_shows_it_reads_again() -> None:
    values = {
        "code": "007", "price": Decimal("1234.50"), "listed": date(2026, 2, 1), "active": True, "checked": False,
        "state": "old", "notes": "a\nb",
    }  # fmt: skip
    assert sent(ARTICLE, *((field.name, field.text) for field in ARTICLE.bind(values))).values == values


def test_conventions_hold_for_showing_and_reading() -> None:
    form = Form(ARTICLE.fields[1:2], conventions=Conventions(decimal_sign=",", group_sign="."))
    assert form.bind({"price": Decimal("1234.5")}).texts == {"price": "1234,50"}
    assert sent(form, ("price", "1.234,5")).values == {"price": Decimal("1234.50")}


def test_checkboxes_are_a_list() -> None:
    form = Form([Field.of("states", Kind.CHOICE, widget="checkboxes", choices=STATES, required=True)])
    bound = sent(form, ("states", "new"), ("states", "3"), ("states", "new"))
    assert bound.values == {"states": ["new", 3]}
    assert [chosen for _, _, chosen in bound["states"].options] == [True, False, True]
    assert sent(form).errors == {"states": ["States needs a value. Choose at least one."]}
    wrong = sent(form, ("states", "new"), ("states", "lost"))
    assert wrong.texts == {"states": ["new", "lost"]}
    assert "“lost”" in wrong.errors["states"][0]
    assert form.bind({"states": [3]})["states"].chosen == ["3"]


def test_typed_defaults_may_be_sent_from_a_program() -> None:
    form = Form(
        [
            Field.of("states", Kind.CHOICE, widget="checkboxes", choices=STATES),
            Field.of("overwrite", Kind.BOOLEAN),
            Field.of("percent", Kind.DECIMAL, scale=1),
        ]
    )
    values = {"states": ["old", 3], "overwrite": True, "percent": Decimal("2.5")}
    assert form.validate(values).values == values
    assert form.validate({"overwrite": "no", "states": "new"}).values == {
        "states": ["new"],
        "overwrite": False,
        "percent": None,
    }


def upload(name: str) -> SimpleNamespace:
    return SimpleNamespace(filename=name, file=io.BytesIO(b"x"))


def test_files() -> None:
    form = Form([Field.of("list", Kind.TEXT, widget="file", required=True)])
    chosen = upload("prices.csv")
    bound = sent(form, ("list", chosen))
    assert bound.values["list"] is chosen
    assert bound.texts == {"list": "prices.csv"}
    assert bound.has_file
    assert sent(form, ("list", b"")).errors == {"list": ["List needs a value. Choose a file."]}
    # A text where a file belongs is no file.
    assert "list" in sent(form, ("list", "prices.csv")).errors


def test_a_file_sent_for_a_text_is_no_text() -> None:
    assert sent(ARTICLE, ("code", upload("x"))).errors == {"code": ["Code needs a value."]}


def test_passwords_are_kept_whole_and_never_shown() -> None:
    form = Form([Field.of("password", Kind.TEXT, widget="password", required=True, max_length=10)])
    bound = sent(form, ("password", " pass  "))
    assert bound.values == {"password": " pass  "}
    assert bound.texts == form.bind({"password": "x"}).texts == {"password": ""}
    assert bound["password"].input_type == "password"
    assert sent(form, ("password", "")).errors == {"password": ["Password needs a value. Fill it in."]}
    too_long = sent(form, ("password", "secret-word")).errors["password"][0]
    assert too_long == "Password has 11 characters: 10 are the most."


def first_is_smaller(values: dict[str, Any]) -> dict[str, str]:
    return (
        {}
        if values["low"] < values["high"]
        else {"high": "The second is not above the first.", WHOLE_FORM: "Look again."}
    )


def test_validators_see_all_values_when_each_is_right() -> None:
    fields = [Field.of(name, Kind.INTEGER, required=True) for name in ("low", "high")]
    form = Form(fields, [first_is_smaller])
    assert sent(form, ("low", "1"), ("high", "2")).valid
    bound = sent(form, ("low", "3"), ("high", "2"))
    assert bound.errors == {"high": ["The second is not above the first."], "": ["Look again."]}
    assert bound.form_errors == ["Look again."]
    assert list(sent(form, ("low", "3")).errors) == ["high"]


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


def test_unknown_and_doubled_names_fail_at_once() -> None:
    with pytest.raises(KeyError, match="no field 'nothing'"):
        ARTICLE.bind()["nothing"]
    with pytest.raises(ValueError, match="same name"):
        Form([Field.of("a", Kind.TEXT), Field.of("a", Kind.TEXT)])
    with pytest.raises(ValueError, match="no column “prize”"):
        form_of(Article, ["prize"])


def test_a_box_left_unchecked_is_told_from_a_field_that_was_not_on_the_page() -> None:
    box = Field.of("active", Kind.BOOLEAN)
    assert not box.was_sent({})
    assert box.was_sent({"active": "yes"})
    assert box.was_sent({box.mark: "1"})
