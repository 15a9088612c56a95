"""Fonts of labels: what they have, what is told of what they lack, and further ones of the settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyramid.exceptions import ConfigurationError

from batchbook.types.labels import fonts as module
from batchbook.types.labels.fonts import MISSING, font_files, fonts_of

SHIPPED = Path(module.__file__).parent / "font_files"


@pytest.mark.parametrize(
    "text", ["Latin äßłőğ", "Гречка", "Ελληνικά", "Հայերեն", "ქართული", "€ £ ₽ ½ ™ × →"]  # noqa: RUF001
)  # fmt: skip
def test_texts_that_can_be_printed(text: str) -> None:
    fonts = fonts_of()
    assert fonts.unprintable(text) == ""
    assert fonts.printable(text) == text
    assert [part for _, part in fonts.runs(text, bold=True)] == [text]


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        ("中国茶", "中国茶"), ("tea 茶 and 茶", "茶"), ("한국", "한국"), ("हिन्दी", "हिन्दी"), ("ไทย", "ไทย"),
        ("שלום", "שלום"), ("شاي", "شاي"), ("tea \u202eevil", "\u202e"), ("🍵🐎", "🍵🐎"),
    ],
)  # fmt: skip
def test_what_cannot_be_printed_is_told(text: str, lacking: str) -> None:
    assert sorted(fonts_of().unprintable(text)) == sorted(set(lacking))


def test_a_character_that_is_lacking_is_an_empty_square() -> None:
    assert fonts_of().printable("中 tea") == f"{MISSING} tea"
    assert fonts_of().unprintable(MISSING) == ""


def test_texts_are_printed_in_one_line_without_what_nobody_sees() -> None:
    assert fonts_of().printable(" a\n\tb  c\x00d\x1b ") == "a b cd"
    assert fonts_of().printable("e\u0301") == "é"
    assert fonts_of().unprintable("a\x00\u200d") == ""


def test_widths_are_those_of_the_font() -> None:
    fonts = fonts_of()
    assert fonts.width("") == 0
    assert fonts.width("00") == pytest.approx(2 * fonts.width("0"))
    assert fonts.width("W") > 2 * fonts.width("i")
    assert fonts.width("Price", bold=True) > fonts.width("Price")


def test_further_fonts_are_asked_behind_the_shipped_ones() -> None:
    serif = Path("/usr/share/fonts/truetype/dejavu/DejaVuMathTeXGyre.ttf")
    if not serif.exists():
        pytest.skip("there is no other font on this machine")
    script = "\U0001d4d0"  # A bold script capital A, which the shipped font lacks.
    assert fonts_of().unprintable(script) == script
    fonts = fonts_of((str(serif),))
    assert fonts.unprintable(script) == ""
    runs = [(face.name.rpartition("-")[2], text) for face, text in fonts.runs(f"A{script}B")]
    assert runs == [("DejaVuSansCondensed", "A"), ("DejaVuMathTeXGyre", script), ("DejaVuSansCondensed", "B")]
    assert fonts.width(script) > 0


def test_files_of_the_settings_must_be_fonts(tmp_path: Path) -> None:
    path = SHIPPED / "DejaVuSansCondensed.ttf"
    assert font_files({}) == ()
    assert font_files({"batchbook.labels.fonts": f"\n{path}\n"}) == (str(path),)
    wrong = tmp_path / "wrong.ttf"
    wrong.write_bytes(b"no font")
    for name in (wrong, tmp_path / "missing.ttf"):
        with pytest.raises(ConfigurationError, match="which is no TrueType font that labels can use: "):
            font_files({"batchbook.labels.fonts": str(name)})


def test_the_licence_of_the_fonts_ships_with_them() -> None:
    assert "Bitstream Vera" in (SHIPPED / "LICENSE").read_text()
