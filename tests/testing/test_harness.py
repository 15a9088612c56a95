"""The harness of the kit: applications that are used again, and its actions on a batch."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import select

from batchbook.batches import Action
from batchbook.catalog.models import Product
from batchbook.db import utc_now
from batchbook.errors import Conflict
from batchbook.jobs import JobService
from batchbook.services import services_of
from batchbook.testing.databases import Databases
from batchbook.testing.harness import application
from batchbook.types.price_change.handler import PriceChangeHandler

from .broken_types import Kit, broken


def test_an_application_of_the_same_settings_is_used_again_with_the_database_of_each(
    settings: dict[str, str], databases: Databases, backend: str
) -> None:
    with application(settings) as one:
        services = services_of(one.registry)
        engine = services.get(sqlalchemy.Engine)
        services.get(JobService).clock = lambda: utc_now().replace(year=1999)
    with databases.migrated(backend) as url:
        other = settings | {"sqlalchemy.url": url.render_as_string(hide_password=False)}
        with application(other) as again:
            services = services_of(again.registry)
            assert again is one
            assert services.get(sqlalchemy.Engine) is not engine
            assert services.get(sqlalchemy.Engine).url == services.get(JobService).url == url
            assert services.get(JobService).clock().year > 1999


def test_two_applications_at_once_are_two(settings: dict[str, str]) -> None:
    with application(settings) as one, application(settings) as two:
        assert one is not two


def test_other_settings_make_another_application(settings: dict[str, str]) -> None:
    with application(settings) as one:
        pass
    with application(settings | {"batchbook.session_hours": "3"}) as other:
        assert other is not one


def test_each_check_gets_a_copy_of_the_batch(databases: Databases) -> None:
    for _ in range(2):
        with Kit().opened(databases, "sqlite", 3) as harness:
            assert harness.made is not None
            sample, number = harness.made
            assert [row["status"] for row in harness.rows(number).values()] == ["increase"] * 3
            harness.execute(number, sample)
            assert harness.batch(number).state == "executed"


def test_the_harness_counts_by_sql_and_leaves_out_what_it_is_told_to(databases: Databases) -> None:
    with broken(databases, PriceChangeHandler, rows=3) as (_kit, harness):
        assert harness.counts(1) == {"row_count": 3, "removed_count": 0, "status_counts": {"increase": 3}}
        assert "version" not in harness.rows(1, without=("version",))[1]
        tables = {key[0] for key in harness.snapshot("product")}
        assert "price_change_row" in tables
        assert "product" not in tables


def test_statements_are_noted_within_the_block_only(databases: Databases) -> None:
    with broken(databases, PriceChangeHandler, rows=0) as (_kit, harness):
        with harness.statements() as sent, harness.transaction(read_only=True) as session:
            session.scalars(select(Product.id)).all()
        before = len(sent)
        assert any("FROM product" in statement for statement in sent)
        harness.snapshot()
        assert len(sent) == before


def test_a_swapped_method_is_the_handler_s_for_one_action(databases: Databases) -> None:
    def refuse(_handler: object, _batch: object) -> str:
        return "The shelf is locked."

    with broken(databases, PriceChangeHandler) as (_kit, harness):
        harness.run(1, Action.COMPLETE)
        with (
            pytest.raises(Conflict, match="The shelf is locked"),
            harness.acting(why_not_execute=refuse) as engine,
        ):
            engine.run(1, Action.EXECUTE)
        harness.run(1, Action.EXECUTE)
        assert harness.batch(1).state == "executed"


def test_quick_mode_leaves_out_what_takes_long(tmp_path: Path) -> None:
    (tmp_path / "test_quick.py").write_text(
        (Path(__file__).parents[1] / "types" / "price_change" / "test_price_change_kit.py").read_text()
    )
    arguments = [
        "-q",
        "-rs",
        "-c",
        os.devnull,
        f"--rootdir={tmp_path}",
        "-o",
        f"cache_dir={tmp_path}",
        str(tmp_path),
    ]
    environment = {**os.environ, "BATCHBOOK_CONFORMANCE": "quick"}
    command = [sys.executable, "-m", "pytest", *arguments]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert "29 passed, 3 skipped" in ran.stdout
    assert re.search(r"SKIPPED \[2\] .*: Quick mode leaves this check out", ran.stdout)
    assert list(tmp_path.rglob("d/batchbook/templates/*.cache"))
