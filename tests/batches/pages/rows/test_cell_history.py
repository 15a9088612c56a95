"""The history of one cell."""

from __future__ import annotations

from tests.functional.harness import column_of, json_post, url_of
from webtest import TestApp


def test_a_cell_has_its_own_history(staff: TestApp, admin: TestApp, open_batch: int) -> None:
    for person, value, version in ((staff, "2.30", 1), (admin, "2.40", 2)):
        fields = {"field": "new_price", "value": value, "version": str(version)}
        json_post(person, url_of(open_batch, "rows", 1, "cell"), 200, fields)
    url = url_of(open_batch, "rows", 1, "cells", "new_price", "history")
    page = staff.get(url_of(open_batch, "rows", 1)).click("New price", href="/history$", index=0)
    assert page.request.path == url
    rows = page.html.select("tbody tr")
    assert [[cell.text.strip() for cell in row.select("td")][1:3] for row in rows] == [
        ["2.40", "admin"],
        ["2.30", "staff"],
    ]
    body = staff.get(url, headers={"Accept": "application/json"}).json
    assert (body["label"], body["text"]) == ("New price", "2.40")
    assert body["html"].count("<tr>") == 3
    assert "<html" not in body["html"]
    source = page.html.find(string=lambda text: "From the source:" in text)
    assert source is not None
    assert source.strip() == "From the source: 2.20"
    grid = staff.get(url_of(open_batch, "changes"))
    assert [column_of(grid, name) for name in ("From source", "Before", "After")] == [
        ["2.20", "2.20"],
        ["2.30", "2.20"],
        ["2.40", "2.30"],
    ]
    shown = staff.get(url_of(open_batch, "history")).html.select(".timeline table td")
    assert [cell.text.strip() for cell in shown][:4] == ["New price", "2.20", "2.30", "2.40"]
    assert "Nobody has changed this cell." in staff.get(
        url_of(open_batch, "rows", 2, "cells", "new_price", "history")
    )
    for field in ("old_price", "nothing"):
        staff.get(url_of(open_batch, "rows", 1, "cells", field, "history"), status=404)
    staff.get(url_of(open_batch, "rows", 99, "cells", "new_price", "history"), status=404)
