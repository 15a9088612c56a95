"""What texts from scanners and keyboards mean, by the rules of GS1. The codes are those of its specifications, or made by them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyramid.exceptions import ConfigurationError
from stdnum import ean

from batchbook.batches.scans import Scan, read_layouts, read_scan, upc_a_of
from batchbook.errors import BadInput

UPC, EAN13 = "036000291452", "4006381333931"
GS = "\x1d"


def scanned(text: str, **settings: str) -> Scan:
    return read_scan(text, {f"batchbook.scan.{name}": value for name, value in settings.items()})


# --- Quantity, and what scanners put around a code ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "quantity", "code"),
    [
        ("AB-1", 1, "AB-1"),
        ("3*AB-1", 3, "AB-1"),
        (" 12 \N{MULTIPLICATION SIGN} AB-1\r\n", 12, "AB-1"),
        ("1,5*AB-1", "1.5", "AB-1"),
        ("-2*AB-1", -2, "AB-1"),
        ("2*3*AB-1", 2, "3*AB-1"),
        ("*AB-1*", 1, "*AB-1*"),
        ("AB*2", 1, "AB*2"),
        ("\x02AB-1\x03", 1, "AB-1"),
    ],
)
def test_a_quantity_may_come_before_the_code(text: str, quantity: Any, code: str) -> None:
    scan = scanned(text)
    assert (scan.quantity, scan.code) == (Decimal(quantity), code)


@pytest.mark.parametrize("text", ["", "  ", "]E0", "0*AB-1", "0,0 * AB-1"])
def test_a_text_without_code_or_quantity_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="nothing was entered"):
        scanned(text)


@pytest.mark.parametrize("text", ["1,000*AB-1", "-12,500 * AB-1"])
def test_a_quantity_that_may_be_thousands_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="Write it without the comma"):
        scanned(text)
    assert scanned(text.replace(",", ".")).code == scanned(text.replace(",", "")).code == "AB-1"


def test_a_text_that_is_longer_than_any_code_is_refused_at_once() -> None:
    with pytest.raises(BadInput, match="640,003 characters, more than any code has, so nothing was entered"):
        scanned("]C1" + "0109501101530003" * 40_000)
    assert scanned("]C1" + "0109501101530003" * 400).code == "09501101530003"


@pytest.mark.parametrize("text", [f"]E0{EAN13}", f"2*]E0{EAN13}", f"#{EAN13}", f"{EAN13}$", f"#]E0{EAN13}$"])
def test_what_a_scanner_adds_is_left_out(text: str) -> None:
    assert scanned(text, prefixes="% #", suffixes="$").code == EAN13


def test_a_code_39_keeps_what_looks_like_a_symbology_further_behind() -> None:
    assert scanned("A]E0").code == "A]E0"


# --- Check digits and spellings ----------------------------------------------------------------------------------------


def test_a_code_is_known_with_and_without_zeros_and_check_digit() -> None:
    assert scanned(UPC).candidates == (
        *(UPC, "36000291452", "0036000291452", "00036000291452"),
        *("3600029145", "03600029145", "003600029145", "0003600029145", "00003600029145"),
    )
    for text in ("0036000291452", "00036000291452", "03600029145"):
        assert UPC in scanned(text).candidates
        assert scanned(text).candidates[0] == text


def test_leading_zeros_of_other_numbers_do_not_matter_and_letters_may_be_small() -> None:
    assert {"13", "000000013", "00000000000013"} <= {*scanned("0013").candidates}
    assert scanned("ab-1").candidates == ("ab-1", "AB-1")
    assert scanned("1" * 15).candidates == ("1" * 15,)


@pytest.mark.parametrize("wrong", ["036000291453", "4006381333932", "96385075", "10036000291453"])
def test_a_wrong_check_digit_is_told_and_never_left_out(wrong: str) -> None:
    scan, right = scanned(wrong), ean.calc_check_digit(wrong[:-1])
    assert scan.problem == f"The check digit of “{wrong}” is wrong: it should end in {right}."
    assert not any(one.lstrip("0") == wrong[:-1].lstrip("0") for one in scan.candidates)
    # Typed, it may be one of the shop's own codes; an EAN that a scanner names as such is none.
    assert (scan.is_certain, scanned(f"]E0{wrong}").is_certain) == (False, True)


@given(st.text("0123456789", min_size=1, max_size=14))
def test_any_other_digit_makes_the_check_digit_wrong(digits: str) -> None:
    code = digits.zfill(12)[:13]
    right = code + ean.calc_check_digit(code)
    wrong = code + str((int(right[-1]) + 1) % 10)
    assert scanned(right).problem is None
    assert scanned(wrong).problem


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        ("04252614", "042100005264"),
        ("01234565", "012345000065"),
        ("01234531", "012300000451"),
        ("01234549", "012340000059"),
        ("12345670", "123456000070"),
    ],
)
def test_upc_e_is_expanded(short: str, whole: str) -> None:
    found = upc_a_of(short)
    assert ean.is_valid(whole) == (found == whole)
    if found:
        assert {found, f"0{found}", found[:-1]} <= {*scanned(short).candidates}
        assert scanned(short).problem is None


def test_an_ean_8_is_no_upc_e() -> None:
    assert upc_a_of("96385074") is None
    assert scanned("96385074").problem is None
    assert "00000096385074" in scanned("96385074").candidates


# --- Elements of GS1 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "quantity", "price", "weight"),
    [
        (f"]C101{EAN13.zfill(14)}", 1, None, None),
        (f"]C101{EAN13.zfill(14)}310300125017261231", 1, None, "1.250"),
        (f"]d2{GS}01{EAN13.zfill(14)}10AB{GS}3012", 12, None, None),
        (f"2*]C102{EAN13.zfill(14)}3712", 24, None, None),
        (f"]e001{EAN13.zfill(14)}3922125", 1, "1.25", None),
        (f"(01){EAN13.zfill(14)}(3922)125", 1, "1.25", None),
        # The keyboard swallowed the separator, so the rest cannot be read.
        (f"]C101{EAN13.zfill(14)}10AB99999999999999999999999930X", 1, None, None),
        (f"https://id.gs1.org/01/{EAN13.zfill(14)}/10/AB?17=261231", 1, None, None),
    ],
)
def test_elements_of_gs1_are_read(text: str, quantity: int, price: str | None, weight: str | None) -> None:
    scan = scanned(text)
    assert (scan.code, scan.quantity) == (EAN13.zfill(14), quantity)
    assert scan.price == (price and Decimal(price))
    assert scan.weight == (weight and Decimal(weight))
    assert {EAN13, EAN13[:-1]} <= {*scan.candidates}


def test_other_elements_are_a_code_like_any() -> None:
    assert scanned("]C100123456789012345675").code == "00123456789012345675"


# --- Prices and weights in a code --------------------------------------------------------------------------------------


def with_check_digit(digits: str) -> str:
    return digits + ean.calc_check_digit(digits)


def test_a_price_is_taken_out_of_a_code_with_prefix_2() -> None:
    code = with_check_digit("21234571299")
    for text in (code, f"0{code}", f"]E00{code}", f"3*{code}"):
        scan = scanned(text)
        assert (scan.price, scan.weight) == (Decimal("12.99"), None)
        plain = with_check_digit("21234500000")
        assert scan.code == (plain if "0" not in text[:4] else f"0{plain}")
        assert {plain, "12345", "000012345"} <= {*scan.candidates}
    assert scanned(f"3*{code}").quantity == 3


def test_a_weight_is_taken_out_by_a_layout_of_the_settings() -> None:
    code = with_check_digit("211234501250")
    assert scanned(code).weight is None
    scan = scanned(code, embedded="02IIIIIVPP.PPC 21IIIIIWW.WWWC")
    assert (scan.weight, scan.price) == (Decimal("1.250"), None)
    assert (scan.code, "12345" in scan.candidates) == (with_check_digit("211234500000"), True)


def test_a_code_with_a_wrong_check_digit_has_no_price() -> None:
    code = with_check_digit("21234571299")
    scan = scanned(code[:-1] + str((int(code[-1]) + 1) % 10))
    assert scan.price is None
    assert scan.problem


@pytest.mark.parametrize(
    "layout",
    ["02", "03IIIIIVPP.PPC", "02IIIIIVPP.PP", "02IIIIIVP.P.PC", "02IIIIIVPPWWC", "02IIIIIVPP.PPPC", "x"],
)
def test_a_layout_that_is_none_is_refused(layout: str) -> None:
    with pytest.raises(ConfigurationError, match=r"batchbook\.scan\.embedded has the layout"):
        read_layouts(layout)
