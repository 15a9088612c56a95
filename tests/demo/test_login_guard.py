"""Demo logins, whose passwords everybody knows, open no door outside development."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Engine, select
from webtest import TestApp

import batchbook
from batchbook import demo
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict
from batchbook.security.models import User
from batchbook.services import services_of


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    """Those of real use."""
    return settings | {
        "batchbook.development": "false",
        "batchbook.secret": "a secret of more than thirty-two characters",
    }


@pytest.fixture
def _demo_loaded(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        demo.load(session)


@pytest.mark.usefixtures("_demo_loaded")
def test_the_application_does_not_start_on_a_database_with_demo_logins(settings: dict[str, str]) -> None:
    with pytest.raises(Conflict, match="as staff and admin and auditor, with the password of the demo data"):
        batchbook.main({}, **settings)


@pytest.mark.usefixtures("_demo_loaded")
@pytest.mark.parametrize("backend", ["sqlite"])
def test_in_development_it_starts(settings: dict[str, str]) -> None:
    app = batchbook.main({}, **settings | {"batchbook.development": "true"})
    TestApp(app).get("/login", status=200)
    services_of(app.registry).get(Engine).dispose()


@pytest.mark.usefixtures("_demo_loaded")
def test_it_starts_when_the_logins_are_switched_off(engine: Engine, settings: dict[str, str]) -> None:
    with transaction_scope(engine) as session:
        assert demo.switch_off(session) == ["staff", "admin", "auditor"]
        assert demo.switch_off(session) == []
    with transaction_scope(engine, read_only=True) as session:
        assert {(user.active, user.password_hash) for user in session.scalars(select(User))} == {
            (False, None)
        }
    services_of(batchbook.main({}, **settings).registry).get(Engine).dispose()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_demo_data_is_wanted_in_development_only(settings: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=r"batchbook\.demo is true"):
        batchbook.main({}, **settings, **{"batchbook.demo": "true"})


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_database_that_does_not_answer_is_logged(
    settings: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        batchbook.main({}, **settings | {"sqlalchemy.url": f"sqlite:///{tmp_path}"})
    assert "not checked for demo logins" in caplog.text
