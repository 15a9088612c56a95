"""The commands that create batches, move them through their lifecycle, clone and delete them."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update

from batchbook.batches.models import Batch
from batchbook.catalog.models import PriceHistory, Product
from batchbook.db.transactions import transaction_scope

Run = Callable[..., Any]


def prices(engine: Engine) -> dict[str, Decimal]:
    with transaction_scope(engine, read_only=True) as session:
        found = session.execute(select(Product.item_code, Product.price))
        return {row.item_code: row.price for row in found}


def count(engine: Engine, model: Any) -> int:
    with transaction_scope(engine, read_only=True) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        (
            "price-list-V0764.csv",
            {"increase": 78, "decrease": 77, "unchanged": 257, "not_in_catalogue": 230},
        ),
        (
            "price-list-V0002.csv",
            {"increase": 160, "decrease": 82, "unchanged": 75, "not_in_catalogue": 195},
        ),
    ],
)
def test_a_real_price_list(
    batchbook: Run,
    real_catalogue: None,
    engine: Engine,
    users: object,
    real_file: Run,
    name: str,
    counts: dict[str, int],
) -> None:
    path = real_file(name)
    if not path.exists():
        pytest.skip(f"{name} is not packaged")
    created = batchbook("batch", "create", "price_change", "--file", path, "--as", "staff", "--json")
    assert created.exit_code == 0, created.stderr
    data = json.loads(created.stdout)
    assert (data["state"], data["status_counts"], data["row_count"]) == ("open", counts, sum(counts.values()))
    for status, number in counts.items():
        rows = json.loads(batchbook("batch", "rows", data["id"], "--status", status, "--json").stdout)
        assert len(rows) == number
    rows = json.loads(batchbook("batch", "rows", data["id"], "--json").stdout)
    assert [row["sequence"] for row in rows] == list(range(1, data["row_count"] + 1))
    assert len(batchbook("batch", "rows", data["id"]).stdout.splitlines()) == 1 + data["row_count"]
    assert batchbook("batch", "complete", data["id"], "--as", "staff").exit_code == 0
    executed = batchbook("batch", "execute", data["id"], "--as", "admin", "--confirm", "all")
    changed = counts["increase"] + counts["decrease"]
    assert f"{changed} prices changed" in executed.stdout
    assert count(engine, PriceHistory) == changed


def test_create_prints_the_number_and_nothing_else(batch: Run, price_list: Path) -> None:
    result = batch("create", "price_change", "--file", price_list, "--description", "Bread", "--as", "staff")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "00000001\n", "")
    data = json.loads(batch("show", 1, "--json").stdout)
    assert data["fields"]["description"] == "Bread"
    assert (data["created_by"], data["state"], data["row_count"]) == ("staff", "open", 5)


def test_create_without_rows_then_populate(batch: Run, price_list: Path) -> None:
    batch("create", "price_change", "--file", price_list, "--no-populate", "--as", "staff")
    data = json.loads(batch("show", 1, "--json").stdout)
    assert (data["state"], data["row_count"]) == ("new", 0)
    populated = batch("populate", 1, "--as", "staff")
    assert populated.stdout == "Batch 00000001 was populated with 5 rows.\n"
    assert json.loads(batch("show", 1, "--json").stdout)["row_count"] == 5


def test_create_from_a_query(batch: Run) -> None:
    arguments = ("--set", "vendor_code=V1", "--set", "percent=10", "--set", "rounding=nine", "--as", "staff")
    assert batch("create", "price_change", *arguments).exit_code == 0
    rows = json.loads(batch("rows", 1, "--json").stdout)
    assert [(row["item_code"], row["old_price"], row["new_price"]) for row in rows] == [
        ("000000011", "2.00", "2.19"),
        ("000000012", "3.00", "3.29"),
        ("000000013", "0.50", "0.59"),
    ]


def test_create_by_a_margin_over_the_cost(batch: Run, catalogue: Engine) -> None:
    with transaction_scope(catalogue) as session:
        session.execute(update(Product).where(Product.item_code == "000000011").values(cost=Decimal("1.60")))
    arguments = ("--set", "margin=50", "--set", "rounding=end_99", "--as", "staff")
    assert batch("create", "price_change", *arguments).exit_code == 0
    rows = json.loads(batch("rows", 1, "--json").stdout)
    assert (rows[0]["new_price"], {row["status"] for row in rows[1:]}) == ("1.99", {"no_cost"})


def test_a_run_of_every_action(batch: Run, catalogue: Engine, opened: str) -> None:
    for arguments, sentence in [
        (("refresh", opened, "--as", "staff"), "was refreshed; no status changed."),
        (("complete", opened, "--as", "staff"), "was marked complete"),
        (("reopen", opened, "--as", "staff", "--reason", "Two rows are missing."), "was reopened"),
        (("complete", opened, "--as", "staff"), "was marked complete"),
        (
            ("execute", opened, "--as", "admin", "--reason", "Agreed."),
            "was executed: 2 prices changed, 1 unchanged, 2 rows left out.",
        ),
    ]:
        result = batch(*arguments)
        assert (result.exit_code, result.stderr) == (0, "")
        assert sentence in result.stdout
    after = prices(catalogue)
    assert (after["000000011"], after["000000012"]) == (Decimal("2.20"), Decimal("2.70"))
    assert (after["000000013"], after["000000099"]) == (Decimal("0.50"), Decimal("1.10"))
    history = json.loads(batch("history", opened, "--json").stdout)
    kinds = ["create", "populate", "refresh", "complete", "reopen", "complete", "execute"]
    assert [item["kind"] for item in history] == kinds
    assert {item["acted_by"] for item in history} == {"command"}
    assert [item["reason"] for item in history if item["reason"]] == ["Two rows are missing.", "Agreed."]
    assert "(by command)" in batch("history", opened).stdout


def test_options_choose_what_is_applied(batch: Run, catalogue: Engine, completed: str) -> None:
    result = batch("execute", completed, "--as", "admin", "--option", "apply=increase", "--json")
    assert json.loads(result.stdout)["state"] == "executed"
    assert (prices(catalogue)["000000011"], prices(catalogue)["000000012"]) == (
        Decimal("2.20"),
        Decimal("3.00"),
    )
    options = json.loads(batch("show", completed, "--json").stdout)["execution_options"]
    assert (options["apply"], options["overwrite"]) == (["increase"], False)


def test_a_repeated_option_chooses_several(batch: Run, catalogue: Engine, completed: str) -> None:
    arguments = ("--option", "apply=increase", "--option", "apply=decrease")
    assert batch("execute", completed, "--as", "admin", *arguments).exit_code == 0
    assert (prices(catalogue)["000000011"], prices(catalogue)["000000012"]) == (
        Decimal("2.20"),
        Decimal("2.70"),
    )


def test_a_price_that_changed_meanwhile(batch: Run, catalogue: Engine, completed: str) -> None:
    with transaction_scope(catalogue) as session:
        product = session.scalars(select(Product).where(Product.item_code == "000000011")).one()
        product.price = Decimal("2.50")
    refused = batch("execute", completed, "--as", "admin")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "000000011 (was 2.00, now 2.50)" in refused.stderr
    last = json.loads(batch("history", completed, "--json").stdout)[-1]
    assert (last["kind"], last["actor"]) == ("refusal", "admin")
    assert "000000011 (was 2.00, now 2.50)" in last["summary"]
    assert prices(catalogue)["000000012"] == Decimal("3.00")
    assert batch("execute", completed, "--as", "admin", "--option", "overwrite=yes").exit_code == 0
    assert prices(catalogue)["000000011"] == Decimal("2.20")


def test_execute_twice_is_refused(batch: Run, snapshot: Run, executed: str) -> None:
    before = snapshot()
    again = batch("execute", executed, "--as", "admin")
    assert (again.exit_code, again.stdout) == (1, "")
    assert "was not executed. It was executed by admin on" in again.stderr
    assert snapshot() == before


def test_clone_is_open_and_has_its_own_number(batch: Run, executed: str) -> None:
    assert batch("clone", executed, "--as", "staff").stdout == "00000002\n"
    clone = json.loads(batch("show", 2, "--json").stdout)
    # What the first one executed is no change any more.
    assert clone["status_counts"] == {"unchanged": 3, "not_in_catalogue": 1, "invalid": 1}
    assert (clone["state"], clone["fields"]["vendor_code"]) == ("open", "V1")


def test_delete(batch: Run, catalogue: Engine, opened: str) -> None:
    result = batch("delete", opened, "--as", "admin", "--json")
    assert json.loads(result.stdout)["message"].startswith("Batch 00000001 was deleted, with its 5 rows")
    assert count(catalogue, Batch) == 0
    assert batch("show", opened).exit_code == 1


def test_a_failing_handler_is_told_and_kept_in_the_history(
    command: Run,
    write_ini: Run,
    batch: Run,
    catalogue: Engine,
    completed: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "bad_luck.py").write_text(
        "from batchbook.types.price_change.handler import PriceChangeHandler\n"
        "class Handler(PriceChangeHandler):\n"
        "    def execute(self, batch, rows, options):\n"
        "        super().execute(batch, rows, options)\n"
        "        raise RuntimeError('the paper is out')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    ini = write_ini(catalogue.url)
    setting = "batchbook.handler.price_change = bad_luck:Handler"
    ini.write_text(ini.read_text().replace("[server:main]", f"{setting}\n\n[server:main]"))
    failed = command("-c", ini, "batch", "execute", completed, "--as", "admin", "--json")
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert "the paper is out" in failed.stderr
    assert failed.stderr.count("\n") == 1
    data = json.loads(batch("show", completed, "--json").stdout)
    assert (data["state"], "the paper is out" in data["failure"]) == ("complete", True)
    last = json.loads(batch("history", completed, "--json").stdout)[-1]
    assert (last["kind"], last["actor"]) == ("failure", "admin")
    assert prices(catalogue)["000000011"] == Decimal("2.00")
    assert count(catalogue, PriceHistory) == 0


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.csv", b"", "“empty.csv” is empty"),
        ("list.pdf", b"%PDF-1.7", "is not text but a PDF document"),
        ("list.csv", b"\x00\x01\x02", "is not text"),
        ("list.xlsx", b"item_code,description,size,price\n", "has a header row, and no row below it"),
        ("list.csv", b"item_code,description,size\n1,2,3\n", "has no column “price”"),
        (
            "list.csv",
            b"item_code,price,price,description,size\n1,2,3,4,5\n",
            "the column “price” more than once",
        ),
        (
            "list.csv",
            b'item_code,description,size,price\n1,2,3,4\n1,"2,3,4\n',
            "a quotation mark in line 3 that is never closed",
        ),
    ],
)
def test_a_bad_file_leaves_no_batch_behind(
    batch: Run, snapshot: Run, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    before = snapshot()
    result = batch("create", "price_change", "--file", path, "--as", "staff")
    assert (result.exit_code, result.stdout) == (1, "")
    assert sentence in result.stderr
    assert snapshot() == before


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_file_over_the_limit(
    command: Run, write_ini: Run, catalogue: Engine, snapshot: Run, price_list: Path
) -> None:
    ini = write_ini(catalogue.url)
    ini.write_text(
        ini.read_text().replace("[server:main]", "batchbook.max_upload_bytes = 100\n\n[server:main]")
    )
    before = snapshot()
    result = command("-c", ini, "batch", "create", "price_change", "--file", price_list, "--as", "staff")
    assert result.exit_code == 1
    assert "the setting batchbook.max_upload_bytes allows 100. Nothing was created." in result.stderr
    assert snapshot() == before


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("create", "cake", "--as", "staff"),
            "There is no batch type “cake”. Known types: delete_product, handheld, import, ",
        ),
        (("list", "--type", "cake"), "There is no batch type “cake”."),
        (("create", "price_change", "--as", "staff"), "Give a price list, or one of “Change (%)”"),
        (("create", "price_change", "--set", "x=1", "--as", "staff"), "has no field “x”"),
        (("create", "price_change", "--set", "percent=much", "--as", "staff"), "“much” is not a number"),
        (
            ("create", "price_change", "--set", "percent=1", "--set", "vendor_code=V9", "--as", "staff"),
            "no vendor “V9”",
        ),
    ],
)
def test_what_cannot_be_created_or_found(
    batch: Run, snapshot: Run, arguments: tuple[str, ...], sentence: str
) -> None:
    before = snapshot()
    result = batch(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert sentence in result.stderr
    assert snapshot() == before


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("bogus=1", "There is no execution option “bogus”"),
        ("apply=unchanged", "Option apply:"),
        ("apply=", "Option apply:"),
    ],
)
def test_options_that_do_not_fit(
    batch: Run, snapshot: Run, completed: str, option: str, sentence: str
) -> None:
    before = snapshot()
    result = batch("execute", completed, "--as", "admin", "--option", option)
    assert (result.exit_code, result.stdout) == (1, "")
    assert sentence in result.stderr
    assert snapshot() == before


def test_unusual_changes_are_confirmed_by_name(batch: Run, opened: str) -> None:
    batch("set", opened, 1, "new_price", "200", "--as", "staff")
    batch("complete", opened, "--as", "staff")
    refused = batch("execute", opened, "--as", "admin")
    assert refused.exit_code == 1
    sentence = "1 row changes the price by more than 20 %: the largest +9,900 %."
    assert f"was not executed. {sentence} Look at these rows, then confirm price" in refused.stderr
    for option in (("--confirm", "prices"), ("--option", "confirm=none")):
        assert batch("execute", opened, "--as", "admin", *option).exit_code == 1
    assert batch("execute", opened, "--as", "admin", "--confirm", "price").exit_code == 0
    options = json.loads(batch("show", opened, "--json").stdout)["execution_options"]
    assert options["confirm"] == ["price"]


def test_batches_are_handed_over_one_by_one_or_all_of_a_person(
    batch: Run, opened: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "batchbook.security")
    refused = batch("hand-over", opened, "--to", "admin", "--as", "staff")
    assert refused.exit_code == 1
    assert "Nothing was handed over." in refused.stderr
    assert batch("hand-over", "--to", "admin", "--as", "admin").exit_code == 2
    result = batch("hand-over", opened, "--to", "admin", "--as", "admin")
    assert result.stdout == "1 batch was handed over to admin.\n"
    assert "Handed over from staff to admin." in batch("history", opened).stdout
    (line,) = [one for one in caplog.messages if one.startswith("batches handed over: 'staff'")]
    assert line.endswith(f"(to admin: {opened}; for admin)")
    result = batch("hand-over", "--from", "admin", "--to", "staff", "--as", "admin", "--json")
    assert json.loads(result.stdout) == {"handed_over": [opened], "to": "staff", "left_out": []}
    assert json.loads(batch("show", opened, "--json").stdout)["owner"] == "staff"


def test_an_executed_batch_is_reversed_by_a_batch_like_any_other(
    batch: Run, catalogue: Engine, executed: str
) -> None:
    before = prices(catalogue)
    refused = batch("reverse", executed, "--as", "staff")
    assert (refused.exit_code, "does not allow" in refused.stderr) == (1, True)
    made = batch("reverse", executed, "--as", "admin").stdout.strip()
    assert batch("complete", made, "--as", "staff").exit_code == 0
    done = batch("execute", made, "--confirm", "all", "--as", "admin")
    assert done.exit_code == 0, done.stderr
    after = prices(catalogue)
    assert (before["000000011"], after["000000011"]) == (Decimal("2.20"), Decimal("2.00"))
    assert (before["000000012"], after["000000012"]) == (Decimal("2.70"), Decimal("3.00"))
    again = batch("reverse", made, "--as", "admin", "--json")
    assert json.loads(again.stdout)["status_counts"] == {"increase": 1, "decrease": 1}


def test_make_makes_a_batch_of_the_chosen_rows(batch: Run, executed: str) -> None:
    made = batch(
        "make", executed, "price_change", "--status", "increase", "--status", "decrease", "--as", "staff"
    )
    assert (made.exit_code, made.stdout) == (0, "00000002\n"), made.stderr
    assert len(batch("rows", "2").stdout.splitlines()) == 1 + len(
        [
            line
            for one in ("increase", "decrease")
            for line in batch("rows", executed, "--status", one).stdout.splitlines()[1:]
        ]
    )
    every = batch("make", executed, "price_change", "--set", "description=Again", "--as", "admin", "--json")
    data = json.loads(every.stdout)
    assert data["row_count"] == json.loads(batch("show", executed, "--json").stdout)["row_count"]
    assert json.loads(batch("show", str(data["id"]), "--json").stdout)["fields"]["vendor_code"] == "V1"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("price_change", "--status", "lost", "--as", "staff"), "no status “lost”"),
        (("import", "--as", "staff"), "No import can be made of rows of the type Price change"),
        (("price_change", "--as", "auditor"), "the role of auditor does not allow that"),
        (("price_change", "--set", "colour=red", "--as", "staff"), "has no field “colour”"),
    ],
)
def test_make_tells_why_it_makes_nothing(
    batch: Run, opened: str, arguments: tuple[str, ...], words: str
) -> None:
    result = batch("make", opened, *arguments)
    assert (result.exit_code, words in result.stderr) == (1, True), result.stderr
