from __future__ import annotations

from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from webtest import TestApp

import batchbook


def test_the_application_answers(client: TestApp) -> None:
    assert "Sign in to Batchbook" in client.get("/login").text
    assert client.get("/", status=303).location == "http://localhost/login?next=%2F"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_settings_that_cannot_be_used_stop_the_start(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"batchbook\.session_hours"):
        batchbook.main({}, **settings | {"batchbook.session_hours": "never"})
