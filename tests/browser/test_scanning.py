"""Scanning in a browser: each code is entered once, in its order, whatever the network does, and people see, hear and undo it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from threading import Event
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select
from tests.functional.harness import PRICE_LIST, CatalogueDatabase, number_in, upload, url_of
from webtest import TestApp

from batchbook.batches import QuickEntry
from batchbook.catalog.models import Product
from batchbook.types.price_change.handler import PriceChangeHandler
from batchbook.types.price_change.models import PriceChangeRow

from .eyes import problems_now
from .grid_page import cell, change
from .serving import serving
from .visits import Visits

#: Scans add 1 to the prices of a price list.
ENTRY = QuickEntry(
    label="Scan or type a code",
    find=(Product.item_code,),
    key="item_code",
    adds="new_price",
    unknown=True,
    named_by=("item_code",),
)


class Away:
    """A WSGI application that does not answer for a while, or whose answers to scans are lost."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.is_away = self.loses_answers = False
        self.open = Event()
        self.open.set()
        self.scans = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not environ["PATH_INFO"].endswith("/enter"):
            answer: Iterable[bytes] = self.app(environ, start_response)
            return answer
        self.scans += 1
        assert self.open.wait(60)
        # A flag may change while the application answers.
        is_away, loses_answer = self.is_away, self.loses_answers
        if not is_away:
            answer = self.app(environ, _unheard if loses_answer else start_response)
        if is_away or loses_answer:
            start_response("502 Bad Gateway", [("Content-Type", "text/html")])
            return [b"<h1>Bad gateway</h1>"]
        return answer


def _unheard(*_arguments: Any) -> None:
    """Take the beginning of an answer that is not sent."""


@pytest.fixture
def away(app: Any) -> Away:
    """The application behind a network that fails."""
    return Away(app)


@pytest.fixture
def address(away: Away) -> Iterator[str]:
    """The address at which it is served."""
    with serving(away) as address:
        yield address
        away.open.set()


@pytest.fixture(autouse=True)
def scanning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Price changes have quick entry."""
    monkeypatch.setattr(PriceChangeHandler, "quick_entry", ENTRY)


@pytest.fixture
def page(staff_page: Page, open_batch: int) -> Page:
    """The page of an open batch with eight rows."""
    staff_page.goto(url_of(open_batch))
    return staff_page


def box(page: Page) -> Locator:
    return page.get_by_label(ENTRY.label)


def log(page: Page) -> Locator:
    return page.locator(".scan-log")


def scan(page: Page, *codes: str) -> None:
    for code in codes:
        page.keyboard.type(code)
        page.keyboard.press("Enter")


#: Scans codes and takes the last one back, faster than any of them could be sent again.
SCAN_AND_TAKE_BACK = """(box, codes) => {
    const press = (key, ctrlKey) => box.dispatchEvent(new KeyboardEvent("keydown", { key, ctrlKey, bubbles: true }));
    for (const code of codes) {
        box.value = code;
        press("Enter", false);
    }
    press("z", true);
}"""


def prices(catalogue: CatalogueDatabase, number: int) -> dict[str, int]:
    """Return how often each item was scanned."""
    wanted = select(PriceChangeRow.item_code, PriceChangeRow.new_price).where(
        PriceChangeRow.batch_id == number
    )
    with catalogue.engine.connect() as connection:
        return {row.item_code: int(row.new_price or 0) for row in connection.execute(wanted)}


def test_a_scan_is_told_and_shown_and_the_next_one_can_follow(
    page: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    expect(box(page)).to_be_focused()
    scan(page, "000000011")
    expect(log(page).locator("li").first).to_contain_text("Row 1: 2.20 + 1 = 3.20 000000011")
    expect(box(page)).to_be_focused()
    expect(box(page)).to_have_value("")
    expect(page.locator("scan-box")).to_have_attribute("data-outcome", "success")
    expect(cell(page, 1)).to_contain_text("3.20")
    expect(page.locator("#announcer")).to_have_text("Row 1: 2.20 + 1 = 3.20 000000011")
    scan(page, "3*77")
    expect(log(page).locator("li").first).to_contain_text("Row 9, new: 3.00 77 (Not in catalogue)")
    expect(page.locator("scan-box")).to_have_attribute("data-outcome", "warning")
    expect(cell(page, 9)).to_contain_text("3.00")
    expect(cell(page, 9)).to_be_in_viewport()
    assert catalogue.batch(open_batch).row_count == 9


def test_what_is_refused_stays_until_it_is_dismissed(page: Page) -> None:
    scan(page, "4006381333932", "000000099")
    refused = log(page).locator("[data-refused]")
    expect(refused).to_have_count(2)
    expect(log(page)).to_contain_text("The check digit of “4006381333932” is wrong: it should end in 1.")
    expect(page.locator("scan-box")).to_have_attribute("data-outcome", "error")
    page.reload()
    expect(refused).to_have_count(2)
    page.get_by_role("button", name="Dismiss 4006381333932").click()
    expect(refused).to_have_count(1)
    expect(box(page)).to_be_focused()
    page.reload()
    expect(refused).to_have_count(1)


def test_the_last_scans_are_taken_back_by_a_key_and_by_a_button(
    page: Page, away: Away, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    back = page.get_by_role("button", name="Take back")
    expect(back).to_be_disabled()
    scan(page, "000000011", "000000011")
    expect(cell(page, 1)).to_contain_text("4.20")
    page.keyboard.press("Control+z")
    expect(log(page).locator("li").first).to_contain_text("Undid: Changed New price in row 1 by quick entry")
    expect(cell(page, 1)).to_contain_text("3.20")
    # What is typed is not taken for it.
    page.keyboard.type("12")
    page.keyboard.press("Control+z")
    box(page).fill("")
    back.click()
    expect(cell(page, 1)).to_contain_text("2.20")
    expect(back).to_be_disabled()
    # One that was not sent is not sent at all.
    away.open.clear()
    box(page).evaluate(SCAN_AND_TAKE_BACK, ["000000012", "000000013"])
    expect(log(page).locator("li").first).to_contain_text("“000000013” was taken back before it was sent.")
    away.open.set()
    expect(cell(page, 3)).to_contain_text("3.70")
    assert str(catalogue.row(open_batch, 4).new_price) == "0.50"


def test_a_scan_that_somebody_changed_since_is_not_taken_back(
    page: Page, admin: TestApp, open_batch: int
) -> None:
    scan(page, "000000011")
    expect(cell(page, 1)).to_contain_text("3.20")
    change(admin, open_batch, 1, "5.00", 2)
    page.keyboard.press("Control+z")
    expect(log(page).locator("li").first).to_contain_text("New price in row 1 was changed by admin since.")
    expect(cell(page, 1)).to_contain_text("5.00")


def test_a_batch_without_rows_gets_its_grid_by_the_first_scan(
    staff_page: Page, staff: TestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PriceChangeHandler, "populate", lambda _handler, _batch: ())
    staff_page.goto(url_of(number_in(upload(staff, PRICE_LIST, description="Shelf 5"))))
    expect(box(staff_page)).to_be_focused()
    scan(staff_page, "000000011", "000000012", "000000011", "77")
    expect(cell(staff_page, 1)).to_contain_text("2.00")
    expect(cell(staff_page, 3)).to_contain_text("1.00")
    expect(box(staff_page)).to_be_focused()
    expect(log(staff_page).locator("li")).to_have_count(4)
    # It is a grid like any.
    cell(staff_page, 2).focus()
    staff_page.keyboard.type("5\n")
    expect(cell(staff_page, 2)).to_contain_text("5.00")


def test_a_figure_that_is_typed_nowhere_goes_into_the_box_and_tab_may_end_a_code(page: Page) -> None:
    page.locator("h1").click()
    page.keyboard.type("000000011")
    page.keyboard.press("Tab")
    expect(log(page).locator("li").first).to_contain_text("Row 1: 2.20 + 1 = 3.20")
    expect(box(page)).to_be_focused()
    page.keyboard.type("0")
    time.sleep(0.3)
    page.keyboard.press("Tab")  # By a person.
    expect(box(page)).not_to_be_focused()


def test_sounds_tell_what_became_of_a_scan_and_stay_off_once_they_are(page: Page) -> None:
    page.add_init_script(
        "window.tones = []; const make = AudioContext.prototype.createOscillator;"
        "AudioContext.prototype.createOscillator = function () {"
        "  const tone = make.call(this); window.tones.push(tone.frequency); return tone; }"
    )
    page.reload()
    heard = "window.tones.splice(0).map((pitch) => Math.round(pitch.value))"
    for code, tones in (("000000011", [1318]), ("77", [880, 587]), ("4006381333932", [196, 196])):
        scan(page, code)
        expect(log(page).locator("li", has_text=code).first).to_be_visible()
        assert page.evaluate(heard) == tones
    sound = page.get_by_role("button", name="Sound")
    expect(sound).to_have_attribute("aria-pressed", "true")
    sound.click()
    page.reload()
    expect(sound).to_have_attribute("aria-pressed", "false")
    scan(page, "000000012")
    expect(log(page)).to_contain_text("Row 3: 2.70 + 1 = 3.70")
    assert page.evaluate(heard) == []


# --- Networks that fail ------------------------------------------------------------------------------------------------


def test_what_is_scanned_while_the_server_is_away_waits_and_is_entered_once(
    page: Page, away: Away, visits: Visits, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    away.is_away = True
    scan(page, "000000011", "000000012", "000000011")
    state = page.locator(".scan-state")
    expect(state).to_contain_text("The server does not answer. Go on: 3 scans are kept in this browser")
    expect(page.locator("#announcer")).to_contain_text("The server does not answer.")
    assert asks(page)
    # A form waits for them as well.
    away.is_away, away.loses_answers = False, True
    before = away.scans
    # They were stored, and are sent again and again.
    deadline = time.monotonic() + 20
    while away.scans < before + 2 and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    assert away.scans >= before + 2
    away.loses_answers = False
    expect(state).to_be_hidden()
    expect(cell(page, 1)).to_contain_text("4.20")
    expect(cell(page, 3)).to_contain_text("3.70")
    assert not asks(page)
    assert all("502" in visits.complaints.pop() for _ in list(visits.complaints))


def test_another_tab_goes_on_with_what_is_left(
    page: Page, away: Away, visits: Visits, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    away.is_away = True
    scan(page, *["000000011"] * 5)
    other = page.context.new_page()
    other.goto(url_of(open_batch))
    expect(other.locator(".scan-state")).to_contain_text("5 scans")
    page.close(run_before_unload=False)
    away.is_away = False
    expect(cell(other, 1)).to_contain_text("7.20")
    expect(log(other).locator("li").first).to_contain_text("6.20 + 1 = 7.20")
    visits.complaints.clear()


def test_two_tabs_enter_each_scan_once(page: Page, catalogue: CatalogueDatabase, open_batch: int) -> None:
    other = page.context.new_page()
    other.goto(url_of(open_batch))
    for _ in range(5):
        for tab in (page, other):
            tab.bring_to_front()
            box(tab).focus()
            scan(tab, "000000011", "000000012")
    for tab in (page, other):
        tab.bring_to_front()
        expect(cell(tab, 1)).to_contain_text("12.20")
        expect(cell(tab, 3)).to_contain_text("12.70")


def test_nobody_enters_the_scans_of_somebody_else(
    page: Page, away: Away, visits: Visits, open_batch: int
) -> None:
    away.is_away = True
    scan(page, "000000011")
    expect(page.locator(".scan-state")).to_contain_text("1 scan is kept")
    names = page.evaluate("Object.keys(localStorage)")
    assert [name.split()[:2] for name in names if "scan " in name] == [["batchbook.scan", "staff"]]
    visits.complaints.clear()


def asks(page: Page) -> bool:
    """Tell whether the page would be left with a question only."""
    left = "() => !dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    return bool(page.evaluate(left))


# --- Three hundred -----------------------------------------------------------------------------------------------------

SCANS, A_SECOND = 300, 10


class Server:
    """The application, served at one address, that can be stopped and started again."""

    def __init__(self, app: Any) -> None:
        self._app, self._port, self._running = app, 0, ExitStack()

    def start(self) -> str:
        address = self._running.enter_context(serving(self._app, port=self._port))
        self._port = int(address.rpartition(":")[2])
        return address

    def stop(self) -> None:
        self._running.close()


def test_three_hundred_codes_at_ten_a_second_while_the_server_is_stopped_for_five(
    app: Any, browser: Browser, users: dict[str, str], staff: TestApp, catalogue: CatalogueDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(PriceChangeHandler, "populate", lambda _handler, _batch: ())
    number = number_in(upload(staff, PRICE_LIST, description="Shelf 5"))
    codes = [str(7 * n * n % 45 + 100) for n in range(SCANS)]
    server = Server(app)
    with ExitStack() as contexts:
        contexts.callback(server.stop)
        page = Visits(browser, server.start(), users, contexts).sign_in("staff")
        page.goto(url_of(number))
        expect(box(page)).to_be_focused()
        begin = time.monotonic()
        events = {SCANS // 3: server.stop, SCANS // 3 + 5 * A_SECOND: server.start}
        for place, code in enumerate(codes):
            if place in events:
                events[place]()
            scan(page, code)
            time.sleep(max(0.0, begin + (place + 1) / A_SECOND - time.monotonic()))
        expect(page.locator(".scan-state")).to_be_hidden(timeout=30_000)
        expect(box(page)).to_be_focused()
        # Asked again and again from here: Playwright's own waiting evaluates text in the page, which its policy refuses.
        deadline = time.monotonic() + 10
        kept = "Object.keys(localStorage).some((name) => name.startsWith('batchbook.scan '))"
        while page.evaluate(kept) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not page.evaluate(kept)
    assert prices(catalogue, number) == Counter(codes)


# --- For every eye, and without scripts --------------------------------------------------------------------------------


def test_the_box_is_told_to_every_eye(page: Page, away: Away, visits: Visits) -> None:
    scan(page, "000000011", "77", "4006381333932")
    expect(log(page).locator("li")).to_have_count(3)
    found = problems_now(page)
    away.is_away = True
    scan(page, "000000012")
    expect(page.locator(".scan-state")).to_be_visible()
    found += problems_now(page)
    visits.complaints.clear()
    assert found == [], "\n".join(found)


def test_without_scripts_a_code_is_entered_by_the_form(visits: Visits, open_batch: int) -> None:
    page = visits.sign_in("staff", java_script_enabled=False)
    page.goto(url_of(open_batch))
    box(page).fill("000000011")
    box(page).press("Enter")
    expect(page.locator(".flashes")).to_contain_text("Row 1: 2.20 + 1 = 3.20 000000011.")
