"""Blocks of cells as programs put them on the clipboard, and series of cells.

``clipboard/NAME.txt`` and ``NAME.html`` are what a program puts there as text and as HTML, ``NAME.json`` the rows that it means.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from .modules import static_files

_BLOCKS = Path(__file__).parent / "clipboard"
#: The signs of numbers, as numbers.js has them.
POINT, COMMA = {"decimal": ".", "group": ","}, {"decimal": ",", "group": "."}
_CALL = "async ([module, name, values]) => (await import(module))[name](...values)"


class Modules:
    """Functions of the grid's modules, called in the browser."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def parse(self, text: str = "", html: str = "", signs: Mapping[str, str] = POINT) -> Any:
        return self._call("clipboard", "parseClipboard", {"text": text, "html": html}, signs)

    def copy(self, rows: list[list[str]], *kinds: str, signs: Mapping[str, str] = POINT) -> Any:
        return self._call("clipboard", "toClipboard", rows, list(kinds), signs)

    def series(self, values: str, count: int, kind: str, signs: Mapping[str, str] = POINT) -> list[str]:
        continued: list[str] = self._call("fill-series", "series", values.split("|"), count, kind, signs)
        return continued

    def _call(self, module: str, name: str, *values: Any) -> Any:
        return self.page.evaluate(_CALL, [f"/js/grid/{module}.js", name, list(values)])


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Iterator[Modules]:
    complaints: list[str] = []
    with static_files() as address:
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on(
            "request", lambda request: complaints.extend({request.url} if address not in request.url else ())
        )
        page.goto(address)
        yield Modules(page)
        page.close()
    assert set(complaints) == set()  # No style is refused, and nothing is loaded that a clipboard names.


def _text(name: str) -> str:
    file = _BLOCKS / name
    return file.read_bytes().decode() if file.is_file() else ""


@pytest.mark.parametrize("name", sorted(file.stem for file in _BLOCKS.glob("*.json")))
def test_what_programs_put_on_the_clipboard(modules: Modules, name: str) -> None:
    rows = json.loads(_text(f"{name}.json"))
    assert modules.parse(_text(f"{name}.txt"), _text(f"{name}.html")) == rows
    # It goes back out as it came in, by text and by HTML.
    copied = modules.copy(rows)
    assert modules.parse(copied["text"], copied["html"]) == rows
    assert modules.parse(copied["text"]) == rows


@pytest.mark.parametrize("name", ["excel", "sheets", "libreoffice"])
def test_the_html_alone_means_the_same(modules: Modules, name: str) -> None:
    assert modules.parse("", _text(f"{name}.html")) == json.loads(_text(f"{name}.json"))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", []),
        ("one", [["one"]]),
        ("one\r\n", [["one"]]),
        ("one\n\n", [["one"], [""]]),
        ("\t\r\n\t\r\n", [["", ""], ["", ""]]),
        ("a\tb\rc\td\r", [["a", "b"], ["c", "d"]]),  # An older Excel on a Mac.
        ("a\tb\tc\nd", [["a", "b", "c"], ["d", "", ""]]),
        ('"a\tb"\t"c\r\nd"\n', [["a\tb", "c\nd"]]),
        ('"open\tb\n', [['"open', "b"]]),
        ('"6"" pipe"\t3" pipe\t"said"', [['6" pipe', '3" pipe', '"said"']]),
        ("a\0\tb", [["a", "b"]]),
    ],
)
def test_text_between_tabs(modules: Modules, text: str, rows: list[list[str]]) -> None:
    assert modules.parse(text) == rows


def test_html_without_a_table_is_not_looked_at(modules: Modules) -> None:
    assert modules.parse("a\tb", "<p>other</p>") == [["a", "b"]]
    hostile = '<table><tr><td>x<img src="http://127.0.0.1:9/x" onerror="console.log(1)"><script>console.log(2)</script></table>'
    assert modules.parse("", hostile) == [["x"]]


def test_a_copied_block_says_what_is_text_and_what_a_number(modules: Modules) -> None:
    copied = modules.copy([["007", "2.50", "1-2"], ['a\n"b"', "", "<b>"]], "text", "decimal")
    assert copied["text"] == '007\t2.50\t1-2\r\n"a\n""b"""\t\t<b>\r\n'
    assert """<td x:str style='mso-number-format:"\\@"'>007</td>""" in copied["html"]
    assert """<td x:num="2.50" sdval="2.50" style='mso-number-format:"0\\.00"'>2.50</td>""" in copied["html"]
    assert "&#60;b&#62;" in copied["html"]
    # One cell can be pasted anywhere, and an empty one empties.
    assert modules.copy([["one"]])["text"] == "one"
    assert modules.parse(**modules.copy([[""]])) == [[""]]


@pytest.mark.parametrize(
    ("values", "count", "kind", "continued"),
    [
        ("5", 2, "integer", "5|5"),
        ("1|2", 3, "integer", "3|4|5"),
        ("10|7", 4, "integer", "4|1|-2|-5"),
        ("1|2|4", 4, "integer", "1|2|4|1"),
        ("0.1|0.2", 3, "decimal", "0.3|0.4|0.5"),
        ("2.20|2.25", 2, "decimal", "2.30|2.35"),
        ("0.5|0.25", 3, "decimal", "0.00|-0.25|-0.50"),
        ("99999999999999999.01|99999999999999999.02", 1, "decimal", "99999999999999999.03"),
        ("1|2", -3, "integer", "0|-1|-2"),
        ("2026-02-27", 3, "date", "2026-02-28|2026-03-01|2026-03-02"),
        ("2026-01-01|2026-01-08", 2, "date", "2026-01-15|2026-01-22"),
        ("2026-01-15|2026-02-15", 2, "date", "2026-03-15|2026-04-15"),
        ("2026-01-31|2026-02-28", 3, "date", "2026-03-31|2026-04-30|2026-05-31"),
        ("2024-02-29|2025-02-28", 3, "date", "2026-02-28|2027-02-28|2028-02-29"),
        ("2026-03-31", -1, "date", "2026-03-30"),
        ("Shelf 09", 2, "text", "Shelf 10|Shelf 11"),
        ("A8|A10", 2, "text", "A12|A14"),
        ("000000099", 2, "text", "000000099|000000099"),
        ("000000098|000000099", 2, "text", "000000100|000000101"),
        ("red|green", 3, "text", "red|green|red"),
        ("no|yes", -3, "boolean", "yes|no|yes"),
        ("|x", 2, "integer", "|x"),
    ],
)
def test_series(modules: Modules, values: str, count: int, kind: str, continued: str) -> None:
    assert modules.series(values, count, kind) == continued.split("|")


def test_numbers_have_the_signs_of_the_person(modules: Modules) -> None:
    assert modules.series("1,5|2,0", 2, "decimal", COMMA) == ["2,5", "3,0"]
    assert modules.series("1.5|2.0", 2, "decimal", COMMA) == ["1.5", "2.0"]
    copied = modules.copy([["2,50", "1.5"]], "decimal", "text", signs=COMMA)
    assert copied["text"] == "2,50\t1.5\r\n"
    assert """<td x:num="2.50" sdval="2.50" style='mso-number-format:"0\\.00"'>2,50</td>""" in copied["html"]
    # Somebody with other signs pastes the number, not its text; a text stays what it is.
    assert modules.parse(**copied, signs=COMMA) == [["2,50", "1.5"]]
    assert modules.parse(**copied, signs=POINT) == [["2.50", "1.5"]]
    # A program in another language tells the number beside its text.
    cells = "<table><tr><td sdval='1.234'>1,234<td sdval='1234.5'>1.234,50<td sdval='7'>7<td sdval='0.125'>12,5%</table>"
    assert modules.parse("1,234\t1.234,50\t7\t12,5%", cells, POINT) == [["1.234", "1234.50", "7", "12,5%"]]
    assert modules.parse("1,234\t1.234,50\t7\t12,5%", cells, COMMA) == [["1,234", "1.234,50", "7", "12,5%"]]
    assert modules.parse("1,2E+12", "<table><tr><td x:num='1200000000000.5'>1,2E+12</table>", COMMA) == [
        ["1200000000000,5"]
    ]
