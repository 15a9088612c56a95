from __future__ import annotations

from tests.forms.article import ARTICLE, Article

from batchbook.forms import Field, form_of
from batchbook.grid import Kind, columns_of


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


def test_a_box_left_unchecked_is_told_from_a_field_that_was_not_on_the_page() -> None:
    box = Field.of("active", Kind.BOOLEAN)
    assert not box.was_sent({})
    assert box.was_sent({"active": "yes"})
    assert box.was_sent({box.mark: "1"})
