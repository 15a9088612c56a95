"""How prices and days are written, what would be printed, and files that end before they grow too large."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from tests.batches.harness import BatchHarness
from tests.types.labels.label_batches import SETUP, files_of, opened, printed
from tests.types.labels.printed import texts

from batchbook.types.labels import printing
from batchbook.types.labels.printing import LabelSetup, Portion, locale_and_currency
from batchbook.types.labels.shipped_templates import SHIPPED


@pytest.mark.parametrize(
    ("locale", "currency", "price", "text"),
    [
        ("en_US", "", "1234.5", "1,234.50"), ("en_US", "USD", "2.49", "$2.49"), ("de_DE", "EUR", "1234.50", "1.234,50\xa0€"),
        ("fr_FR", "", "0.05", "0,05"), ("ja_JP", "JPY", "250.00", "￥250.00"), ("de_CH", "CHF", "2.40", "CHF\xa02.40"),
    ],
)  # fmt: skip
def test_prices_are_written_as_in_the_shop(locale: str, currency: str, price: str, text: str) -> None:
    setup = LabelSetup(SETUP.templates, (), locale, currency)
    assert setup.price_text(Decimal(price)) == text
    assert setup.price_text(None) == ""


def test_days_are_written_as_in_the_shop() -> None:
    day = date(2026, 11, 30)
    assert LabelSetup(SETUP.templates, (), "en_US").day_text(day) == "Nov 30, 2026"
    assert LabelSetup(SETUP.templates, (), "de_DE").day_text(day) == "30.11.2026"


def test_language_and_currency_come_from_the_settings() -> None:
    assert locale_and_currency({}) == ("en_US", "")
    found = locale_and_currency({"batchbook.labels.locale": "de_DE", "batchbook.labels.currency": "eur"})
    assert found == ("de_DE", "EUR")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("locale", "xx_YY", "is 'xx_YY', which is no language and region. Write it like de_DE."),
        ("locale", "", "is '', which is no language and region"),
        ("currency", "FLORIN", "is 'FLORIN', which is no currency. Write it like EUR."),
    ],
)
def test_others_are_refused_at_start_up(name: str, value: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        locale_and_currency({f"batchbook.labels.{name}": value})
    assert f"The setting batchbook.labels.{name} {said}" in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "first", "pages", "words"),
    [
        (24, 0, 1, "24 standard labels on 1 sheet"), (25, 0, 2, "25 standard labels on 2 sheets"),
        (1, 23, 1, "1 standard label on 1 sheet"), (2, 23, 2, "2 standard labels on 2 sheets"),
    ],
)  # fmt: skip
def test_sheets_are_counted(labels: int, first: int, pages: int, words: str) -> None:
    portion = Portion(SHIPPED[0], labels, first)
    assert (portion.pages, portion.words) == (pages, words)


def test_labels_of_a_roll_are_no_sheets() -> None:
    portion = Portion(SHIPPED[6], 3, 0)
    assert (portion.pages, portion.words) == (3, "3 standard labels on a roll")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_file_ends_with_a_full_sheet_before_it_grows_too_large(
    harness: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "MOST_LABELS", 48)
    lines = "".join(f"00000000{1 + number % 2},8\n" for number in range(14))
    number = harness.open(f"item_code,copies\n{lines}")
    printed(harness, number, start_at="9", files=["pdf", "zpl"])
    files = files_of(harness, number)
    counts = {
        name.partition("standard")[2]: [page.count("0000000") for page in texts(data)]
        for name, data in files.items()
        if name.endswith("pdf")
    }
    # Eight labels of the first sheet were used before.
    assert counts == {".pdf": [16, 24], "-2.pdf": [24, 24], "-3.pdf": [24]}
    assert [name for name in files if name.endswith("zpl")] == [
        f"labels-{number:08d}-standard{part}.zpl" for part in ("", "-2", "-3")
    ]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_file_that_ends_with_the_last_label_is_the_last_one(
    harness: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "MOST_LABELS", 24)
    number = harness.open("item_code,copies\n000000001,24\n")
    printed(harness, number)
    assert [*files_of(harness, number)] == [f"labels-{number:08d}-standard.pdf"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_day_on_a_label_is_that_of_the_site(harness: BatchHarness) -> None:
    number = opened(harness, department="GROCERY")
    printed(harness, number)
    ((_, pdf),) = files_of(harness, number).items()
    executed: Any = harness.batch(number).executed_at
    assert SETUP.day_text(executed.date()) in texts(pdf)[0]
