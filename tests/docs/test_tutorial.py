"""The tutorial is true: its files make a package, its commands say what it shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
_BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)

#: Silences the hints of pip; the kit runs in full elsewhere.
QUIET = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
    "BATCHBOOK_CONFORMANCE": "quick",
}


def blocks() -> Iterator[tuple[str, str, str]]:
    """Yield language, title and text of the fenced blocks."""
    yield from _BLOCK.findall(TUTORIAL.read_text())


def sessions_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield the commands of a block, each with what it prints."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def changed(text: str, diff: str) -> str:
    """Return ``text`` after the changes that a block shows: parts that are divided by @@, each of which is there once."""
    for part in diff.split("\n@@\n"):
        lines = part.rstrip("\n").split("\n")
        assert {line[:1] for line in lines} <= {" ", "+", "-"}, part
        old, new = ("\n".join(line[1:] for line in lines if line[0] in signs) for signs in (" -", " +"))
        assert text.count(f"{old}\n") == 1, f"{old}\nis not there once in\n{text}"
        text = text.replace(f"{old}\n", f"{new}\n")
    return text


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs of a virtual environment that has what this one has, and whatever is added."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, symlinks=True)
    (packages,) = place.glob("lib/python*/site-packages")
    # The line is run, so that what is installed in editable mode is found as well.
    packages.joinpath("ours.pth").write_text(
        f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    )
    programs = place / "bin"
    for name, module in (("pip", "pip"), ("batchbook", "batchbook.cli")):
        program = programs / name
        code = (
            f"from {module} import main; raise SystemExit(main())"
            if name == "batchbook"
            else f"import runpy; runpy.run_module({module!r}, run_name='__main__')"
        )
        program.write_text(f"#!{programs / 'python'}\n{code}\n")
        program.chmod(0o755)
    return programs


def run(command: str, project: Path, programs: Path) -> str:
    """Run a command of the tutorial and return all that it prints."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("BATCHBOOK_", "PYTEST_", "PYTHON"))
    }
    done = subprocess.run(
        shlex.split(command),
        cwd=project, env=inherited | QUIET | {"PATH": f"{programs}:{inherited['PATH']}"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
    )  # fmt: skip
    return done.stdout


def as_pattern(output: str) -> str:
    """Return the pattern of what is shown: … stands for anything."""
    return ".*".join(re.escape(part) for part in output.strip().split("…"))


def test_everything_is_as_the_tutorial_shows(tmp_path: Path, environment: Path) -> None:
    """Commands print what is shown, files are as they are shown, and changes fit them, in the order of the page."""
    place, kinds = tmp_path, []
    for language, title, text in blocks():
        kinds.append(language)
        if language == "console":
            for command, output in sessions_in(text):
                if command.startswith("cd "):
                    place /= command.removeprefix("cd ")
                    continue
                printed = run(command, place, environment).replace("\r\n", "\n").lstrip("\ufeff").strip()
                assert re.fullmatch(as_pattern(output), printed, re.DOTALL), (
                    f"$ {command}\n{printed}\n\ninstead of\n{output}"
                )
                assert " failed" not in printed
        elif language == "diff":
            (place / title).write_text(changed((place / title).read_text(), text))
        else:
            assert (place / title).read_text() == text
    assert (kinds.count("console"), kinds.count("python"), kinds.count("diff")) == (7, 2, 4)
    formatted = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--check", place],
        capture_output=True,
        text=True,
        check=False,
    )
    assert formatted.returncode == 0, formatted.stdout


def test_it_takes_as_many_commands_and_lines_as_it_says() -> None:
    shown = list(blocks())
    commands = [one for language, _, text in shown if language == "console" for one in sessions_in(text)]
    changes = "".join(text for language, _, text in shown if language == "diff")
    lines = re.findall(r"^\+ *\S", changes, re.MULTILINE)
    kits = [command for command, _ in commands if command.startswith("python -m pytest")]
    told = f"you run {len(commands)} commands, and write {len(lines)} lines of Python"
    assert told in TUTORIAL.read_text().replace("\n", " ")
    assert len(kits) == 2, "The kit runs twice."
    assert f"with {len(lines)} lines of your own" in (TUTORIAL.parent / "types" / "README.md").read_text()


def test_what_is_shown_must_be_printed() -> None:
    assert re.fullmatch(as_pattern("a … (b)"), "a 1 (b)")
    assert not re.fullmatch(as_pattern("a (b)"), "a b")


def test_changes_fit_once_or_not_at_all() -> None:
    assert changed("a\nb\nc\n", " a\n-b\n+B\n@@\n c\n+d\n") == "a\nB\nc\nd\n"
    for text in ("a\nc\n", "a\nb\nc\na\nb\n"):
        with pytest.raises(AssertionError, match="is not there once in"):
            changed(text, " a\n-b\n+B\n")


def test_no_column_is_written_twice() -> None:
    """Those of the tables are in the models, and nowhere else on the page."""
    page = TUTORIAL.read_text()
    assert "sa.Column" not in page
    assert re.findall(r"^\+? +(\w+): Mapped", page, re.MULTILINE) == [
        "reason",
        "item_code",
        "description",
        "description",
        "last_order",
    ]


def test_the_tutorial_uses_what_authors_may_use() -> None:
    sources = "\n".join(text for language, _, text in blocks() if language in ("python", "diff"))
    public = {"batchbook.batches", "batchbook.catalog.models"}
    assert set(re.findall(r"^\W?from (batchbook[\w.]*) import", sources, re.MULTILINE)) == public
