"""The commands that refresh and execute many batches."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from batchbook.batches import Batch
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope

Run = Callable[..., Any]
MILK = "item_code,description,size,price\n000000099,MILK,1 L,1.30\n"


@pytest.fixture
def three(batch: Run, price_list: Path, tmp_path: Path) -> None:
    """Two complete batches, which want another price for one product, and one that is open."""
    other = tmp_path / "milk.csv"
    other.write_text(MILK)
    for number, file in enumerate((price_list, other, other), start=1):
        assert batch("create", "price_change", "--file", file, "--as", "staff").exit_code == 0
        if number < 3:
            assert batch("complete", number, "--as", "staff").exit_code == 0


def states(engine: Engine) -> list[str]:
    with transaction_scope(engine, read_only=True) as session:
        return list(session.scalars(select(Batch.state).order_by(Batch.id)))


@pytest.mark.usefixtures("three")
def test_all_that_are_complete_are_executed_and_others_are_left_out(batch: Run, catalogue: Engine) -> None:
    shown = batch("execute-all", "price_change", "--dry-run", "--as", "admin")
    assert shown.stdout == "2 batches would be executed: 00000001, 00000002.\n"
    assert states(catalogue) == ["complete", "complete", "open"]
    result = batch("execute-all", "price_change", "--batch", 1, "--batch", 3, "--as", "admin")
    assert result.exit_code == 0, result.stderr
    first, left = result.stdout.splitlines()
    assert first == "1 batch was executed: 00000001."
    assert left.startswith(
        "Left out: 00000003. Batch 00000003 was not executed. It is still open for changes"
    )
    assert states(catalogue) == ["executed", "complete", "open"]
    assert json.loads(batch("refresh-all", "price_change", "--as", "staff", "--json").stdout) == {
        "action": "refresh", "done": [{"id": 3, "number": "00000003"}], "failed": [], "left_out": [],
    }  # fmt: skip


@pytest.mark.usefixtures("three")
def test_one_that_is_refused_does_not_keep_the_others(batch: Run, catalogue: Engine) -> None:
    with transaction_scope(catalogue) as session:
        session.execute(update(Product).where(Product.item_code == "000000099").values(price=7))
    result = batch("execute-all", "price_change", "--as", "admin")
    assert result.exit_code == 1
    assert states(catalogue) == ["executed", "complete", "open"]
    assert "Failed: 00000002. Nothing was executed, because 1 price changed" in result.stdout
    assert result.stderr == "1 batch was not executed.\n"


def test_each_is_judged_with_the_options_that_are_chosen_and_none_is_confirmed(
    batch: Run, catalogue: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(MILK.replace("1.30", "130.00") + "000000012,WHEAT BREAD,500 G,2.70\n")
    for number in (1, 2):
        assert batch("create", "price_change", "--file", file, "--as", "staff").exit_code == 0
        assert batch("complete", number, "--as", "staff").exit_code == 0
    for option in ("confirm=all", "apply=increase"):
        left = batch("execute-all", "price_change", "--option", option, "--as", "admin")
        assert "1 row changes the price by more than 20 %" in left.stderr
    assert states(catalogue) == ["complete", "complete"]
    some = ("execute-all", "price_change", "--batch", 1, "--option", "apply=decrease", "--as", "admin")
    assert batch(*some).stdout == "1 batch was executed: 00000001.\n"


@pytest.mark.usefixtures("three")
def test_nothing_is_done_without_permission_or_for_unknown_batches(batch: Run, catalogue: Engine) -> None:
    for options, words in (
        (("--as", "staff"), "No batch can be executed, so nothing was done."),
        (("--batch", 9, "--as", "admin"), "There is no batch 00000009 of the type Price change."),
        (("--batch", 10**15, "--as", "admin"), "There is no batch 1000000000000000"),
    ):
        refused = batch("execute-all", "price_change", *options)
        assert refused.exit_code == 1
        assert words in refused.stderr
    assert states(catalogue) == ["complete", "complete", "open"]
