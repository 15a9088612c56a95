from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pyramid.response import Response
from sqlalchemy import Engine, Numeric, column
from tests.security.harness import WebHarness

from batchbook.grid import Column, Kind
from batchbook.services import services_of
from batchbook.web.templating import content_version

TEMPLATE = """
{{ csrf_input(request) }}|{{ csrf_token(request) }}|{{ flash_messages(request) | length }}|{{ 1234 | number }}|
{{ size | bytesize }}|{{ when | moment }}|{{ price | value_html(5000) }}|{{ price | value_html("<i>") }}|
{{ 1 | counted("row") }}, {{ 2 | noun("row") }}|{{ "<b>" }}
"""


def test_templates_have_the_globals_and_filters(tables: Engine) -> None:
    harness = WebHarness(tables, **{"batchbook.timezone": "Asia/Tokyo"})
    price = Column("price", "Price", column("price", Numeric(12, 2)), Kind.DECIMAL, scale=2)
    values = {"size": 1500, "when": datetime(2026, 1, 1, 20, tzinfo=UTC), "price": price}

    def page(request: Any) -> Response:
        template = harness.config.get_jinja2_environment().from_string(TEMPLATE)
        return Response(template.render(request=request, **values))

    harness.page("/page", page)
    parts = [part.strip() for part in harness.visitor().get("/page").text.split("|")]
    token = parts[1]
    assert len(token) == 64
    assert parts[0] == f'<input type="hidden" name="csrf_token" value="{token}">'
    assert parts[2:5] == ["0", "1,234", "1.5 kB"]
    assert ">2026-01-02 05:00</time>" in parts[5]
    assert parts[6] == "5,000.00"
    assert parts[7] == "“&lt;i&gt;” (not readable)"
    assert parts[8:] == ["1 row, rows", "&lt;b&gt;"]
    assert Decimal(parts[6].replace(",", "")) == 5000


def _stylesheet(harness: WebHarness) -> str:
    return str(harness.visitor().get("/login").html.find("link", rel="stylesheet")["href"])


def test_files_are_kept_for_a_year_under_an_address_of_their_content(harness: WebHarness) -> None:
    path = _stylesheet(harness)
    assert re.fullmatch(r"/static/[0-9a-f]{12}/css/batchbook\.css", path)
    answer = harness.visitor().get(path)
    assert answer.content_type == "text/css"
    assert answer.headers["Cache-Control"] == "max-age=31536000"


def test_in_development_nothing_is_kept(tables: Engine) -> None:
    harness = WebHarness(tables, **{"batchbook.development": "true"})
    path = _stylesheet(harness)
    assert path == "/static/development/css/batchbook.css"
    assert harness.visitor().get(path).headers["Cache-Control"] == "no-store"


def test_static_files_ask_the_database_nothing(harness: WebHarness, tmp_path: Path) -> None:
    browser = harness.signed_in("anna")
    path = _stylesheet(harness)
    services_of(harness.config.registry).add(Engine, None)
    browser.get(path)


def test_nothing_outside_is_served(harness: WebHarness) -> None:
    folder = _stylesheet(harness).rsplit("/", 2)[0]
    for path in ("../errors.py", "%2e%2e/errors.py", "..%2ferrors.py", "css/../../errors.py", "css"):
        assert harness.visitor().get(f"{folder}/{path}", status="*").status_int in (301, 404)


def test_the_version_changes_with_any_content_name_or_place(tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    file = tmp_path / "css" / "a.css"
    file.write_text("one")
    versions = [content_version(tmp_path)]
    file.write_text("two")
    versions.append(content_version(tmp_path))
    file = file.rename(tmp_path / "css" / "b.css")
    versions.append(content_version(tmp_path))
    file.rename(tmp_path / "b.css")
    versions.append(content_version(tmp_path))
    assert len(set(versions)) == 4
    (tmp_path / "__init__.py").write_text("")
    assert content_version(tmp_path) == versions[-1]
