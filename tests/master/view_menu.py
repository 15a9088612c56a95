"""The menu of saved views, as tests use it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import select

from batchbook.db.transactions import transaction_scope
from batchbook.security.models import Role

from .cakes import MasterHarness

CHEAP = "/cakes?f.price.less=6&sort=-price"


def query_of(page: Any) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(page.request.path_qs).query, keep_blank_values=True)


def form_with(page: Any, button: str) -> Any:
    return next(form for form in page.forms.values() if f'value="{button}"' in form.text)


def save(page: Any, name: str, **fields: str) -> Any:
    return press(page, "view-new", name=name, **fields)


def press(page: Any, button: str, status: int = 303, **fields: str) -> Any:
    form = form_with(page, button)
    for field, value in fields.items():
        form[field] = value
    answer = form.submit("do", value=button, status=status)
    return answer.follow() if status == 303 else answer


def menu(page: Any) -> list[str]:
    return [item.get_text(" ", strip=True) for item in page.html.select(".views-list > li")]


def title(page: Any) -> str:
    return str(page.html.select_one(".views > summary").get_text(" ", strip=True))


def role_of(harness: MasterHarness, user: str) -> str:
    with transaction_scope(harness.engine, read_only=True) as session:
        return str(session.scalars(select(Role.id).where(Role.name == f"role-{user}")).one())
