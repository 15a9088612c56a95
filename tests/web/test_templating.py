from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pyramid.response import Response
from sqlalchemy import Engine, Numeric, column
from tests.security.harness import WebHarness

from batchbook.grid import Column, Kind

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
