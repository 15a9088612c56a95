"""Reading pages of accounts and filling in their forms."""

from __future__ import annotations

import re
from typing import Any

from webtest import TestApp


def words(page: Any) -> str:
    return re.sub(r"\s+", " ", page.html.get_text(" ", strip=True))


def form_with(page: Any, field: str) -> Any:
    return next(form for form in page.forms.values() if field in form.fields)


def press(page: Any, action: str, status: int = 303) -> Any:
    """Press the button of the page's form that is sent to ``action``."""
    return next(form for form in page.forms.values() if form.action.endswith(action)).submit(status=status)


def post(browser: TestApp, path: str, status: int, **fields: str) -> Any:
    """Post what no button offers, with a good token."""
    token = browser.get("/users").html.find("input", {"name": "csrf_token"})["value"]
    return browser.post(path, {"csrf_token": token, **fields}, status=status)


def tick(form: Any, name: str, *values: str) -> None:
    """Check exactly these boxes."""
    for box in form.fields[name]:
        box.checked = box._value in values


GOOD = "a quiet blue harbour"


def boxes(form: Any) -> dict[str, Any]:
    return {box._value: box for box in form.fields["permissions"]}
