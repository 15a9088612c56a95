"""Checks that the work of the database does not grow with every row."""

from __future__ import annotations

from collections.abc import Callable

from batchbook.batches import Action
from batchbook.testing.bench import FEW, MANY, Bench
from batchbook.testing.verdict import check
from batchbook.testing.workbench import Workbench

#: Statements that many rows may cost beyond those of few: more kinds of rows may need more statements, never each row.
_MORE = 20
_MORE_ON_A_PAGE = 5

#: The rows of either batch are one chunk.
_ONE_CHUNK = {"chunk_size": 2 * MANY, "refresh_chunk_size": 2 * MANY}


class CostChecks(Bench):
    """Statements."""

    def test_statements_do_not_grow_with_the_rows(self, new_bench: Callable[[], Workbench]) -> None:
        """Populate, refresh and execute send as many statements for many rows in a chunk as for few."""
        few, many = self._costs(new_bench(), FEW), self._costs(new_bench(), MANY)
        for name, cost in many.items():
            check(
                cost <= few[name] + _MORE,
                f"To {name} {FEW} rows took {few[name]} statements, and {MANY} rows {cost}."
                " Look up once for a chunk, never once for a row.",
            )

    def _costs(self, bench: Workbench, rows: int) -> dict[str, int]:
        with bench.transaction() as session:
            sample = self.sample(session, rows)
        bench.swapped = _ONE_CHUNK
        with bench.statements() as sent:
            number = bench.create(sample)
        costs = {"populate": len(sent)}
        found = len(bench.rows(number))
        check(found >= rows // 2, f"sample() was asked for {rows} rows and made {found}: give about as many.")
        for action in (Action.REFRESH, Action.COMPLETE, Action.EXECUTE):
            with bench.statements() as sent:
                bench.run(number, action, options=sample.options if action is Action.EXECUTE else None)
            costs[str(action)] = len(sent)
        return costs

    def test_a_page_costs_the_same_for_few_and_many_rows(self, new_bench: Callable[[], Workbench]) -> None:
        """The page of a batch sends as many statements for many rows as for few."""
        few, many = self._page_cost(new_bench(), FEW), self._page_cost(new_bench(), MANY)
        check(
            many <= few + _MORE_ON_A_PAGE,
            f"The page of a batch took {few} statements for {FEW} rows and {many} for {MANY}.",
        )

    def _page_cost(self, bench: Workbench, rows: int) -> int:
        _, number = self.make(bench, rows)
        client = bench.client("staff")
        with bench.statements() as sent:
            client.get(f"{bench.path}/{number}")
        return len(sent)
