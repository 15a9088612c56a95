"""Edits of very many rows: asked for by the page, done by a job, all or nothing."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update
from tests.batches.sheets import Book
from webtest import TestApp, Upload

from batchbook.batches.engine.engine import Engine as BatchEngine
from batchbook.batches.models import Batch, Operation
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.bulk_edits import REVERSE, enqueue_edit
from batchbook.catalog.loader import load
from batchbook.db.transactions import transaction_scope
from batchbook.jobs.job_progress import request_cancel
from batchbook.jobs.job_run import JobRun
from batchbook.jobs.models import Job
from batchbook.jobs.service import JobService
from batchbook.services import services_of
from batchbook.types.price_change.models import PriceChange, PriceChangeRow

CATALOG = "item_code,description,department,category,brand,size,vendor_code,price,on_hand\n" + "".join(
    f"{n:09d},BREAD {n},BAKERY,BREAD,MILL,500 G,V1,10.00,5\n" for n in range(1, 9)
)
#: Eight products, each one dearer than the last.
PRICES = "item_code,description,size,price\n" + "".join(
    f"{n:09d},BREAD {n},500 G,{10 + n}.00\n" for n in range(1, 9)
)
PATH = "/batches/price-change"
ONE = pytest.mark.parametrize("backend", ["sqlite"])
#: The last five of the eight.
FIVE = "f.sequence.greater=3"


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    return {**settings, "batchbook.jobs": "workers", "batchbook.jobs.big_rows": "4"}


@pytest.fixture
def catalogue(app: Any, engine: Engine) -> Iterator[Engine]:
    services_of(app.registry).get(JobService).store.prepare()
    with transaction_scope(engine) as session:
        load(session, "catalog.csv", io.BytesIO(CATALOG.encode()), by="staff")
    yield engine
    services_of(app.registry).get(JobService).close()


def one(engine: Engine, wanted: Any) -> Any:
    with transaction_scope(engine, read_only=True) as session:
        return session.scalars(wanted).one()


def last_job(engine: Engine) -> Job:
    found: Job = one(engine, select(Job).order_by(Job.id.desc()).limit(1))
    return found


def run(app: Any, engine: Engine) -> Job:
    """Have the last job done by this process."""
    job = last_job(engine)
    assert JobRun(services_of(app.registry), "me").run(job.id, job.dispatch)
    return last_job(engine)


def form_to(page: Any, end: str) -> Any:
    return next(form for form in page.forms.values() if form.action.split("?")[0].endswith(end))


@pytest.fixture
def batch_id(app: Any, catalogue: Engine, staff: TestApp) -> int:
    """A batch of eight rows, open."""
    page = staff.get(f"{PATH}/new")
    form = next(form for form in page.forms.values() if "file" in form.fields)
    form["file"] = Upload("list.csv", PRICES.encode(), "text/csv")
    form.submit(status=303)
    assert run(app, catalogue).state == "done"
    return int(one(catalogue, select(Batch.id)))


def kept(engine: Engine) -> int:
    return int(one(engine, select(func.count()).where(~PriceChangeRow.removed)))


def last_words(engine: Engine) -> str:
    return str(one(engine, select(Operation.summary).order_by(Operation.number.desc()).limit(1)))


def ask_removal(staff: TestApp, batch_id: int, query: str = FIVE) -> Any:
    page = staff.get(f"{PATH}/{batch_id}/rows/remove?{query}")
    return form_to(page, "/rows/remove").submit(expect_errors=True)


def test_removing_many_rows_is_a_job(app: Any, catalogue: Engine, staff: TestApp, batch_id: int) -> None:
    answer = ask_removal(staff, batch_id)
    job = last_job(catalogue)
    assert answer.headers["Location"].endswith(f"/jobs/{job.id}/await")
    assert (job.task, job.exclusive, job.batch_id, kept(catalogue)) == ("remove_rows", True, batch_id, 8)
    ended = run(app, catalogue)
    assert ended.message == "Removed 5 rows. Each can be restored from its page."
    assert (kept(catalogue), last_words(catalogue)) == (3, "Removed 5 rows.")


@ONE
def test_restoring_many_rows_is_a_job(app: Any, catalogue: Engine, staff: TestApp, batch_id: int) -> None:
    ask_removal(staff, batch_id)
    run(app, catalogue)
    page = staff.get(f"{PATH}/{batch_id}/rows/restore?{FIVE}")
    form_to(page, "/rows/restore").submit(status=303)
    assert (last_job(catalogue).task, kept(catalogue)) == ("restore_rows", 3)
    assert run(app, catalogue).message == "Restored 5 rows."
    assert (kept(catalogue), last_words(catalogue)) == (8, "Restored 5 rows.")


@ONE
def test_undoing_and_redoing_many_rows_is_a_job(
    app: Any, catalogue: Engine, staff: TestApp, batch_id: int
) -> None:
    ask_removal(staff, batch_id)
    run(app, catalogue)
    form_to(staff.get(f"{PATH}/{batch_id}"), "/undo").submit(status=303)
    assert (last_job(catalogue).task, kept(catalogue)) == ("reverse", 3)
    assert run(app, catalogue).message == "Undid: Removed 5 rows."
    assert (kept(catalogue), last_words(catalogue)) == (8, "Undid: Removed 5 rows.")
    form = form_to(staff.get(f"{PATH}/{batch_id}"), "/redo")
    answer = staff.post(form.action, form.submit_fields(), headers={"Accept": "application/json"}).json
    assert (answer["operation"], answer["job"].rsplit("/", 1)[1]) == (None, "await")
    run(app, catalogue)
    assert kept(catalogue) == 3


@ONE
def test_an_undo_that_waited_looks_again_whether_it_is_next(
    app: Any, catalogue: Engine, staff: TestApp, batch_id: int
) -> None:
    for first in (1, 4):  # Two operations: the first one is next no more when the job runs.
        ask_removal(staff, batch_id, f"f.sequence.equal={first}")
    services = services_of(app.registry)
    with transaction_scope(catalogue) as session:
        engine = BatchEngine(session, services.get(BatchTypes), services.settings, "staff")
        arguments = {"number": 3, "partly": True, "next": "undo"}
        enqueue_edit(services, engine, batch_id, REVERSE.name, arguments)
    message = run(app, catalogue).message or ""
    assert "since you asked for this, so nothing was changed. Undo again if you still want to." in message
    assert kept(catalogue) == 6


@ONE
def test_an_undo_that_passes_over_many_cells_is_a_job(
    app: Any, catalogue: Engine, staff: TestApp, admin: TestApp, batch_id: int
) -> None:
    for first in (1, 4):
        query = f"f.sequence.between={first}&f.sequence.between={first + 2}"
        ask_removal(staff, batch_id, query)
    page = admin.get(f"{PATH}/{batch_id}/rows/restore")
    form_to(page, "/rows/restore").submit(status=303)
    run(app, catalogue)
    form_to(staff.get(f"{PATH}/{batch_id}"), "/undo").submit(status=303)
    assert last_job(catalogue).task == "reverse"
    assert "Nothing of this could be undone" not in (run(app, catalogue).message or "")


@ONE
def test_changing_a_column_of_many_rows_is_a_job(
    app: Any, catalogue: Engine, staff: TestApp, batch_id: int
) -> None:
    query = "do=replace&preview=1&column=item_code&value=0%2B&replacement=1&regex=yes"
    page = staff.get(f"{PATH}/{batch_id}/rows/change?{FIVE}&{query}")
    next(form for form in page.forms.values() if "seen" in form.fields).submit(status=303)
    assert last_job(catalogue).task == "change_column"
    assert run(app, catalogue).message == "Changed Item code in 5 rows: “0+” replaced by “1”."
    assert last_words(catalogue) == "Changed Item code in 5 rows: “0+” replaced by “1”."


@ONE
def test_removing_many_duplicates_is_a_job(
    app: Any, catalogue: Engine, staff: TestApp, batch_id: int
) -> None:
    with transaction_scope(catalogue) as session:
        session.execute(update(PriceChangeRow).values(item_code="000000011", status="duplicate"))
    page = staff.get(f"{PATH}/{batch_id}/duplicates")
    form = next(form for form in page.forms.values() if "sequence" in form.fields)
    form.submit("keep", value="last", status=303)
    assert (last_job(catalogue).task, kept(catalogue)) == ("remove_duplicates", 8)
    assert run(app, catalogue).message.startswith("Kept the last of the duplicates of row 1, and removed 7")
    assert kept(catalogue) == 1


@ONE
def test_merging_values_in_many_rows_is_a_job(
    app: Any, catalogue: Engine, staff: TestApp, batch_id: int
) -> None:
    with transaction_scope(catalogue) as session:
        session.execute(update(PriceChangeRow).values(item_code="rye bread"))
        session.execute(
            update(PriceChangeRow).where(PriceChangeRow.sequence == 2).values(item_code="Bread, rye")
        )
    page = staff.get(f"{PATH}/{batch_id}/rows/clusters?column=item_code&view=default")
    form = next(form for form in page.forms.values() if "merge" in form.fields)
    form["merge"] = True
    key = page.html.select_one("input[name=merge]")["value"]
    form[f"to.{key}"] = "Bread, rye"
    form_to(form.submit("do", value="preview"), "/rows/clusters").submit(status=303)
    assert (last_job(catalogue).task, last_words(catalogue)[:6]) == ("merge_values", "Popula")
    assert run(app, catalogue).message == "Changed 7 cells in 7 rows."
    assert last_words(catalogue) == ("Merged values of Item code in 7 rows: “rye bread” is now “Bread, rye”.")


@ONE
def test_removing_few_rows_is_done_at_once(catalogue: Engine, staff: TestApp, batch_id: int) -> None:
    ask_removal(staff, batch_id, "f.sequence.greater=4")
    assert (kept(catalogue), last_job(catalogue).task) == (4, "populate")


@ONE
def test_what_is_not_what_was_shown_is_refused_when_asking(
    catalogue: Engine, staff: TestApp, batch_id: int
) -> None:
    page = staff.get(f"{PATH}/{batch_id}/rows/remove?{FIVE}")
    form = form_to(page, "/rows/remove")
    form["seen"] = "6-1-1"
    answer = form.submit(status=409)
    assert "Nothing was removed: 5 rows match now" in answer.text
    assert last_job(catalogue).task == "populate"


@ONE
def test_nobody_else_edits_meanwhile(catalogue: Engine, staff: TestApp, batch_id: int) -> None:
    ask_removal(staff, batch_id)
    answer = staff.get(f"{PATH}/{batch_id}/rows/remove?f.sequence.greater=4", status=409)
    assert "It is waiting to be changed for staff" in answer.text
    assert kept(catalogue) == 8


def test_a_cancelled_removal_leaves_everything_and_can_be_tried_again(
    app: Any, catalogue: Engine, staff: TestApp, batch_id: int
) -> None:
    ask_removal(staff, batch_id)
    job = last_job(catalogue)
    request_cancel(services_of(app.registry).get(JobService).store, job, "staff")
    JobRun(services_of(app.registry), "me").run(job.id, job.dispatch)
    assert (last_job(catalogue).state, kept(catalogue)) == ("cancelled", 8)
    form_to(staff.get(f"/jobs/{job.id}"), "/retry").submit(status=303)
    assert last_job(catalogue).retry_of == job.id
    assert (run(app, catalogue).state, kept(catalogue)) == ("done", 3)


def test_fixing_many_cells_alike_is_a_job(app: Any, catalogue: Engine, staff: TestApp) -> None:
    page = staff.get(f"{PATH}/new")
    form = next(form for form in page.forms.values() if "file" in form.fields)
    form["file"] = Upload("list.csv", re.sub(r"[0-9]+\.00", "cheap", PRICES).encode(), "text/csv")
    form.submit(status=303)
    assert run(app, catalogue).state == "done"
    batch_id = one(catalogue, select(Batch.id))
    preview = staff.get(f"{PATH}/{batch_id}/problems/fix?field=new_price&text=cheap&with=1.50")
    fix = next(form for form in preview.forms.values() if "seen" in form.fields)
    answer = fix.submit(status=303)
    job = last_job(catalogue)
    assert answer.headers["Location"].endswith(f"/jobs/{job.id}/await")
    assert one(catalogue, select(func.count()).where(PriceChangeRow.new_price.is_not(None))) == 0
    ended = run(app, catalogue)
    assert (ended.task, ended.message) == ("fix_alike", "Changed 8 cells in 8 rows.")
    assert last_words(catalogue) == "Fixed New price in 8 rows alike: “cheap” is now “1.50”."
    assert one(catalogue, select(func.count()).where(PriceChangeRow.new_price == Decimal("1.50"))) == 8


def header_form(staff: TestApp, batch_id: int) -> Any:
    page = staff.get(f"{PATH}/{batch_id}/edit")
    return next(form for form in page.forms.values() if "warn_above" in form.fields)


def test_a_header_that_decides_about_many_rows_is_edited_by_a_job(
    app: Any, catalogue: Engine, staff: TestApp, batch_id: int
) -> None:
    form = header_form(staff, batch_id)
    form["warn_above"] = "15"
    answer = form.submit(status=303)
    assert answer.headers["Location"].endswith(f"/jobs/{last_job(catalogue).id}/await")
    assert one(catalogue, select(PriceChange)).warn_above == 20
    ended = run(app, catalogue)
    assert (ended.task, ended.state) == ("edit_header", "done")
    assert "and refreshed all rows." in (ended.message or "")
    assert one(catalogue, select(PriceChange)).warn_above == 15


@ONE
def test_other_fields_of_the_header_are_stored_at_once(
    catalogue: Engine, staff: TestApp, batch_id: int
) -> None:
    form = header_form(staff, batch_id)
    form["notes"] = "Ask Bob."
    form.submit(status=303)
    assert (one(catalogue, select(PriceChange)).notes, last_job(catalogue).task) == ("Ask Bob.", "populate")


@ONE
def test_a_conflict_is_shown_on_the_form(catalogue: Engine, staff: TestApp, batch_id: int) -> None:
    mine, theirs = header_form(staff, batch_id), header_form(staff, batch_id)
    theirs["description"] = "Theirs"
    theirs.submit(status=303)
    mine["warn_above"], mine["description"] = "15", "Mine"
    mine.submit(status=409)
    assert last_job(catalogue).task == "populate"


@ONE
def test_a_cancelled_header_edit_can_be_tried_again(
    app: Any, catalogue: Engine, staff: TestApp, batch_id: int
) -> None:
    form = header_form(staff, batch_id)
    form["warn_above"] = "15"
    form.submit(status=303)
    job = last_job(catalogue)
    request_cancel(services_of(app.registry).get(JobService).store, job, "staff")
    JobRun(services_of(app.registry), "me").run(job.id, job.dispatch)
    form_to(staff.get(f"/jobs/{job.id}"), "/retry").submit(status=303)
    assert run(app, catalogue).state == "done"
    assert one(catalogue, select(PriceChange)).warn_above == 15


@ONE
def test_a_worksheet_of_many_rows_is_made_by_a_job_and_taken_by_another(
    app: Any, catalogue: Engine, staff: TestApp, batch_id: int
) -> None:
    page = staff.get(f"{PATH}/{batch_id}/worksheet.xlsx")
    form_to(page, "/worksheet.xlsx").submit(status=303)
    job = run(app, catalogue)
    assert (job.state, job.message) == ("done", f"{job.subject} is ready, with 8 rows.")
    answer = staff.get(f"/jobs/{job.id}/file")
    assert answer.content_type.endswith("spreadsheetml.sheet")
    book = Book.read(answer.body)
    for row in range(1, 7):
        book[row, "New price"] = "9.00"
    form = form_to(staff.get(f"{PATH}/{batch_id}"), "/worksheets")
    form["file"] = Upload("sheet.xlsx", book.save())
    page = form.submit(status=303).follow()
    form = next(form for form in page.forms.values() if "seen" in form.fields)
    assert f"/jobs/{job.id + 1}/await" in form.submit(status=303).headers["Location"]
    ended = run(app, catalogue)
    assert ended.message == "Changed 6 cells in 6 rows from the worksheet."
    cheap = one(catalogue, select(func.count()).where(PriceChangeRow.new_price == 9))
    assert (cheap, last_words(catalogue)) == (6, "Changed 6 cells from the worksheet “sheet.xlsx”.")
