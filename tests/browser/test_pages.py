"""The pages in a browser: filters, forms that are sent once, every page without JavaScript, and for every eye."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, Request, expect
from tests.batches.sheets import Book
from tests.functional.harness import (
    PATH,
    PRICE_LIST,
    CatalogueDatabase,
    form_to,
    form_with,
    number_in,
    post,
    upload,
    url_of,
)
from webtest import TestApp, Upload

from .eyes import SIDEWAYS, problems_now, problems_of
from .visits import Visits, confirm


def test_filters_are_put_together_without_a_reload(
    staff_page: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    page = staff_page
    page.goto(url_of(open_batch))
    asked: list[Request] = []
    page.wait_for_load_state("networkidle")
    page.on("request", lambda request: asked.append(request))
    page.locator("summary", has_text="Filter").click()
    first = page.get_by_role("group", name="Filter 1")
    first.get_by_label("Column").select_option("Description")
    expect(first.get_by_label("Condition").locator("option", has_text="contains").first).to_be_attached()
    expect(first.get_by_label("Condition").locator("option", has_text="greater")).to_have_count(0)
    first.get_by_label("Condition").select_option("contains")
    first.get_by_label("Value 1").fill("bread")
    page.get_by_role("button", name="Add filter").click()
    second = page.get_by_role("group", name="Filter 2")
    second.get_by_label("Column").select_option("New price")
    second.get_by_label("Condition").select_option("greater")
    second.get_by_label("Value 1").fill("2.50")
    assert asked == []
    page.get_by_role("button", name="Apply", exact=True).last.click()
    expect(page.locator("table.grid tbody tr")).to_have_count(1)
    expect(page.locator("table.grid tbody")).to_contain_text("WHEAT BREAD")
    expect(page.locator(".chips .chip")).to_have_count(2)


def test_a_double_click_on_execute_executes_once(
    visits: Visits, catalogue: CatalogueDatabase, complete_batch: int
) -> None:
    page = visits.sign_in("admin")
    page.goto(url_of(complete_batch))
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    confirm(page)
    page.get_by_role("button", name="Execute").dblclick()
    expect(page.locator(".flashes")).to_contain_text("3 prices changed, 1 unchanged, 4 rows left out.")
    assert len([url for url in posts if url.endswith("/execute")]) == 1
    assert len(catalogue.price_history()) == 3
    expect(page.get_by_role("button", name="Execute")).to_have_count(0)


def test_all_of_the_main_job_works_without_javascript(
    visits: Visits, catalogue: CatalogueDatabase, tmp_path: Path
) -> None:
    price_list = tmp_path / "list.csv"
    price_list.write_text(PRICE_LIST)
    page = visits.sign_in("staff", java_script_enabled=False)
    page.get_by_role("link", name="New price change").first.click()
    page.get_by_label("File").set_input_files(price_list)
    page.get_by_role("button", name="Create batch").click()
    expect(page.locator("table.grid tbody tr")).to_have_count(8)
    batch_url = page.url
    # A cell is a link to the row's form.
    page.locator("td[data-field=new_price] a", has_text="cheap").click()
    page.get_by_label("New price").fill("1.05")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".flashes")).to_contain_text("Changed New price in row 8.")
    page.goto(f"{batch_url}?view=default")
    page.locator("summary", has_text="Filter").click()
    filters = page.get_by_role("group", name="Filter 1")
    filters.get_by_label("Column").select_option("Item code")
    filters.get_by_label("Condition").select_option("equal")
    filters.get_by_label("Value 1").fill("000000099")
    page.get_by_role("button", name="Apply", exact=True).last.click()
    expect(page.locator("table.grid tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Mark complete").click()
    page = visits.sign_in("admin", java_script_enabled=False)
    page.goto(batch_url)
    confirm(page)
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".flashes")).to_contain_text("4 prices changed")
    assert catalogue.prices()["000000099"] == Decimal("1.05")


def test_a_count_shows_its_rows_and_the_back_button_goes_back(
    staff_page: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    staff_page.goto(url_of(open_batch))
    staff_page.locator("#breakdown").get_by_role("link", name="Duplicate in list").click()
    expect(staff_page.locator("table.grid tbody tr")).to_have_count(2)
    staff_page.go_back()
    expect(staff_page.locator("table.grid tbody tr")).to_have_count(8)


def test_every_page_is_for_every_eye_at_every_width(
    visits: Visits, catalogue: CatalogueDatabase, staff: TestApp, in_state: Callable[[str], int]
) -> None:
    new, open_batch, complete, executed = map(in_state, ("new", "open", "complete", "executed"))
    nobody, admin = visits.open(), visits.sign_in("admin")
    pages = [
        (nobody, "/login"),
        (admin, "/"),
        (admin, "/batches"),
        (admin, PATH),
        (admin, url_of(new)),
        (admin, url_of(new, "intake")),
        (admin, url_of(new, "mapping")),
        (admin, url_of(open_batch)),
        *((admin, f"{url_of(open_batch)}?panel={name}") for name in ("details", "history", "files")),
        (admin, "/products"),
        (admin, url_of(open_batch, "history")),
        (admin, f"{url_of(open_batch)}?f.new_price.greater=1&f.description.contains=bread"),
        (admin, url_of(complete)),
        (admin, url_of(executed)),
        (admin, url_of(open_batch, "rows", 8)),
        (admin, url_of(open_batch, "problems")),
        (admin, f"{url_of(open_batch, 'problems', 'fix')}?field=new_price&text=cheap&with=1"),
        (admin, _compared(staff, open_batch)),
        (admin, url_of(open_batch, "edit")),
        (admin, f"{PATH}/new"),
        (admin, "/nothing"),
    ]
    found = [problem for page, path in pages for problem in problems_of(page, path)]
    assert found == []


def _compared(staff: TestApp, number: int) -> str:
    """Return the path of a page with differences of every kind between a worksheet and a batch."""
    book = Book.read(staff.get(url_of(number, "worksheet.xlsx")).body)
    book[1, "New price"], book[2, "New price"], book[3, "New price"] = "2.21", "dear", "2.71"
    book[4, "Description"] = "changed where it is grey"
    post(staff, url_of(number, "rows", 3, "edit"), item_code="000000012", new_price="2.72", version="1")
    form = form_to(staff.get(url_of(number)), "/worksheets")
    form["file"] = Upload("sheet.xlsx", book.save())
    return urlsplit(form.submit(status=303).headers["Location"]).path


def test_a_form_with_unsaved_text_asks_before_it_is_left(staff_page: Page, open_batch: int) -> None:
    page = staff_page
    page.goto(url_of(open_batch, "rows", 1))
    price = page.locator("#field-new_price")
    stored = price.input_value()
    assert not asks(page)
    price.press_sequentially("7")
    assert asks(page)
    price.fill(stored)
    assert not asks(page)
    price.fill("cheap")
    with page.expect_event("dialog") as asked:
        page.evaluate("setTimeout(() => location.assign('/'))")
    asked.value.dismiss()
    page.get_by_role("button", name="Save", exact=True).click()  # A form that is sent is not left.
    page.locator(".field-error").first.wait_for()
    page.wait_for_load_state()  # Modules run after the page can be seen.
    assert price.input_value() == "cheap"
    assert asks(page)  # What came back with a problem is not saved either.


def test_a_filter_or_a_search_is_no_unsaved_text(staff_page: Page, open_batch: int) -> None:
    for path in (url_of(open_batch), "/products"):
        staff_page.goto(path)
        staff_page.locator("summary", has_text="Filter").click()
        filters = staff_page.get_by_role("group", name="Filter 1")
        filters.get_by_label("Column").select_option("Description")
        filters.get_by_label("Value 1").fill("bread")
        assert not asks(staff_page)


def asks(page: Page) -> bool:
    """Tell whether the page would be left with a question only."""
    return bool(page.evaluate("() => !dispatchEvent(new Event('beforeunload', {cancelable: true}))"))


def test_who_was_signed_out_while_writing_signs_in_and_sends_what_was_typed(
    staff_page: Page, visits: Visits, open_batch: int, catalogue: CatalogueDatabase
) -> None:
    staff_page.goto(f"{url_of(open_batch)}/edit")
    staff_page.get_by_label("Description").fill("Prices for “autumn”")
    sign_out_elsewhere(staff_page)
    staff_page.get_by_role("button", name="Save").click()
    sign_in_again(staff_page, visits)
    assert problems_now(staff_page) == []
    staff_page.get_by_role("button", name="Send again").click()
    staff_page.wait_for_url(f"**{url_of(open_batch)}")
    assert catalogue.batch(open_batch).description == "Prices for “autumn”"


def test_the_way_back_from_an_error_leads_to_what_was_typed(staff_page: Page, open_batch: int) -> None:
    staff_page.goto(url_of(open_batch, "edit"))
    staff_page.get_by_label("Notes").fill("a long note")
    staff_page.evaluate("document.querySelector('form [name=version]').value = 'none'")
    staff_page.get_by_role("button", name="Save").click()
    expect(staff_page.locator(".kept-form")).to_contain_text("What you typed")
    assert problems_now(staff_page) == []
    staff_page.get_by_role("link", name="Go back").click()
    expect(staff_page.get_by_label("Notes")).to_have_value("a long note")


def test_a_long_pasted_table_is_not_lost_by_being_signed_out(
    staff_page: Page, visits: Visits, catalogue: CatalogueDatabase
) -> None:
    table = "item_code\tdescription\tsize\tprice\n" + "".join(
        f"0000{n:05}\tLoaf\t500 G\t1.50\n" for n in range(4_000)
    )
    staff_page.goto(f"{PATH}/new")
    staff_page.get_by_label("Description").fill("Prices of the bakery")
    staff_page.get_by_label("Vendor").first.fill("V1")
    staff_page.locator("#field-pasted").evaluate("(field, text) => (field.value = text)", table)
    sign_out_elsewhere(staff_page)
    staff_page.get_by_role("button", name="Create batch").click()
    sign_in_again(staff_page, visits)
    staff_page.get_by_role("button", name="Send again").click()
    staff_page.wait_for_url(re.compile(rf"{PATH}/\d+"))
    number = int(re.findall(r"\d+", urlsplit(staff_page.url).path)[0])
    batch = catalogue.batch(number)
    assert (batch.description, batch.row_count) == ("Prices of the bakery", 4_000)


def sign_out_elsewhere(page: Page) -> None:
    other = page.context.new_page()
    other.goto("/")
    other.locator(".user-menu summary").click()
    other.get_by_role("button", name="Sign out").click()
    other.get_by_label("User name").wait_for()


def sign_in_again(page: Page, visits: Visits) -> None:
    page.get_by_label("User name").fill("staff")
    page.get_by_label("Password").fill(visits.passwords["staff"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Send again").wait_for()


def test_all_rows_are_printed_with_a_heading_on_each_sheet_and_no_controls(
    staff_page: Page, staff: TestApp
) -> None:
    rows = "".join(f"0000{n:05},LOAF {n},500 G,1.50\n" for n in range(600))
    staff_page.goto(url_of(number_in(upload(staff, f"item_code,description,size,price\n{rows}"))))
    staff_page.locator("summary", has_text="File").first.click()
    staff_page.get_by_role("link", name="Print", exact=True).click()
    expect(staff_page.locator(".print-table tbody tr")).to_have_count(600)
    assert problems_now(staff_page) == []
    sheets = re.findall(rb"/Type\s*/Page\b", staff_page.pdf(prefer_css_page_size=True))
    assert 15 <= len(sheets) <= 40
    staff_page.emulate_media(media="print")
    # Browsers repeat the head of a table on each sheet.
    expect(staff_page.locator("thead .print-head")).to_be_visible()
    assert (
        staff_page.locator("thead").evaluate("(one) => getComputedStyle(one).display") == "table-header-group"
    )
    assert staff_page.locator(":is(a, button, summary, input, h1):visible").count() == 0


def test_long_words_break(staff_page: Page, staff: TestApp, admin: TestApp) -> None:
    word = ("Springpricesofallsuppliersfinal" * 7)[:200]
    long_list = PRICE_LIST.replace("RYE BREAD", word).replace("cheap", word)
    post(admin, "/vendors/new", code="V1", name="Bakery")
    number = number_in(upload(staff, long_list, f"{word}.csv", description=word, vendor_code="V1"))
    asked = number_in(upload(staff, long_list.replace("item_code", word), description=word))
    post(admin, "/vendors/new", code=word[:20], name=word[:100])
    page = staff_page
    of_batch = [url_of(number, *parts) for parts in ((), ("history",), ("problems",), ("duplicates",), ("delete",),
                ("rows", 1), ("rows", 8), ("rows", 1, "file"), ("edit",), ("rows.print",))]  # fmt: skip
    lists = ("/", PATH, "/batches", "/vendors", "/products", f"/{word}")
    wide = []
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        for path in (*lists, *of_batch, url_of(asked, "intake"), url_of(asked, "mapping")):
            page.goto(path)
            if page.evaluate(SIDEWAYS):
                wide.append((width, path))
        page.goto(url_of(number, "edit"))
        post(
            staff, url_of(number, "edit"), description=f"{word[4:]}{width}", version=version_of(staff, number)
        )
        page.get_by_label("Description").fill(f"{word[8:]}mine{width}")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("heading", name="Two versions").wait_for()
        page.wait_for_load_state()  # Without its stylesheet a page is wider.
        if page.evaluate(SIDEWAYS):
            wide.append((width, "a conflict"))
        page.get_by_role("button", name="Save").click()
    assert wide == []


def version_of(staff: TestApp, number: int) -> str:
    return form_with(staff.get(url_of(number, "edit")), "description")["version"].value
