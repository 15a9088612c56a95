"""The commands for authors of batch types; what they write is checked in ``tests/scaffold``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

PROGRAM = (sys.executable, "-c", "from batchbook.cli import main; main()")


def run_apart(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, because it imports the models of the package."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BATCHBOOK_")}
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        cwd=cwd, env=inherited, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_a_package_and_its_next_migration_are_told_as_json(tmp_path: Path) -> None:
    done = run_apart("type", "new", "shelf_label", "--column", "due:date", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert (told["key"], told["package"], told["folder"]) == (
        "shelf_label",
        "batchbook_shelf_label",
        "batchbook_shelf_label",
    )
    project = tmp_path / told["folder"]
    assert {str(file.relative_to(project)) for file in project.rglob("*") if file.is_file()} == {
        *told["files"]
    }
    refused = run_apart("type", "migration", told["folder"], cwd=tmp_path)
    assert (refused.returncode, refused.stderr) == (
        1,
        "No migration was written: the migrations of batchbook_shelf_label lead to its models as they are.\n",
    )
    models = project / "src" / "batchbook_shelf_label" / "models.py"
    models.write_text(models.read_text().replace("due: Mapped[date | None]", "day: Mapped[date | None]"))
    for name in ("handler.py", "views.py"):
        file = models.with_name(name)
        file.write_text(file.read_text().replace('"due"', '"day"'))
    done = run_apart("type", "migration", told["folder"], "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert told["file"] == "batchbook_shelf_label/src/batchbook_shelf_label/migrations/shelf_label_0002.py"
    assert told["summary"] == "Column shelf_label_row.day and 1 change"
    (warning,) = told["warnings"]
    assert "drops the column due of shelf_label_row" in warning


def test_other_plug_ins_that_a_package_needs_are_named_by_the_settings(tmp_path: Path) -> None:
    run_apart("type", "new", "shelf_label", cwd=tmp_path)
    models = tmp_path / "batchbook_shelf_label" / "src" / "batchbook_shelf_label" / "models.py"
    models.write_text(models.read_text() + "\nimport nowhere_at_all\n")
    ini = tmp_path / "other.ini"
    ini.write_text("[app:main]\nuse = egg:batchbook\nbatchbook.include = acme_needed\n")
    needs = run_apart("-c", ini, "type", "migration", "batchbook_shelf_label", cwd=tmp_path)
    assert needs.returncode == 1
    assert "names acme_needed, which is not installed here" in needs.stderr
    broken = run_apart("type", "migration", "batchbook_shelf_label", cwd=tmp_path)
    assert broken.returncode == 1
    assert "No module named 'nowhere_at_all'" in broken.stderr
    assert len(broken.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("new", "price_change"), 1, "a batch type with the key “price_change” is there already"),
        (("new", "points", "--column", "x"), 1, "Nothing was written: “x” is not of the form name:kind."),
        (("new",), 2, "Missing argument 'KEY'"),
        (("migration", "nowhere"), 1, "nowhere must be the folder of a project with one package"),
        (("migration", "--package", "acme_nowhere"), 1, "there is no package acme_nowhere here"),
        (
            ("migration", "x", "--package", "y"),
            2,
            "Give either the folder of a project or --package, not both.",
        ),
        (("migration", "--message", 'Say "x"'), 1, "its message can have no double quotes"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    command: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...], status: int, said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    result = command("type", *arguments)
    assert result.exit_code == status
    assert said in result.stderr
    assert [*tmp_path.iterdir()] == []
