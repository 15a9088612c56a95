"""What the stories are told with: a small shop, price lists, what a page says, and all that a database holds."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, MetaData, Row, func, select
from webtest import TestApp, Upload

from batchbook.batches.models import Batch
from batchbook.catalog.models import PriceHistory, Product
from batchbook.db.session import transaction_scope
from batchbook.types.price_change.models import PriceChangeRow

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

COUNTS = {
    "Increase": 2,
    "Decrease": 1,
    "Unchanged": 1,
    "Not in catalogue": 1,
    "Duplicate in list": 2,
    "Invalid": 1,
}

PATH = "/batches/price-change"

#: What people may write without changing anything that matters: their own grids, and being signed in.
OWN = ("grid_setting", "web_session", "login_attempt")


def upload(client: TestApp, data: bytes | str, name: str = "list.csv", status: int = 303, **header: str) -> Any:
    """Send the form for a new price change with a file and header fields; return the response."""
    form = client.get(f"{PATH}/new").forms_of_page if False else form_with(client.get(f"{PATH}/new"), "file")
    form["file"] = Upload(name, data.encode() if isinstance(data, str) else data)
    for field, text in header.items():
        form[field] = text
    return form.submit(status=status)


def form_with(page: Any, field: str) -> Any:
    """Return the first form of a page that has a field of that name."""
    return next(form for form in page.forms.values() if field in form.fields)


def form_to(page: Any, end: str) -> Any:
    """Return the form of a page whose action ends like that."""
    return next(form for form in page.forms.values() if form.action.split("?")[0].endswith(end))


def number_in(url: str) -> int:
    """Return the number of the batch that an address names."""
    match = re.search(rf"{PATH}/(\d+)", url)
    assert match is not None, url
    return int(match[1])


def token_of(client: TestApp) -> str:
    """Return the CSRF token of who is signed in."""
    return str(client.get("/account").html.find("meta", {"name": "csrf-token"})["content"])
