from __future__ import annotations

import sys
from pathlib import Path

import pytest

from batchbook.errors import BadInput
from batchbook.scaffold.plugin_package import installed_package, package_in


def test_the_package_of_a_project_is_found_and_can_be_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    package = tmp_path / "src" / "acme_found_here"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    found = package_in(tmp_path)
    assert (found.name, found.folder, found.location) == (
        "acme_found_here",
        package.resolve(),
        "acme_found_here:migrations",
    )
    assert installed_package("acme_found_here") == found


def test_a_package_beside_its_project_file_is_found_and_tests_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in ("acme_flat", "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
    assert package_in(tmp_path).name == "acme_flat"


@pytest.mark.parametrize(("names", "there"), [((), "none"), (("acme_a", "acme_b"), "2: acme_a, acme_b")])
def test_none_or_several_packages_are_refused(tmp_path: Path, names: tuple[str, ...], there: str) -> None:
    for name in names:
        (tmp_path / "src" / name).mkdir(parents=True)
        (tmp_path / "src" / name / "__init__.py").write_text("")
    with pytest.raises(BadInput, match=f"and has {there}. Name an installed package with --package instead"):
        package_in(tmp_path)


def test_names_of_nothing_and_of_modules_are_refused() -> None:
    with pytest.raises(BadInput, match="there is no package acme_nowhere here"):
        installed_package("acme_nowhere")
    with pytest.raises(BadInput, match="tabnanny is a module"):
        installed_package("tabnanny")
