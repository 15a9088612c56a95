from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import Engine
from tests.security.harness import WebHarness

from batchbook.services import services_of
from batchbook.web.routes import content_version


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
