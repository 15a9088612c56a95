"""What is remembered of corrections, for the next table of who sent the one that was corrected."""

from __future__ import annotations

import pytest

from .conftest import ImportHarness

HEAD = "item_code,description,price,department\n"


def departments(harness: ImportHarness, table: str, sender: str) -> list[str]:
    return [row.new_department for row in harness.rows(harness.create(HEAD + table, sender=sender))]


def test_a_text_that_meant_nothing_is_known_next_time_to_its_sender_only(harness: ImportHarness) -> None:
    number = harness.create(
        f"{HEAD}000000001,Item 1,1.00,Fruit\n000000002,Item 2,2.00,Fruit\n", sender="Acme"
    )
    # Somebody takes back what was wrong at first: what counts is what stands there in the end.
    for sequence, text in ((1, "GROCERY"), (2, "PRODUCE"), (1, "PRODUCE")):
        harness.edit(number, sequence, new_department=text)
    harness.execute(number)
    assert departments(harness, "000000003,Item 3,3.00,Fruit\n", "Acme") == ["PRODUCE"]
    assert departments(harness, "000000003,Item 3,3.00,Fruit\n", "Other") == ["Fruit"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_correcting_a_row_that_was_understood_teaches_nothing(harness: ImportHarness) -> None:
    number = harness.create(
        f"{HEAD}000000001,Item 1,1.00,GROCERY\n000000002,Item 2,2.00,PRODUCE\n", sender="Acme"
    )
    harness.edit(number, 1, new_department="PRODUCE")
    harness.execute(number)
    assert departments(harness, "000000003,Item 3,3.00,GROCERY\n", "Acme") == ["GROCERY"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_text_that_was_replaced_by_different_ones_stays_a_question(harness: ImportHarness) -> None:
    number = harness.create(
        f"{HEAD}000000001,Item 1,1.00,Fruit\n000000002,Item 2,2.00,Fruit\n", sender="Acme"
    )
    harness.edit(number, 1, new_department="GROCERY")
    harness.edit(number, 2, new_department="PRODUCE")
    harness.execute(number)
    assert departments(harness, "000000003,Item 3,3.00,Fruit\n", "Acme") == ["Fruit"]
