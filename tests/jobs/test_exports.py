"""Exports of many rows: offered on a page, made by a job, fetched by who asked."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine, func, select, update
from webtest import TestApp

from batchbook.catalog.loader import load
from batchbook.db.transactions import transaction_scope
from batchbook.jobs.dispatcher import Dispatcher
from batchbook.jobs.job_progress import request_cancel
from batchbook.jobs.job_run import JobRun
from batchbook.jobs.models import Job, JobFile, JobFileChunk
from batchbook.jobs.service import JobService
from batchbook.master.record_pages import BigExports
from batchbook.security.models import User
from batchbook.services import services_of

HEADER = "item_code,description,department,category,brand,size,vendor_code,price,on_hand\n"
PRODUCTS = HEADER + "".join(f"{n:09d},BREAD {n},BAKERY,BREAD,MILL,500 G,V1,{n}.00,5\n" for n in range(1, 31))
#: The products that are dearer than nine, which are 21, the dearest first.
MANY = "/products/export.{}?f.price.greater=9&sort=-price"

ONE = pytest.mark.parametrize("backend", ["sqlite"])


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    return {**settings, "batchbook.jobs": "workers", "batchbook.jobs.big_rows": "20"}


@pytest.fixture
def catalogue(app: Any, engine: Engine) -> Iterator[Engine]:
    services_of(app.registry).get(JobService).store.prepare()
    with transaction_scope(engine) as session:
        load(session, "catalog.csv", io.BytesIO(PRODUCTS.encode()), by="staff")
    yield engine
    services_of(app.registry).get(JobService).close()


def job_of(engine: Engine) -> Job:
    """Return the job that was asked for last."""
    with transaction_scope(engine, read_only=True) as session:
        return session.scalars(select(Job).order_by(Job.id.desc()).limit(1)).one()


def asked(app: Any, engine: Engine, browser: TestApp, url: str) -> Job:
    """Ask for a big export by the button of its page."""
    page = browser.get(url, status=200)
    assert page.content_type == "text/html"
    form = next(form for form in page.forms.values() if "/export." in form.action)
    answer = form.submit(status=303)
    job = job_of(engine)
    assert answer.headers["Location"].endswith(f"/jobs/{job.id}/await")
    return job


def run(app: Any, engine: Engine, job: Job) -> Job:
    """Have the job done by this process."""
    assert JobRun(services_of(app.registry), "me").run(job.id, job.dispatch)
    return job_of(engine)


def count(engine: Engine, model: Any) -> int:
    with transaction_scope(engine, read_only=True) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def records(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))


def test_a_big_export_is_offered_made_and_fetched(app: Any, catalogue: Engine, staff: TestApp) -> None:
    page = staff.get(MANY.format("csv"))
    assert "This export has 21 rows, so it is prepared in the background." in page.text
    assert count(catalogue, Job) == 0  # Nothing changes on GET.
    job = asked(app, catalogue, staff, MANY.format("csv"))
    assert (job.asked_by, job.exclusive, job.batch_id) == ("staff", False, None)
    ended = run(app, catalogue, job)
    assert (ended.state, ended.message) == ("done", f"{job.subject} is ready, with 21 rows.")
    shown = staff.get(f"/jobs/{job.id}")
    answer = shown.click("Download the file")
    assert answer.content_type == "text/csv"
    assert answer.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{job.subject}"
    assert [row["Item code"] for row in records(answer.body)] == [f"{n:09d}" for n in range(30, 9, -1)]


def test_links_to_files_do_not_have_a_page_saved_that_answers_in_their_place(
    catalogue: Engine, staff: TestApp
) -> None:
    links = staff.get("/products").html.select(".exports a")
    assert [link.get_text() for link in links] == ["CSV", "Excel", "Print"]
    assert not any(link.has_attr("download") for link in links)
    assert "attachment" not in staff.get(MANY.format("xlsx")).headers.get("Content-Disposition", "")


def test_an_export_of_an_older_version_is_made_and_fetched_too(
    app: Any, catalogue: Engine, staff: TestApp, client_of: Callable[[str], TestApp]
) -> None:
    job = asked(app, catalogue, staff, MANY.format("csv"))
    # Kept was the address of the page.
    query = "f.price.greater=9&sort=-price"
    address = {"route": "products.export", "match": {"format": "csv"}, "query": query}
    with transaction_scope(catalogue) as session:
        session.execute(update(Job).where(Job.id == job.id).values(arguments=address))
    assert run(app, catalogue, job_of(catalogue)).state == "done"
    file = staff.get(f"/jobs/{job.id}").click("Download the file")
    assert [row["Item code"] for row in records(file.body)] == [f"{n:09d}" for n in range(30, 9, -1)]
    client_of("admin").get(f"/jobs/{job.id}/file", status=403)


@ONE
def test_a_small_export_is_sent_at_once(catalogue: Engine, staff: TestApp) -> None:
    answer = staff.get("/products/export.csv?f.price.greater=10")
    assert answer.content_type == "text/csv"
    assert len(records(answer.body)) == 20


@ONE
def test_the_file_is_what_the_page_would_have_sent(
    app: Any, catalogue: Engine, staff: TestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = asked(app, catalogue, staff, MANY.format("csv"))
    run(app, catalogue, job)
    made = staff.get(f"/jobs/{job.id}/file").body
    services = services_of(app.registry)
    find = services.find
    monkeypatch.setattr(services, "find", lambda kind: None if kind is BigExports else find(kind))
    assert made == staff.get(MANY.format("csv")).body


@ONE
def test_a_workbook_is_made_as_well(app: Any, catalogue: Engine, staff: TestApp) -> None:
    job = asked(app, catalogue, staff, MANY.format("xlsx"))
    run(app, catalogue, job)
    file = io.BytesIO(staff.get(f"/jobs/{job.id}/file").body)
    assert CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).height == 22


@ONE
def test_the_filters_are_those_of_the_moment_of_asking(app: Any, catalogue: Engine, staff: TestApp) -> None:
    page = staff.get("/products?f.price.greater=9&sort=-price")
    remember = next(form for form in page.forms.values() if form.action.endswith("/products/view"))
    remember.submit(status=303)
    job = asked(app, catalogue, staff, "/products/export.csv")
    reset = next(form for form in page.forms.values() if form.action.endswith("/products/view"))
    reset.submit("reset", status=303)
    run(app, catalogue, job)
    assert len(records(staff.get(f"/jobs/{job.id}/file").body)) == 21


@ONE
def test_only_who_asked_can_fetch_it(
    app: Any, catalogue: Engine, staff: TestApp, client_of: Callable[[str], TestApp]
) -> None:
    job = asked(app, catalogue, staff, MANY.format("csv"))
    run(app, catalogue, job)
    admin = client_of("admin")
    assert "Download the file" not in admin.get(f"/jobs/{job.id}").text
    admin.get(f"/jobs/{job.id}/file", status=403)


@ONE
def test_who_may_not_see_it_any_more_cannot_fetch_it(app: Any, catalogue: Engine, staff: TestApp) -> None:
    job = asked(app, catalogue, staff, MANY.format("csv"))
    run(app, catalogue, job)
    take_roles(catalogue, "staff")
    staff.get(f"/jobs/{job.id}/file", status=403)


def take_roles(engine: Engine, name: str) -> None:
    with transaction_scope(engine) as session:
        session.scalars(select(User).where(User.name == name)).one().roles = []


@ONE
def test_permission_is_asked_again_when_the_job_runs(app: Any, catalogue: Engine, staff: TestApp) -> None:
    job = asked(app, catalogue, staff, MANY.format("csv"))
    take_roles(catalogue, "staff")
    ended = run(app, catalogue, job)
    assert (ended.state, ended.message) == (
        "failed",
        "staff may no longer see this. Nothing was done.",
    )
    assert count(catalogue, JobFile) == 0


@ONE
def test_who_was_switched_off_gets_nothing(app: Any, catalogue: Engine, staff: TestApp) -> None:
    job = asked(app, catalogue, staff, MANY.format("csv"))
    with transaction_scope(catalogue) as session:
        session.execute(update(User).where(User.name == "staff").values(active=False))
    ended = run(app, catalogue, job)
    assert ended.state == "failed"
    assert "staff may no longer sign in" in (ended.message or "")


class CancelsWhileRowsAreWritten:
    """Somebody who looks on and cancels at the first row; keeps what was reported."""

    def __init__(self, app: Any, job: Job) -> None:
        self.app, self.job = app, job
        self.seen: list[tuple[str, int, int | None]] = []

    def report(self, phase: str, done: int, total: int | None) -> None:
        self.seen.append((phase, done, total))
        if phase == "write rows":
            request_cancel(services_of(self.app.registry).get(JobService).store, self.job, "ada")


def test_an_export_can_be_cancelled(app: Any, catalogue: Engine, staff: TestApp) -> None:
    job = asked(app, catalogue, staff, MANY.format("csv"))
    watch = CancelsWhileRowsAreWritten(app, job)
    JobRun(services_of(app.registry), "me", watch=watch).run(job.id, job.dispatch)
    assert ("write rows", 0, 21) in watch.seen
    assert job_of(catalogue).state == "cancelled"
    assert count(catalogue, JobFile) == 0
    staff.get(f"/jobs/{job.id}/file", status=404)


@ONE
def test_a_cancelled_export_can_be_asked_for_again(app: Any, catalogue: Engine, staff: TestApp) -> None:
    job = asked(app, catalogue, staff, MANY.format("csv"))
    request_cancel(services_of(app.registry).get(JobService).store, job, "staff")
    JobRun(services_of(app.registry), "me").run(job.id, job.dispatch)
    page = staff.get(f"/jobs/{job.id}")
    next(form for form in page.forms.values() if form.action.endswith("/retry")).submit(status=303)
    again = job_of(catalogue)
    assert (again.retry_of, again.arguments) == (job.id, job.arguments)
    assert run(app, catalogue, again).state == "done"


class NoQueue:
    """Stands for the queue, which keeps nothing here."""

    def delete_finished(self, before: Any) -> None:
        """Have nothing to tidy."""


@pytest.mark.parametrize(("days", "left"), [(1, 1), (-1, 0)])
def test_files_go_with_their_jobs(
    app: Any, catalogue: Engine, staff: TestApp, monkeypatch: pytest.MonkeyPatch, days: int, left: int
) -> None:
    """As soon as a job was kept for as long as the settings said when it ended."""
    office = services_of(app.registry).get(JobService)
    monkeypatch.setattr(office, "settings", replace(office.settings, keep_days=days))
    run(app, catalogue, asked(app, catalogue, staff, MANY.format("csv")))
    assert count(catalogue, JobFileChunk) == 1
    dispatcher: Any = Dispatcher(services_of(app.registry), NoQueue(), None, set(), ())  # type: ignore[arg-type]
    dispatcher.clean_up()
    assert (count(catalogue, Job), count(catalogue, JobFile), count(catalogue, JobFileChunk)) == (
        left,
        left,
        left,
    )
