"""Migrations of a plug-in, written from its models: what they contain, and what they make of a database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from batchbook import migrate

MODELS = """
from __future__ import annotations

from decimal import Decimal

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from batchbook.batches import Batch, BatchRow, editable
from batchbook.catalog.models import PRICE
from batchbook.db import Base


class Tag(Batch):
    __tablename__ = "tag"


class TagRow(BatchRow):
    __tablename__ = "tag_row"
    __batch__ = Tag

    text: Mapped[str | None] = editable(String(20))


class Sheet(Base):
    __tablename__ = "tag_sheet"

    batch_id: Mapped[int] = mapped_column(ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)


class Printed(Base):
    __tablename__ = "tag_printed"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int | None] = mapped_column(index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="RESTRICT"))
    price: Mapped[Decimal] = mapped_column(PRICE)
"""

REST = """
from __future__ import annotations

from typing import Any

from acme_tags.models import Tag, TagRow, Printed
from batchbook.batches import BatchHandler, BatchMasterView, Outcome, RowTable


class TagHandler(BatchHandler[Tag, TagRow]):
    def execute(self, batch: Tag, rows: Any, options: Any) -> Outcome:
        return Outcome("Done.")


class TagView(BatchMasterView):
    row_table = RowTable(("text",))


def includeme(config: Any) -> None:
    config.add_batch_type(Tag, handler=TagHandler, view=TagView, records=(Printed,))
"""

DRIVER = """
import json, sys
from pathlib import Path
from batchbook.errors import BatchbookError
from batchbook.scaffold.migration_writer import write_migration
from batchbook.scaffold.plugin_package import installed_package, package_in

try:
    package = package_in(Path(sys.argv[1])) if "/" in sys.argv[1] else installed_package(sys.argv[1])
    written = write_migration(package, message=sys.argv[2])
    print(json.dumps([written.file.name, written.summary, *written.warnings]))
except BatchbookError as error:
    print(json.dumps([error.message]))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder of a project with a package that has no migrations yet."""
    package = tmp_path / "project" / "src" / "acme_tags"
    package.mkdir(parents=True)
    (package / "models.py").write_text(MODELS)
    (package / "registration.py").write_text(REST)
    (package / "__init__.py").write_text(
        "def includeme(config):\n    config.include('acme_tags.registration')\n"
    )
    return tmp_path / "project"


def write(project: Path | str, message: str = "", **environment: str) -> list[str]:
    """Have the next migration written, in a process of its own; return its file, its summary and warnings, or the refusal."""
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(project), message],
        env=os.environ | environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer: list[str] = json.loads(done.stdout)
    return answer


def change(project: Path, old: str, new: str) -> None:
    file = project / "src" / "acme_tags" / "models.py"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def migrations(project: Path) -> Path:
    return project / "src" / "acme_tags" / "migrations"


def triggers(engine: Engine, table: str) -> set[str]:
    wanted = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table",
        "postgresql": "SELECT t.tgname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid"
        " WHERE NOT t.tgisinternal AND c.relname = :table",
    }[engine.dialect.name]
    with engine.connect() as connection:
        return set(connection.execute(text(wanted), {"table": table}).scalars())


def test_the_first_migration_makes_and_guards_all_tables(project: Path, empty_engine: Engine) -> None:
    assert write(project) == [
        "acme_tags_0001.py",
        "Tables tag, tag_printed, tag_row, tag_sheet",
    ]
    written = (migrations(project) / "acme_tags_0001.py").read_text()
    for line in (
        'freeze_table(op.get_bind(), "tag", "id")',
        'freeze_table(op.get_bind(), "tag_row")',
        'freeze_table(op.get_bind(), "tag_sheet")',
        'append_only(op.get_bind(), "tag_printed")',
        'branch_labels = ("acme_tags",)',
        'depends_on = "0001"',
    ):
        assert line in written
    place = str(migrations(project))
    migrate.upgrade(empty_engine, [place])
    for table in ("tag", "tag_row", "tag_sheet", "tag_printed"):
        assert triggers(empty_engine, table)
    assert [*inspect(empty_engine).get_pk_constraint("tag_row")["constrained_columns"]] == [
        "batch_id",
        "sequence",
    ]
    with pytest.raises(DBAPIError), empty_engine.begin() as connection:
        connection.execute(text("INSERT INTO tag_printed (batch_id, product_id, price) VALUES (7, 1, 1)"))


def test_a_changed_table_is_frozen_again(project: Path, empty_engine: Engine) -> None:
    write(project)
    before = {*(migrations(project)).iterdir()}
    migrate.upgrade(empty_engine, [str(migrations(project))])
    frozen = triggers(empty_engine, "tag_row")
    change(
        project, "editable(String(20))", "editable(String(40))\n    copies: Mapped[int | None] = editable()"
    )
    assert write(project, "Copies of tags.") == ["acme_tags_0002.py", "Copies of tags"]
    (file,) = {*migrations(project).glob("*.py")} - before
    written = file.read_text()
    assert written.startswith('"""Copies of tags."""\n')
    assert 'down_revision = "acme_tags_0001"\nbranch_labels = None\ndepends_on = None\n' in written
    assert "tag_printed" not in written
    migrate.upgrade(empty_engine, [str(migrations(project))])
    columns = {one["name"]: str(one["type"]) for one in inspect(empty_engine).get_columns("tag_row")}
    assert (columns["text"], columns["copies"]) == ("VARCHAR(40)", "INTEGER")
    assert triggers(empty_engine, "tag_row") == frozen
    assert write(project) == [
        "No migration was written: the migrations of acme_tags lead to its models as they are."
    ]


def test_an_installed_package_is_named_and_what_a_migration_drops_is_told(project: Path) -> None:
    write(project)
    change(
        project,
        "    text: Mapped[str | None] = editable(String(20))",
        "    number: Mapped[int | None] = editable()",
    )
    file, summary, warning = write("acme_tags", PYTHONPATH=str(project / "src"))
    assert (file, summary) == ("acme_tags_0002.py", "Column tag_row.number and 1 change")
    assert warning.startswith("The migration drops the column text of tag_row with what it has.")


def test_a_table_that_only_became_a_record_is_guarded(project: Path) -> None:
    registration = project / "src" / "acme_tags" / "registration.py"
    registration.write_text(REST.replace(", records=(Printed,)", ""))
    write(project)
    assert "append_only" not in (migrations(project) / "acme_tags_0001.py").read_text()
    registration.write_text(REST)
    assert write(project)[:2] == ["acme_tags_0002.py", "Triggers"]
    written = (migrations(project) / "acme_tags_0002.py").read_text()
    upgrade, downgrade = written.split("def upgrade")[1].split("def downgrade")
    assert 'append_only(op.get_bind(), "tag_printed")' in upgrade
    assert "freeze_table" not in upgrade
    assert 'unfreeze_table(op.get_bind(), "tag_printed")' in downgrade
    assert "append_only" not in downgrade


def test_a_column_without_a_value_for_rows_that_are_there_is_refused(project: Path) -> None:
    write(project)
    change(project, "editable(String(20))", "editable(String(20))\n    copies: Mapped[int] = editable()")
    (refusal,) = write(project)
    assert refusal == (
        "No migration was written: rows that tag_row has already would have no value for copies. Let it be empty, as"
        " Mapped[… | None], or give it a server_default."
    )
    assert not (migrations(project) / "acme_tags_0002.py").exists()


def test_two_migrations_that_both_come_last_are_named(project: Path) -> None:
    write(project)
    first = (migrations(project) / "acme_tags_0001.py").read_text()
    for letter in "ab":
        text_of_it = first.replace('revision = "acme_tags_0001"', f'revision = "{letter}"', 1)
        text_of_it = text_of_it.replace("down_revision = None", 'down_revision = "acme_tags_0001"')
        head, _, _ = text_of_it.partition("def upgrade")
        head = head.replace('branch_labels = ("acme_tags",)', "branch_labels = None")
        (migrations(project) / f"{letter}.py").write_text(
            f"{head}def upgrade() -> None:\n    pass\n\n\ndef downgrade() -> None:\n    pass\n"
        )
    change(project, "String(20)", "String(30)")
    (refusal,) = write(project)
    assert refusal == (
        "No migration was written: a and b of acme_tags both come last. Have one of them follow the other by its"
        " down_revision."
    )
