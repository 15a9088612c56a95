from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest


def test_tables_and_plots_are_those_of_the_published_figures() -> None:
    from benchmarks.publish import made_from, published

    for path, text in made_from(published()).items():
        assert path.read_text() == text, f"{path.name}: make publish"
        assert path.suffix != ".md" or "| populate and refresh, to the floor " in text


def test_every_target_is_in_the_published_table_for_each_database() -> None:
    from benchmarks.publish import published
    from benchmarks.targets import TARGETS

    results = published()
    assert {*results["databases"]} == {"SQLite", "PostgreSQL"}
    found = {(one["target"], one["database"]) for one in results["targets"]}
    assert {(target.name, name) for target in TARGETS for name in results["databases"]} <= found


def test_published_figures_name_no_machine_and_no_path() -> None:
    from benchmarks.publish import PUBLISHED

    text = PUBLISHED.read_text()
    assert str(Path.home()) not in text
    assert str(Path(__file__).parents[2]) not in text
    assert "/tmp" not in text


def test_plots_are_wellformed_have_a_label_and_colours_for_dark_pages() -> None:
    from benchmarks.plots import plots
    from benchmarks.publish import published

    drawn = plots(published())
    assert {name.split("-")[0] for name in drawn} == {"ratios", "growth", "memory", "pages"}
    for text in drawn.values():
        root = ElementTree.fromstring(text)
        assert root.get("aria-label")
        assert "prefers-color-scheme: dark" in text
        assert "nan" not in text


def test_a_table_without_figures_is_left_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import publish

    page = tmp_path / "page.md"
    page.write_text("Before.\n<!-- begin: works -->\nold\n<!-- end: works -->\nAfter.\n")
    filled = publish._filled(page.read_text(), {"works": ["new"], "pages": ["other"]})
    assert filled == "Before.\n<!-- begin: works -->\n\nnew\n\n<!-- end: works -->\nAfter.\n"
