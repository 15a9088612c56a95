"""The floors: the same works by the database's driver alone, as one who knows it would write each once.

A floor has the tables, columns, indexes and foreign keys of Batchbook, but no freeze triggers, and ends with the same values
in the rows, the products and the history of prices. It

* populates: reads the file by the module csv or by calamine, trims the cells, and writes the rows by ``executemany`` or
  COPY; or reads all products through a cursor and raises their prices; then it refreshes;
* refreshes: one UPDATE that looks up what a row refers to and sets its statuses;
* executes: one INSERT into the history of prices, one UPDATE of the products and, for an import, one INSERT of new ones;
* clones, changes, removes and deletes: one INSERT … SELECT, UPDATE or DELETE of all rows; what a change replaces is copied
  into a bare table first, because it has to be undone, and the rows are refreshed after it, because their statuses follow;
* exports: reads the rows through a cursor and writes their values by the module csv or by xlsxwriter;
* verifies: reads all rows through a cursor and digests them as JSON.

It stores no file and no operation, words nothing, counts nothing, asks nobody, and checks nothing that it was not told to
expect. That makes it quicker than what a fair comparison would need.
"""

from __future__ import annotations

from benchmarks.floors.imports import ImportFloor
from benchmarks.floors.price_change import PriceChangeFloor
from benchmarks.floors.script import Floor

__all__ = ["FLOORS", "Floor", "ImportFloor", "PriceChangeFloor"]

#: The floors by the key of their batch type.
FLOORS: dict[str, type[Floor]] = {"price_change": PriceChangeFloor, "import": ImportFloor}
