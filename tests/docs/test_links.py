"""Links in the documentation lead somewhere, and the README tells the truth about the demo."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from batchbook import demo

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        found = re.findall(r"\]\(([^)#]+\.md)[^)]*\)", page.read_text())
        waiting += [one for link in found if (one := (page.parent / link).resolve()) not in reached]
    assert {page.resolve() for page in PAGES} - {page.resolve() for page in reached} == {
        (ROOT / "docs" / "README.md").resolve()
    }


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(file.name[:4]) for file in sorted((ROOT / "docs" / "decisions").glob("0*.md"))]
    assert numbers == [*range(1, len(numbers) + 1)]


def test_the_readme_has_the_demo_logins_and_the_price_list() -> None:
    text = (ROOT / "README.md").read_text()
    said = set(re.findall(r"^\| `(\w+)` \| `([\w-]+)` \|", text, re.MULTILINE))
    assert said == {(login.name, login.password) for login in demo.LOGINS}
    assert str(demo.PRICE_LIST.relative_to(ROOT)) in text


def test_the_readme_names_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^    make (\w+)$", (ROOT / "README.md").read_text(), re.MULTILINE):
        assert f"\n{target}:" in makefile


#: Pages with files and lists of their own, all of which are run by tests.
RUN = ("tutorial.md", "imports.md", "import-targets.md")


def names_of_code() -> list[tuple[str, str]]:
    """Return page and name for everything that a page sets as code and that looks like a name."""
    pages = [page for page in PAGES if page.parent.name in ("docs", "decisions", "howto", "reference")]
    return [
        (page.name, name)
        for page in pages
        if page.name not in RUN
        for name in re.findall(r"`([A-Za-z_]\w{3,})(?:\([^`]*\))?`", page.read_text())
    ]


def test_names_in_the_documentation_are_in_the_code() -> None:
    # Words of the databases, of HTTP and of Prometheus need not be in it.
    foreign = {
        "NUMERIC",
        "REPLACE",
        "TRUNCATE",
        "executemany",
        "pg_dump",
        "psql",
        "batchbook_app",
        "client_max_body_size",
        "histogram_quantile",
        "_gcount",
        "_gsum",
        "production",
    }
    places = (
        "src",
        "migrations",
        "templates",
        "tests/conftest.py",
        "Makefile",
        "development.ini",
        "production.ini",
    )
    files = [
        file
        for place in places
        for file in ([ROOT / place] if (ROOT / place).is_file() else (ROOT / place).rglob("*"))
    ]
    code = "\n".join(
        file.read_text()
        for file in files
        if file.is_file() and file.suffix in (".py", ".jinja2", ".ini", ".mako", "")
    )
    words = set(re.findall(r"\w+", code))
    found = names_of_code()
    assert len(found) > 100
    assert [(page, name) for page, name in found if name not in words | foreign] == []
