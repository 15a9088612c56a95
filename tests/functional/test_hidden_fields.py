"""Columns that a person may not see or edit: no address shows or changes them, and one that is added is tested by itself."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select
from webtest import TestApp, Upload

from batchbook.batches.editing.change_rules import Rule
from batchbook.batches.policies.declaration import Policy
from batchbook.batches.policies.field_rules import FieldRule
from batchbook.batches.policies.stored import latest_version, set_policy
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.grid import Filter, GridState, Verb
from batchbook.master.models import SavedView
from batchbook.security.models import Role, RolePermission
from batchbook.types.price_change.models import PriceChangeRow

from .addresses import FIELDS, OURS, Addresses
from .harness import (
    CatalogueDatabase,
    form_to,
    form_with,
    json_post,
    number_in,
    post,
    text_of,
    token_of,
    upload,
    url_of,
)

#: Texts in columns that only administrators may see, and nowhere else.
WORD, PRICE, BEFORE, RAW = "Cloudberry", "7319.53", "6428.17", "cheapissimo"
SECRETS = (WORD, PRICE, "7,319.53", BEFORE, "6,428.17", RAW)
LIST = f"""item_code,description,size,price
000000011,RYE BREAD,500 G,2.20
000000014,{WORD},60 G,{BEFORE}
000000015,{WORD} two,1 KG,1.00
000000016,{WORD} three,1 KG,{RAW}
"""
#: What the rule does is the same on both databases.
ONE = pytest.mark.parametrize("backend", ["sqlite"])
RULES = (
    FieldRule(field="new_price", see=("admin",)),
    FieldRule(field="desc*", see=("admin",), edit=("admin",)),
    FieldRule(field="item_code", edit=("admin",)),
)
#: What addresses ask for, with the names of hidden columns wherever a name is possible.
QUERIES = (
    "",
    urlencode({"q": "000000014"}),
    urlencode({"f.new_price.gt": "1", "sort": "new_price"}),
    urlencode(
        {"column": "new_price", "columns": "new_price,description", "field": "new_price", "sequence": "2"}
    ),
    urlencode({"columns": "sequence,status", "first": "0", "count": "50", "from": "0", "text": "000000014"}),
    urlencode({"from": "0", "problem": "1"}),
    urlencode({"do": "copy", "column": "size", "value": "new_price", "preview": "1"}),
    urlencode({"do": "set", "column": "new_price", "value": "5", "preview": "1"}),
    urlencode({"panel": "history", "since": "1", "before": "9", "key": "2", "verify": "1"}),
    urlencode({"panel": "comments", "f.touched.eq": "000000014"}),
)


def restrict(
    catalogue: CatalogueDatabase, rules: Sequence[FieldRule] = RULES, key: str = "price_change"
) -> None:
    """Set the rules of a type, and let everybody do everything else."""
    with transaction_scope(catalogue.engine) as session:
        latest = latest_version(session, key)
        set_policy(
            session, key, Policy(fields=tuple(rules)), utc_now(), "admin", latest.number if latest else 0
        )
        for role in session.scalars(select(Role).where(Role.name.in_(("staff", "auditor")))):
            held = {one.permission for one in role.permissions}
            role.permissions.extend(
                RolePermission(permission=one) for one in ("*:*", "batch:*:*") if one not in held
            )


@pytest.fixture
def secret_batch(catalogue: CatalogueDatabase, admin: TestApp) -> int:
    """An open batch of an administrator, with secrets in cells, problems, comments, the file, and every kind of operation."""
    number: int = number_in(upload(admin, LIST, vendor_code="V1"))
    restrict(catalogue)
    edit = url_of(number, "rows", 2, "cell")
    version = catalogue.row(number, 2).version
    json_post(admin, edit, 200, {"field": "new_price", "value": PRICE, "version": version})
    fields = {"field": "new_price", "text": f"{WORD} @staff", "sequence": 2}
    post(admin, url_of(number, "comments/add"), **fields)
    change = {
        "do": Rule.REPLACE.value,
        "column": "new_price",
        "value": "1.00",
        "replacement": "1.25",
        "preview": "1",
    }
    address = f"{url_of(number, 'rows/change')}?{urlencode(change)}"
    form_with(admin.get(address), "seen").submit(status=303)
    fix = {"field": "new_price", "text": RAW, "with": "3.00", "typed": "point"}
    form_with(admin.get(f"{url_of(number, 'problems/fix')}?{urlencode(fix)}"), "seen").submit(status=303)
    post(admin, url_of(number, "undo"))
    state = GridState(filters=(Filter("new_price", Verb.EQUAL, (PRICE,)), Filter("status", Verb.EMPTY)))
    with transaction_scope(catalogue.engine) as session:
        kept = {"grid": "rows.price_change", "saved_by": "admin", "name": "Ours", "is_default": True}
        session.add(SavedView(**kept, settings=state.to_json()))
    assert WORD in admin.get(f"{url_of(number)}?q={WORD}").text
    assert PRICE in admin.get(url_of(number, "history")).text
    return number


def contents(answer: Any) -> Iterator[str]:
    """Yield what an answer has: its text, and the texts in the files of workbooks and archives."""
    body = answer.body
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as found:
            yield from (found.read(name).decode(errors="replace") for name in found.namelist())
    else:
        yield body.decode(errors="replace")
    yield str(answer.headers)


def leaks(answer: Any) -> list[str]:
    """Return the secrets in an answer."""
    return sorted({one for text in contents(answer) for one in SECRETS if one in text})


def hidden_values(catalogue: CatalogueDatabase, number: int) -> list[Any]:
    """Return the values of the restricted columns of a batch."""
    table = PriceChangeRow.__table__.c
    wanted = select(table.sequence, table.new_price, table.description, table.item_code)
    with catalogue.engine.connect() as connection:
        found = connection.execute(wanted.where(table.batch_id == number).order_by(table.sequence))
        return [tuple(row) for row in found]


def walk(
    client: TestApp, addresses: Addresses, number: int, queries: Sequence[str] = QUERIES
) -> dict[str, list[str]]:
    """Return the secrets by address that the pages and files show to somebody, of all that the application answers.

    The addresses of batches and of auditors are asked with all of the ``queries``.
    """
    found = {}
    for address in addresses.with_method("GET"):
        own = address.route.startswith((OURS, "audit"))
        for form in ("csv", "xlsx", "print") if own and "{format}" in address.pattern else ("csv",):
            for query in queries if own else queries[:1]:
                key = "1" if "files" in address.pattern else str(number)
                url = addresses.url(address, number, format=form, sequence="2", number=key)
                answer = client.get(f"{url}?{query}", status="*")
                assert answer.status_int < 500, url
                if leaked := leaks(answer):
                    found[f"{address} {form} ?{query}"] = leaked
    return found


@ONE
def test_no_address_shows_a_hidden_column_of_an_open_batch(
    secret_batch: int, addresses: Addresses, staff: TestApp, admin: TestApp
) -> None:
    assert walk(staff, addresses, secret_batch) == {}
    # The walk would find them.
    assert len(walk(admin, addresses, secret_batch, QUERIES[:1])) > 10


@ONE
def test_no_address_shows_a_hidden_column_of_an_executed_batch(
    secret_batch: int, addresses: Addresses, auditor: TestApp, admin: TestApp
) -> None:
    form_to(admin.get(url_of(secret_batch)), "/complete").submit(status=303)
    form_to(admin.get(url_of(secret_batch)), "/execute").submit(status=303)
    assert walk(auditor, addresses, secret_batch, QUERIES[:4]) == {}
    refused = auditor.get(url_of(secret_batch, "auditors-pack.zip"), status=403)
    assert "columns that your role does not allow you to see" in text_of(refused)
    admin.get(url_of(secret_batch, "auditors-pack.zip"), status=200)


#: Addresses whose work is not the editing of cells: the first ends the batch, the others make its rows anew or carry them out.
_WHOLE = ("delete", "populate", "execute", "refresh", "complete")


@ONE
def test_columns_that_only_one_import_has_are_hidden_by_the_beginning_of_their_names(
    catalogue: CatalogueDatabase, addresses: Addresses, staff: TestApp, admin: TestApp
) -> None:
    text = f"item_code,description,price,Remark\n000000011,RYE BREAD,{PRICE},{WORD}\n000000012,X,2.00,{RAW}\n000000013,Y,{RAW},a\n"
    form = form_with(admin.get("/batches/import/new"), "file")
    form["file"], form["target"] = Upload("list.csv", text.encode()), "product"
    own = form.submit(status=303).headers["Location"].partition("/intake")[0]
    form = form_with(admin.get(f"{own}/mapping"), "column.item_code")
    form["column.description"], form["column.price"] = "1", "2"
    form.fields["carried"][3].checked = True
    page = form.submit("do", value="populate", status=303).follow()
    assert PRICE in page.text
    assert WORD in page.text
    restrict(
        catalogue,
        [FieldRule(field=f"{name}*", see=("admin",)) for name in ("new_price", "old_price", "extra_")],
        "import",
    )
    number = own.rpartition("/")[2]
    for address in addresses.of_batches("GET"):
        for query in QUERIES[:4]:
            url = addresses.url(address, int(number), sequence="1").replace("/price-change/", "/import/")
            answer = staff.get(f"{url}?{query}", status="*")
            assert not leaks(answer), (url, query)
            assert answer.status_int < 500, url


@ONE
def test_no_address_changes_a_column_that_is_hidden_or_read_only(
    secret_batch: int, addresses: Addresses, catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    before = hidden_values(catalogue, secret_batch)
    token = token_of(staff)
    for field in ("new_price", "description", "item_code"):
        fields = FIELDS | {
            "csrf_token": token,
            "field": field,
            "column": field,
            field: "1.00",
            "from": "1.25",
            "to": "1.00",
        }
        for address in addresses.of_batches("POST"):
            if not address.route.endswith(_WHOLE):
                url = addresses.url(address, secret_batch, sequence="2", field=field, number="2")
                query = {
                    "do": "set",
                    "column": field,
                    "value": "5",
                    "preview": "1",
                    "field": field,
                    "text": "1.25",
                    "with": "5",
                }
                answer = staff.post(f"{url}?{urlencode(query)}", fields, status="*")
                assert answer.status_int < 500, (str(address), answer.text)
                assert not leaks(answer), str(address)
                # Rows may be added, without a value in these columns.
                assert hidden_values(catalogue, secret_batch)[: len(before)] == before, str(address)


def test_a_column_that_is_read_only_is_named_and_counted(
    secret_batch: int, catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    version = catalogue.row(secret_batch, 2).version
    sentence = "Item code is read-only for you: your role does not allow editing it."
    cell = {"field": "item_code", "value": "1", "version": version}
    assert sentence in json_post(staff, url_of(secret_batch, "rows/2/cell"), 400, cell)["error"]
    assert sentence in text_of(
        post(staff, url_of(secret_batch, "rows/2/edit"), 400, item_code="1", version=version)
    )
    block = '{"rows": {"keys": [1, 2]}, "columns": ["item_code", "new_price"], "texts": [["1", "2"]]}'
    done = json_post(staff, url_of(secret_batch, "cells"), 200, {"block": block})
    assert (done["cells"], done["refused"]) == (0, 4)
    change = f"{url_of(secret_batch, 'rows/change')}?do=set&column=item_code&value=5&preview=1&view=default"
    assert sentence in text_of(staff.get(change, status=422))


def test_a_filter_on_a_hidden_column_is_refused_like_one_on_a_column_that_there_is_not(
    secret_batch: int, staff: TestApp
) -> None:
    window = url_of(secret_batch, "rows/window")
    hidden, unknown = (
        staff.get(f"{window}?f.{name}.gt=1", headers={"Accept": "application/json"}, status="*")
        for name in ("new_price", "no_such")
    )
    assert hidden.status_int == unknown.status_int
    assert hidden.text.replace("new_price", "no_such") == unknown.text


def test_a_worksheet_without_the_hidden_column_leaves_it_as_it_is(
    secret_batch: int, catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    before = hidden_values(catalogue, secret_batch)
    sheet = staff.get(url_of(secret_batch, "worksheet.xlsx")).body
    page = staff.get(url_of(secret_batch))
    form = next(one for one in page.forms.values() if one.action.endswith("/worksheets"))
    form["file"] = Upload("sheet.xlsx", sheet)
    compared = form.submit(status=303).follow()
    assert "Cloudberry" not in compared.text
    assert hidden_values(catalogue, secret_batch) == before


def test_an_operation_on_a_column_that_one_may_not_edit_is_not_undone(
    secret_batch: int, catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    before = hidden_values(catalogue, secret_batch)
    refused = post(staff, url_of(secret_batch, "history/3/undo"), 403)
    assert "changed columns that your role does not allow editing" in text_of(refused)
    assert hidden_values(catalogue, secret_batch) == before


def test_whoever_uploaded_a_file_may_have_it_back(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    restrict(catalogue)
    number = number_in(upload(staff, LIST, vendor_code="V1"))
    assert WORD in staff.get(url_of(number, "files/1")).text
    assert WORD not in staff.get(url_of(number)).text


def test_nothing_is_restricted_unless_somebody_says_so(
    catalogue: CatalogueDatabase, staff: TestApp, client_of: Callable[[str], TestApp]
) -> None:
    number = number_in(upload(staff, LIST, vendor_code="V1"))
    assert WORD in staff.get(url_of(number)).text
