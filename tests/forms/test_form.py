from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.forms.article import ARTICLE, STATES, Article, sent, upload

from batchbook.forms import WHOLE_FORM, Field, Form, form_of
from batchbook.grid import Conventions, Kind


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


def test_unknown_and_doubled_names_fail_at_once() -> None:
    with pytest.raises(KeyError, match="no field 'nothing'"):
        ARTICLE.bind()["nothing"]
    with pytest.raises(ValueError, match="same name"):
        Form([Field.of("a", Kind.TEXT), Field.of("a", Kind.TEXT)])
    with pytest.raises(ValueError, match="no column “prize”"):
        form_of(Article, ["prize"])
