"""What the stories are told with: a small shop, price lists, what a page says, and all that a database holds."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import xlsxwriter
from sqlalchemy import Engine, func, inspect, select
from webtest import TestApp, Upload

from batchbook.batches.models import Batch
from batchbook.catalog.loader import load, load_file
from batchbook.catalog.models import PriceHistory, Product
from batchbook.db.transactions import transaction_scope
from batchbook.types.price_change.models import PriceChangeRow, PriceStatus

CATALOGUE = """item_code,description,department,category,brand,size,vendor_code,price,on_hand
000000011,RYE BREAD,BAKERY,BREAD,MILL,500 G,V1,2.00,5
000000012,WHEAT BREAD,BAKERY,BREAD,MILL,500 G,V1,3.00,5
000000013,PRETZEL,BAKERY,SNACK,MILL,80 G,V1,0.50,50
000000021,OAT FLAKES,GROCERY,CEREAL,MILL,1 KG,V1,4.00,9
000000099,MILK,DAIRY,MILK,COW,1 L,V2,1.10,9
"""

#: Two that go up (one far), one down, one unchanged, one not in the catalogue, one twice, one without a usable price.
PRICE_LIST = """item_code,description,size,price
000000011,RYE BREAD,500 G,2.20
000000021,OAT FLAKES,1 KG,8.00
000000012,WHEAT BREAD,500 G,2.70
000000013,PRETZEL,80 G,0.50
000000014,ROLL,60 G,0.40
000000015,CRUMBS,1 KG,1.00
000000015,CRUMBS,1 KG,1.20
000000099,MILK,1 L,cheap
"""

#: How the rows of that list stand against that catalogue.
COUNTS = {
    "All": 8,
    "Unchanged": 1,
    "Increase": 2,
    "Decrease": 1,
    "Other vendor": 0,
    "Other department": 0,
    "Not active": 0,
    "Changed since": 0,
    "No cost": 0,
    "Not in catalogue": 1,
    "Duplicate in list": 2,
    "Invalid": 1,
}

PATH = "/batches/price-change"

#: Tables that people change by signing in and by looking: which grids they looked at last.
OWN = ("grid_setting", "web_session", "login_attempt", "presence")


@dataclass
class CatalogueDatabase:
    """The database, to look behind the pages."""

    engine: Engine

    @cached_property
    def tables(self) -> list[str]:
        return sorted(inspect(self.engine).get_table_names())

    def dump(self, without: Collection[str] = ()) -> dict[str, list[str]]:
        """Return every row of every table but those of ``without`` and of the audit log, in order.

        What is refused, and what is read as a file, leaves an entry in the audit log whatever the test is about.
        """
        with self.engine.connect() as connection:
            return {
                table: sorted(map(repr, connection.exec_driver_sql(f'SELECT * FROM "{table}"').all()))
                for table in self.tables
                if table not in {*without, "audit_log", "pending_audit_log"}
            }

    def load(self, catalogue: str | Path) -> None:
        """Load a catalogue, from a file or a text."""
        with transaction_scope(self.engine) as session:
            if isinstance(catalogue, Path):
                load_file(session, catalogue, by="test", reason="test")
            else:
                load(session, "catalog.csv", io.BytesIO(catalogue.encode()), by="test", reason="test")

    def prices(self) -> dict[str, Decimal]:
        """Return each product's price by item code."""
        with self.engine.connect() as connection:
            return {
                row.item_code: row.price
                for row in connection.execute(select(Product.item_code, Product.price))
            }

    def set_price(self, item_code: str, price: str) -> None:
        """Change a product's price behind everybody's back."""
        with transaction_scope(self.engine) as session:
            session.scalars(select(Product).where(Product.item_code == item_code)).one().price = Decimal(
                price
            )

    def edit_price(self, item_code: str, price: str) -> None:
        """Change a product's price as its page does, with an entry in the price history."""
        with transaction_scope(self.engine) as session:
            product = session.scalars(select(Product).where(Product.item_code == item_code)).one()
            values = {"product_id": product.id, "item_code": item_code, "old_price": product.price}
            session.add(PriceHistory(**values, new_price=Decimal(price), changed_by="test", reason="test"))
            product.price = Decimal(price)

    def price_history(self) -> list[tuple[Any, ...]]:
        """Return item code, old and new price, by whom, by which batch and row, of every change of a price."""
        h = PriceHistory
        wanted = select(h.item_code, h.old_price, h.new_price, h.changed_by, h.batch_id, h.sequence)
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(wanted.order_by(h.batch_id, h.sequence))]

    def batch(self, number: int) -> Any:
        """Return a batch's common header, as a row."""
        with self.engine.connect() as connection:
            return connection.execute(select(Batch.__table__).where(Batch.__table__.c.id == number)).one()

    def row(self, number: int, sequence: int) -> Any:
        """Return a row of a batch."""
        table = PriceChangeRow.__table__
        with self.engine.connect() as connection:
            wanted = select(table).where(table.c.batch_id == number, table.c.sequence == sequence)
            return connection.execute(wanted).one()

    def batches(self) -> int:
        """Return how many batches there are."""
        with self.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(Batch.__table__)) or 0


# --- Browsing --------------------------------------------------------------------------------------------------------


def form_with(page: Any, field: str) -> Any:
    """Return the first form of a page that has a field of that name."""
    return next(form for form in page.forms.values() if field in form.fields)


def form_to(page: Any, end: str) -> Any:
    """Return the form of a page that is sent to an address with that end, its warnings confirmed."""
    form = next(form for form in page.forms.values() if form.action.split("?")[0].endswith(end))
    for box in form.fields.get("confirm", ()):
        box.checked = True
    return form


def upload(
    client: TestApp, data: bytes | str, name: str = "list.csv", status: int = 303, **header: str
) -> Any:
    """Send the form for a new price change with a file and header fields; return the response."""
    form = form_with(client.get(f"{PATH}/new"), "file")
    form["file"] = Upload(name, data.encode() if isinstance(data, str) else data)
    for field, text in header.items():
        form[field] = text
    return form.submit(status=status)


def number_in(response: Any) -> int:
    """Return the number of the batch that a redirect leads to."""
    match = re.search(rf"{PATH}/(\d+)", response.headers["Location"])
    assert match is not None, response.headers["Location"]
    return int(match[1])


def url_of(number: int, *more: Any) -> str:
    """Return the address of a batch, or of something below it."""
    return "/".join([PATH, str(number), *map(str, more)])


def token_of(client: TestApp) -> str:
    """Return the CSRF token of who is signed in."""
    found = re.search('<meta name="csrf-token" content="([0-9a-f]+)"', client.get("/account").text)
    assert found is not None
    return found[1]


def post(client: TestApp, url: str, status: int = 303, **fields: Any) -> Any:
    """Post fields with the right token, as a form would that the page may not even show."""
    return client.post(url, {"csrf_token": token_of(client), **fields}, status=status)


def json_post(client: TestApp, url: str, status: int, fields: Mapping[str, Any]) -> Any:
    """Post as the module for editing in place does; return what the answer says."""
    headers = {"Accept": "application/json", "X-CSRF-Token": token_of(client)}
    return client.post(url, dict(fields), headers=headers, status=status).json


# --- What a page says ------------------------------------------------------------------------------------------------


def text_of(page: Any, selector: str = "main") -> str:
    """Return the words that an element of a page shows, with single spaces."""
    found = page.html.select_one(selector)
    return " ".join(found.get_text(" ").split()) if found else ""


def counts_of(page: Any) -> dict[str, int]:
    """Return the breakdown of a batch's page: label → count."""
    counts = {}
    for link in page.html.select("#breakdown a"):
        for sign in link.select("[aria-hidden]"):
            sign.extract()
        count = link.select_one(".count-value").get_text().replace(",", "")
        counts[" ".join(link.select_one(".count-label").get_text().split())] = int(count)
    return counts


def count_link(page: Any, label: str) -> str:
    """Return the link behind a count of the breakdown."""
    links = page.html.select("#breakdown a")
    return str(next(link for link in links if label in link.select_one(".count-label").get_text())["href"])


def column_of(page: Any, label: str) -> list[str]:
    """Return the words in one column of the page's grid."""
    heads = [" ".join(head.get_text().split()) for head in page.html.select("table.grid th.head")]
    at = next(i for i, head in enumerate(heads) if head.startswith(label))
    cells = [row.select(".cell")[at] for row in page.html.select("table.grid tbody tr")]
    for cell in cells:
        for hidden in cell.select(".visually-hidden, [aria-hidden]"):
            hidden.extract()
    return [" ".join(cell.get_text().split()) for cell in cells]


def edit_price(browser: TestApp, catalogue: CatalogueDatabase, batch: int, row: int, price: str) -> None:
    """Change the new price of a row, as its cell in the grid does."""
    version = catalogue.row(batch, row).version
    fields = {"field": "new_price", "value": price, "version": version}
    json_post(browser, url_of(batch, "rows", row, "cell"), 200, fields)


def quick_filters_of(page: Any) -> dict[str, bool]:
    """Return the labels of the quick filters above the rows, and whether each is switched on."""
    links = page.html.select("#quick-filters .chip-link")
    return {link.get_text(" ", strip=True): "aria-current" in link.attrs for link in links}


def result_count(page: Any) -> int:
    """Return how many results the page's grid says it has."""
    return int(page.html.select_one("[data-result-count] b").get_text().replace(",", ""))


def workbook(table: list[list[str]]) -> bytes:
    """Return a workbook that has a table's cells as text."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate(table):
            for place, cell in enumerate(cells):
                sheet.write_string(number, place, cell)
    return file.getvalue()


# --- Price lists -----------------------------------------------------------------------------------------------------


def records(path: Path) -> list[dict[str, str]]:
    """Return the records of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def expected_counts(price_list: Iterable[Mapping[str, str]], prices: Mapping[str, Decimal]) -> Counter[str]:
    """Compare a price list with a catalogue's prices the plain way: label of the status → number of rows."""
    rows = [(row["item_code"], Decimal(row["price"])) for row in price_list]
    times = Counter(code for code, _ in rows)
    return Counter(_standing(code, price, prices, times[code]).label for code, price in rows)


def _standing(code: str, price: Decimal, prices: Mapping[str, Decimal], times: int) -> PriceStatus:
    if times > 1:
        return PriceStatus.DUPLICATE
    if code not in prices:
        return PriceStatus.NOT_IN_CATALOGUE
    if price == prices[code]:
        return PriceStatus.UNCHANGED
    return PriceStatus.INCREASE if price > prices[code] else PriceStatus.DECREASE


def load_catalogue(engine: Engine) -> None:
    """Load the five products into a database."""
    CatalogueDatabase(engine).load(CATALOGUE)
