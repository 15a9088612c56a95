"""ZPL: what a printer understands of it, also where texts look like its commands."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batchbook.types.labels.fonts import fonts_of
from batchbook.types.labels.shipped_templates import SHIPPED
from batchbook.types.labels.templates import Barcode, BarcodeKind, Box, LabelSize, LabelTemplate, Paper, Text
from batchbook.types.labels.typesetting import Typesetter
from batchbook.types.labels.zpl import DOTS, LabelZpl, escaped

ROLL = SHIPPED[6]
TEA = {"description": "Tea", "price": "2.49", "upc": "4006381333931", "item_code": "000032456"}


def printed(template: LabelTemplate = ROLL, dots: int = 8, copies: int = 1, **fields: str) -> str:
    file = BytesIO()
    zpl = LabelZpl(file, template, dots)
    zpl.add(Typesetter(template, fonts_of()).marks(fields), copies)
    zpl.close()
    return file.getvalue().decode()


def commands(zpl: str) -> list[tuple[str, str]]:
    """Read ``zpl`` as a printer does: every ``^`` and ``~`` begins a command, and ``^FH_`` decodes the next ``^FD``."""
    found, decodes = [], False
    for one in re.split(r"(?=[\^~])", zpl.replace("\n", "")):
        if not one:
            continue
        size = 3 if one[1] != "A" else 2
        name, rest = one[:size], one[size:]
        if name == "^FD" and decodes:
            rest = re.sub(
                rb"_([0-9A-F]{2})", lambda match: bytes([int(match[1], 16)]), rest.encode()
            ).decode()
        decodes = (name == "^FH" or decodes) and name != "^FS"
        found.append((name, rest))
    return found


def data(zpl: str) -> list[str]:
    return [rest for name, rest in commands(zpl) if name == "^FD"]


def with_text(width: float = 200) -> LabelTemplate:
    element = Text(field="description", x=2, y=2, width=width - 4, height=10, font=10)
    return LabelTemplate(
        paper=Paper.ROLL, size=LabelSize.LARGE, title="A text", width=width, height=20, elements=(element,)
    )


def with_barcode(kind: BarcodeKind, *, content: str = "", dots: float = 2) -> LabelTemplate:
    element = Barcode(
        x=10, y=10, width=80, height=20, kind=kind, content=content, module=dots / 8, step=0.125
    )
    return LabelTemplate(
        paper=Paper.ROLL, size=LabelSize.LARGE, title="A code", width=100, height=50, elements=(element,)
    )


def test_a_label_is_one_format_in_utf_8() -> None:
    zpl = printed(**TEA, copies=3)
    assert zpl.startswith("^XA^CI28^LH0,0^PW456^LL256")
    assert zpl.endswith("^PQ3^XZ\n")
    assert zpl.count("^XA") == zpl.count("^XZ") == 1


def test_it_has_the_texts_and_the_code_of_the_label() -> None:
    assert data(printed(**TEA)) == ["Tea", "2.", "49", "400638133393", *"4006381333931", "000032456"]


def test_places_and_sizes_are_those_of_the_resolution() -> None:
    for dpi, dots in DOTS.items():
        assert round(int(dpi) / 25.4) == dots
        zpl = printed(dots=dots, **TEA)
        assert f"^PW{57 * dots}^LL{32 * dots}" in zpl
        (place,) = re.findall(r"\^FT(\d+),(\d+),0\^A0N,(\d+)\^FH_\^FDTea", zpl)
        assert [int(number) / dots for number in place] == pytest.approx([2.5, 4.77, 3.53], abs=0.1)


def test_retail_codes_are_the_printers_own_without_check_digit() -> None:
    kinds = {"4006381333931": "^BEN", "012000161155": "^BUN", "96385074": "^B8N"}
    for code, command in kinds.items():
        zpl = printed(with_barcode(BarcodeKind.RETAIL), upc=code)
        assert re.search(rf"\^BY2\{command},\d+,N,N\^FH_\^FD{code[:-1]}\^FS", zpl), zpl


def test_bars_begin_behind_the_quiet_zone() -> None:
    zpl = printed(with_barcode(BarcodeKind.RETAIL), upc="4006381333931")
    assert f"^FO{10 * 8 + 11 * 2},80^BY2" in zpl
    zpl = printed(with_barcode(BarcodeKind.RETAIL), dots=12, upc="4006381333931")
    assert f"^FO{10 * 12 + 11 * 3},120^BY3" in zpl


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("12345678", ">;12345678"),
        ("123", ">:123"),
        ("AB-1", ">:AB-1"),
        ("a>b", ">:a>0b"),
        ("a^b~c_d", ">:a^b~c_d"),
    ],
)
def test_code_128_begins_with_its_code_set(text: str, sent: str) -> None:
    zpl = printed(with_barcode(BarcodeKind.CODE_128), item_code=text)
    assert "^BCN," in zpl
    assert data(zpl)[0] == sent


def test_qr_codes_name_correction_and_mode() -> None:
    zpl = printed(with_barcode(BarcodeKind.QR, content="{description}"), description="Grüner Tee ^ 茶")
    assert "^BQN,2,3" in zpl
    assert data(zpl) == ["MA,Grüner Tee ^ 茶"]


def test_lines_are_boxes() -> None:
    line = LabelTemplate(
        paper=Paper.ROLL, size=LabelSize.SMALL, title="A line", width=50, height=20,
        elements=(Box(x=1, y=2, width=40, height=0.05),),
    )  # fmt: skip
    assert "^FO8,16^GB320,1,1^FS" in printed(line)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("50% off", "50% off"), ("^XZ~JR", "_5EXZ_7EJR"), ("a_5Eb", "a_5F5Eb"), ("Grün", "Grün"), ("a\\&b", "a_5C&b"),
        ("a\nb", "a_0Ab"), ("\xa0", "_C2_A0"), ("中", "中"),
    ],
)  # fmt: skip
def test_what_a_printer_would_read_as_a_command_is_hexadecimal(text: str, sent: str) -> None:
    assert escaped(text) == sent


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
@example("\x1b\r0")
def test_no_text_becomes_a_command(text: str) -> None:
    template = with_text()
    shown = fonts_of().printable(text)
    zpl = printed(template, description=text)
    expected = ["^XA", "^CI", "^LH", "^PW", "^LL"]
    expected += ["^FT", "^A", "^FH", "^FD", "^FS"] if shown else []
    assert [name for name, _ in commands(zpl)] == [*expected, "^PQ", "^XZ"]
    assert data(zpl) == ([shown] if shown else [])


@given(st.text(min_size=1, max_size=20))
def test_no_item_code_becomes_a_command(text: str) -> None:
    names = [name for name, _ in commands(printed(with_barcode(BarcodeKind.AUTO), item_code=text))]
    assert names.count("^XA") == names.count("^XZ") == 1
    assert set(names) <= {
        "^XA", "^CI", "^LH", "^PW", "^LL", "^FO", "^BY", "^BC", "^BQ", "^FT", "^A", "^FH", "^FD", "^FS", "^PQ", "^XZ",
    }  # fmt: skip


def test_more_copies_than_a_printer_counts_are_told_in_parts() -> None:
    assert re.findall(r"\^PQ(\d+)", printed(**TEA, copies=150_000_000)) == ["99999999", "50000001"]
