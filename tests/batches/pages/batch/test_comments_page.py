"""Comments on the pages of a batch, in its grid and on the start page."""

from __future__ import annotations

from tests.functional.harness import form_to, form_with, post, text_of, url_of
from webtest import TestApp


def comment(app: TestApp, batch: int, text: str, **fields: str) -> str:
    form = form_to(app.get(url_of(batch, "comments")), "/comments/add")
    for name, value in {"text": text, **fields}.items():
        form[name] = value
    return text_of(form.submit(status=303).follow())


def test_a_comment_on_a_cell_is_marked_in_the_grid_and_tells_whom_it_mentions(
    staff: TestApp, admin: TestApp, open_batch: int
) -> None:
    told = comment(admin, open_batch, "Is that right, @staff and @nobody?", sequence="2", field="new_price")
    assert "“staff” will see it on the start page." in told
    assert "Nobody was told by “@nobody”" in told
    page = staff.get("/")
    assert "Mentions 1" in text_of(page)
    assert "Is that right, @staff and @nobody?" in text_of(page)
    grid = staff.get(url_of(open_batch))
    marked = grid.html.select(".cell-commented")
    assert [(cell["data-field"], cell["title"]) for cell in marked] == [
        ("new_price", "admin commented: Is that right, @staff and @nobody?")
    ]
    assert "1 comment" in text_of(grid, ".page-lead")
    assert "New price in row 2" in text_of(grid, "#panel-comments")
    assert "Mentions you" in text_of(staff.get(url_of(open_batch, "rows/2")), "#panel-comments")
    form_to(staff.get(url_of(open_batch, "comments")), "/comments/seen").submit(status=303)
    assert "Mentions" not in text_of(staff.get("/"))
    assert "Commented on New price in row 2" in text_of(staff.get(url_of(open_batch, "history")))


def test_looking_marks_nothing_and_another_mention_stays(
    staff: TestApp, admin: TestApp, open_batch: int
) -> None:
    comment(admin, open_batch, "@staff one")
    form = form_to(staff.get("/"), "/comments/seen")
    comment(admin, open_batch, "@staff two")
    staff.get(url_of(open_batch, "comments"))
    assert "Mentions 2" in text_of(staff.get("/"))
    form.submit(status=303)
    assert "Mentions 1" in text_of(staff.get("/"))


def test_a_form_with_a_mistake_is_shown_again_with_its_text(staff: TestApp, open_batch: int) -> None:
    form = form_to(staff.get(url_of(open_batch, "comments")), "/comments/add")
    form["text"], form["sequence"] = "<b>bold</b>", "99"
    page = form.submit(status=422)
    assert "has no row 99" in text_of(page)
    assert form_with(page, "text")["text"].value == "<b>bold</b>"
    form["sequence"] = ""
    page = form.submit(status=303).follow()
    assert "<b>bold</b>" in text_of(page, "#panel-comments")
    assert not page.html.select(".comment-text b")


def test_whoever_sees_an_executed_batch_reads_its_comments_and_adds_none(
    staff: TestApp, admin: TestApp, auditor: TestApp, complete_batch: int
) -> None:
    comment(staff, complete_batch, "Agreed with the vendor.")
    auditor.get(url_of(complete_batch, "comments"), status=403)
    form_to(admin.get(url_of(complete_batch)), "/execute").submit(status=303)
    page = auditor.get(url_of(complete_batch, "comments"))
    assert "Agreed with the vendor." in text_of(page)
    assert not page.html.select("form[action$='/comments/add']")
    post(auditor, url_of(complete_batch, "comments/add"), 403, text="x")
    post(staff, url_of(complete_batch, "comments/add"), 409, text="x")
