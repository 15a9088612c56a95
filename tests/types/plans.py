"""Query plans of each statement: by EXPLAIN, and what in a plan costs rows times records.

A statement costs that much where one loop over many rows runs inside another: a scan, or a search by the batch alone,
that is done again for each row of the loop around it, or of the statement around a correlated subquery.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, event

_EXPLAINABLE = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
_CONDITION = re.compile(r"\((.*)\)")
#: The tables that hold many rows: records of the catalogue, and rows of batches.
_LARGE = re.compile(r"product|vendor|department|price_history|price_change_row|row_\d+|shelf")
#: What SQLite's plans call tables and functions that hold a handful of rows for a batch or a table.
_FEW = re.compile(r"(SCAN|SEARCH) (operation|batch_file|l|i|cell) ")
#: What they say of children of a batch that a foreign key looks for, which stands among the loops, too.
_FOREIGN_KEY = re.compile(
    r"SEARCH batch_\w+ USING (COVERING INDEX sqlite_autoindex_\w+|PRIMARY KEY) \(batch_id=\?\)"
)
#: What is computed once, however often the loop around it turns.
_ONCE = ("MATERIALIZE", "CO-ROUTINE", "LIST SUBQUERY", "SCALAR SUBQUERY")


@dataclass
class Plans:
    """The statements that were sent, each with the steps of its plan that cost rows times records."""

    costly: dict[str, list[str]] = field(default_factory=dict)
    looked_at: set[str] = field(default_factory=set)

    @contextmanager
    def watching(self, engine: Engine) -> Iterator[None]:
        """Explain each statement that is sent to ``engine`` within the block, just before it is executed."""
        event.listen(engine, "before_cursor_execute", self._explain)
        try:
            yield
        finally:
            event.remove(engine, "before_cursor_execute", self._explain)

    def _explain(
        self, connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool
    ) -> None:
        # The same statement has one plan for each table, however many values its lists have.
        known = re.sub(r"\(\s*(%\(\w+\)s(::\w+)?|\?)(\s*,\s*(%\(\w+\)s(::\w+)?|\?))*\s*\)", "(…)", statement)
        if known in self.looked_at or not _EXPLAINABLE.match(statement):
            return
        self.looked_at.add(known)
        on_sqlite = connection.dialect.name == "sqlite"
        prefix = "EXPLAIN QUERY PLAN " if on_sqlite else "EXPLAIN (FORMAT JSON) "
        cursor = connection.connection.cursor()
        cursor.execute(prefix + statement, parameters[0] if many else parameters)
        found = sqlite_costs(cursor.fetchall()) if on_sqlite else postgresql_costs(cursor.fetchone()[0])
        cursor.close()
        if found:
            self.costly[statement] = found


# --- SQLite ----------------------------------------------------------------------------------------------------------


def sqlite_costs(rows: Iterable[tuple[int, int, int, str]]) -> list[str]:
    """Return the steps of an EXPLAIN QUERY PLAN that turn within another loop and look at many rows each time."""
    children: dict[int, list[tuple[int, str]]] = {}
    for number, parent, _, detail in rows:
        children.setdefault(parent, []).append((number, detail))
    return list(_sqlite_steps(children, 0, inner=False))


def _sqlite_steps(
    children: Mapping[int, list[tuple[int, str]]], parent: int, *, inner: bool
) -> Iterator[str]:
    within = inner
    for number, detail in children.get(parent, ()):
        if detail.startswith(("SCAN ", "SEARCH ")) and "CONSTANT ROW" not in detail:
            if _FEW.match(detail) or _FOREIGN_KEY.fullmatch(detail):
                continue
            if within and _looks_at_many(detail):
                yield detail
            within = True
        once = detail.startswith(_ONCE)
        yield from _sqlite_steps(
            children, number, inner=not once and (within or detail.startswith("CORRELATED"))
        )


def _looks_at_many(detail: str) -> bool:
    if detail.startswith("SCAN "):
        return True
    condition = _CONDITION.search(detail)
    terms = condition[1].split(" AND ") if condition else []
    return (
        all(term in ("batch_id=?", "id=?") or not term.endswith("=?") for term in terms)
        and "INTEGER PRIMARY KEY" not in detail
    )


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


def postgresql_costs(explained: Any) -> list[str]:
    """Return the scans of an EXPLAIN in JSON that turn within another loop and look at many rows each time."""
    (plan,) = json.loads(explained) if isinstance(explained, str) else explained
    return list(_postgresql_steps(plan["Plan"], json.dumps(plan), inner=False))


def _postgresql_steps(node: Mapping[str, Any], whole: str, *, inner: bool) -> Iterator[str]:
    kind = node["Node Type"]
    if inner and _LARGE.fullmatch(node.get("Relation Name", "")) and _scans_many(node):
        yield f"{kind} on {node['Relation Name']}: {_conditions(node) or 'no condition'}"
    for child in node.get("Plans", ()):
        relation = child.get("Parent Relationship")
        turns = inner
        if kind == "Hash" or relation == "InitPlan" or f"hashed {child.get('Subplan Name')}" in whole:
            turns = False
        elif relation == "SubPlan" or (kind == "Nested Loop" and relation == "Inner"):
            turns = True
        yield from _postgresql_steps(child, whole, inner=turns)


def _scans_many(node: Mapping[str, Any]) -> bool:
    if node["Node Type"] == "Seq Scan":
        return True
    equal = re.findall(r'"?(\w+)"?\)?(?:::\w+)? = ', _conditions(node))
    return not set(equal) - {"batch_id"}


def _conditions(node: Mapping[str, Any]) -> str:
    parts = [str(node.get(name, "")) for name in ("Index Cond", "Recheck Cond", "TID Cond")]
    return " ".join(part for part in parts if part)
