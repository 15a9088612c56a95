"""The wheel, built from the sources and installed in a fresh environment, holds all that the application needs."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("src", "migrations", "templates", "pyproject.toml", "setup.py", "README.md", "LICENSE")


def run(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("BATCHBOOK_", "PYTHON"))
    }
    return subprocess.run(
        [str(argument) for argument in arguments],
        cwd=cwd, env=inherited | environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


def must(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 0, f"{result.args}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is left among the sources."""
    copy = tmp_path_factory.mktemp("sources")
    leave_out = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=leave_out)
        elif source.exists():
            shutil.copy(source, copy)
    must(
        run(
            sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "dist", ".", cwd=copy
        )
    )
    (built,) = (copy / "dist").glob("batchbook-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs of a fresh environment that has the wheel and what it requires."""
    place = tmp_path_factory.mktemp("fresh")
    venv.create(place, with_pip=True)
    must(run(place / "bin" / "python", "-m", "pip", "install", "--quiet", wheel, cwd=place))
    return place / "bin"


@pytest.fixture
def settings_folder(tmp_path: Path) -> Path:
    """A folder with the shipped settings files, listening where nothing else does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name in ("development.ini", "production.ini"):
        (tmp_path / name).write_text((ROOT / name).read_text().replace("localhost:6543", f"127.0.0.1:{port}"))
    (tmp_path / "port").write_text(str(port))
    return tmp_path


@contextmanager
def served(batchbook: Path, settings_folder: Path) -> Iterator[str]:
    with (settings_folder / "log").open("w") as log:
        process = subprocess.Popen(
            [batchbook, "-c", "development.ini", "serve"],
            cwd=settings_folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield f"http://127.0.0.1:{(settings_folder / 'port').read_text()}"
        finally:
            process.terminate()
            process.wait(10)


def fetch(url: str, settings_folder: Path) -> str:
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                return str(response.read().decode())
        except urllib.error.HTTPError as error:
            pytest.fail(f"{url} answered {error.code}:\n{(settings_folder / 'log').read_text()}")
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"Nobody answered at {url}:\n{(settings_folder / 'log').read_text()}")


def test_the_wheel_carries_everything(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    places = {
        "src/batchbook/static": "batchbook/static", "src/batchbook/demo/data": "batchbook/demo/data",
        "templates": "batchbook/templates", "migrations": "batchbook/migrations",
        "src/batchbook/scaffold/package": "batchbook/scaffold/package",
        "src/batchbook/types/labels/font_files": "batchbook/types/labels/font_files",
    }  # fmt: skip
    expected = {
        f"{target}/{file.relative_to(ROOT / source).as_posix()}"
        for source, target in places.items()
        for file in (ROOT / source).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert expected - inside == set()
    modules = {f.relative_to(ROOT / "src").as_posix() for f in (ROOT / "src" / "batchbook").rglob("*.py")}
    assert modules - inside == set()
    assert {"batchbook/py.typed", "batchbook/tables/layout/language_words.toml"} <= inside


def test_an_installed_wheel_prepares_a_database_and_serves_pages(
    installed: Path, settings_folder: Path
) -> None:
    printed = must(run(installed / "batchbook", "-c", "development.ini", "init", cwd=settings_folder))
    assert "Demo logins:" in printed
    assert (settings_folder / "var" / "batchbook.sqlite3").exists()
    with served(installed / "batchbook", settings_folder) as address:
        page = fetch(f"{address}/login", settings_folder)
        assert "Sign in" in page
        stylesheet = page.split('rel="stylesheet"')[1].split('href="')[1].split('"')[0]
        assert "{" in fetch(
            stylesheet if stylesheet.startswith("http") else address + stylesheet, settings_folder
        )


def test_production_starts_only_with_a_secret_and_has_no_demo(installed: Path, settings_folder: Path) -> None:
    batchbook = (installed / "batchbook", "-c", "production.ini")
    assert "Demo" not in must(run(*batchbook, "init", cwd=settings_folder))
    refused = run(*batchbook, "serve", cwd=settings_folder)
    assert refused.returncode == 1
    assert "batchbook.secret" in refused.stderr
    program = "from pyramid.paster import get_app; get_app('production.ini')"
    must(run(installed / "python", "-c", program, cwd=settings_folder, BATCHBOOK_SECRET="x1" * 20))
