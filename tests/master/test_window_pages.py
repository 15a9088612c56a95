"""Rows of an index by their positions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete
from webtest import TestApp

from batchbook.db.transactions import transaction_scope

from .cakes import Cake, MasterHarness


def window(browser: TestApp, query: str) -> dict[str, Any]:
    found: dict[str, Any] = browser.get(f"/cakes/window?{query}").json
    return found


def test_an_index_answers_with_the_rows_at_positions(cakes: MasterHarness) -> None:
    sam = cakes.visitor("sam")
    found = window(sam, "first=1&count=5")
    assert (found["first"], found["total"], found["version"]) == (1, 3, None)
    assert [name in found["html"] for name in ("Apple pie", "Brownie", "Carrot cake")] == [False, True, True]
    again = window(sam, f"first=0&count=1&keys={found['keys']}")
    assert again["keys"] == found["keys"]
    assert "Apple pie" in again["html"]
    vegan = window(sam, f"f.vegan.is_true=&sort=-name&first=0&count=1&keys={found['keys']}")
    assert vegan["total"] == 2
    assert "Carrot cake" in vegan["html"]
    assert vegan["keys"] != found["keys"]


def test_a_record_that_is_gone_leaves_its_place_empty(cakes: MasterHarness) -> None:
    sam = cakes.visitor("sam")
    found = window(sam, "first=0&count=9")
    with transaction_scope(cakes.engine) as session:
        session.execute(delete(Cake).where(Cake.code == "B2"))
    kept = window(sam, f"first=0&count=9&keys={found['keys']}")
    assert (kept["total"], "Brownie" in kept["html"], "Carrot cake" in kept["html"]) == (3, False, True)


def test_only_those_who_may_see_the_index_get_its_rows(cakes: MasterHarness) -> None:
    assert cakes.visitor("kim", "bakers:view").get("/cakes/window?first=0&count=9", status=403)
