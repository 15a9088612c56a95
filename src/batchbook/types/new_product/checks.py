"""The checks of proposed products: what they lack, what the catalogue has already, and codes and names that are wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from batchbook.batches import RowProxy, Rows, Severity
from batchbook.catalog.models import Department, Product, Vendor
from batchbook.db import folded_key, key_form, spelled_like
from batchbook.errors import BadInput
from batchbook.types.new_product.likeness import (
    LikeProduct,
    LikeProducts,
    code_problem,
    codes_alike,
    plain_code,
)
from batchbook.types.new_product.models import NewProduct, NewProductRow, ProposalStatus
from batchbook.words import quoted_list

_row = NewProductRow

#: The codes of the issues that a refresh finds, and clears once they are solved.
_CODES = ("missing", "check-digit", "unknown", "duplicate", "upc-taken", "similar", "below-cost")
#: The columns without which no product is created, with what they are called in a sentence.
_NEEDED = {"item_code": "item code", "description": "description", "price": "price"}
#: The names of departments and vendors that are compared with an unknown one, and those that are suggested.
_COMPARED, _SUGGESTED = 5_000, 3


@dataclass(frozen=True)
class _Known:
    """Facts about the rows of a chunk: products with their codes, codes that several rows have, and names of the catalogue."""

    by_code: Mapping[str, LikeProduct]
    by_upc: Mapping[str, LikeProduct]
    codes_twice: Collection[str]
    upcs_twice: Collection[str]
    names: Mapping[str, Collection[str]]
    like: Mapping[int, LikeProduct]


def resolve_name(
    session: Session, names: InstrumentedAttribute[str], what: str, text: str | None
) -> str | None:
    """Return the spelling in ``names`` of ``text``, a name that a person gave; ``None`` where they gave none.

    Raises ``BadInput`` where there is no such name, whatever its case, or where it may be several; ``what`` is what has it.
    """
    if not text:
        return None
    found = spelled_like(session, names, text)
    if not found:
        raise BadInput(f"There is no {what} “{text}” in the catalogue.")
    if len(found) > 1:
        raise BadInput(
            f"“{text}” may be more than one {what}: {quoted_list(found)}. Write it as the catalogue does."
        )
    return found[0]


def normalise(session: Session, batch: NewProduct, rows: Rows) -> None:
    """Give ``rows`` the header's vendor and department where they have none, the catalogue's spelling, and plain codes."""
    found = list(rows)
    for row in found:
        if row.upc:
            row.upc = plain_code(row.upc) or None
        if batch.upc_as_code and not row.item_code and row.upc and code_problem(row.upc) is None:
            row.item_code = row.upc
        row.department = row.department or batch.department
        row.vendor_code = row.vendor_code or batch.vendor_code
    for name, column in (("department", Department.name), ("vendor_code", Vendor.code)):
        spelled = _spellings(session, column, {getattr(row, name) for row in found} - {None})
        for row in found:
            text = getattr(row, name)
            setattr(row, name, spelled.get(text, text))
    rows.save()


def _spellings(
    session: Session, column: InstrumentedAttribute[str], texts: Collection[str]
) -> dict[str, str]:
    """Return for those of ``texts`` that differ only in writing from one name in ``column`` that name."""
    forms = {key_form(text) for text in texts}
    form = folded_key(column)
    names = select(form.label("form"), func.min(column).label("name"))
    names = names.where(form.in_(forms)).group_by(form).having(func.count() == 1)
    found = {one.form: one.name for one in session.execute(names)} if forms else {}
    return {text: found[key_form(text)] for text in texts if key_form(text) in found}


def check(
    session: Session, batch: NewProduct, rows: Rows, products: LikeProducts, alike: Collection[str] = ()
) -> None:
    """Set the statuses and issues of ``rows``, which are normalised; ``alike`` are forms of codes that several rows have."""
    found = list(rows)
    known = _known(session, batch, found, products, alike)
    for row in found:
        row.clear_issues(*_CODES)
        row.similar_to = row.similar_product = None
        row.set_status(*_judged(row, known))
    _suggest_names(session, found)


def _known(
    session: Session,
    batch: NewProduct,
    rows: Sequence[RowProxy],
    products: LikeProducts,
    alike: Collection[str],
) -> _Known:
    codes, upcs = {row.item_code for row in rows} - {""}, {row.upc for row in rows} - {None}
    facts = select(Product.item_code, Product.upc, Product.description, Product.size)
    forms = {key_form(code) for code in codes}
    by_code = {
        key_form(one.item_code): LikeProduct(one.item_code, one.description, one.size)
        for one in session.execute(facts.where(folded_key(Product.item_code).in_(forms)))
    }
    wanted = {one for upc in upcs for one in codes_alike(upc)}
    by_upc = {
        one.upc.lstrip("0"): LikeProduct(one.item_code, one.description, one.size)
        for one in session.execute(facts.where(Product.upc.in_(wanted)))
    }
    names = {}
    for name, column in (("department", Department.name), ("vendor_code", Vendor.code)):
        texts = {getattr(row, name) for row in rows} - {None}
        names[name] = {*session.scalars(select(column).where(column.in_(texts)))}
    fresh = [row for row in rows if key_form(row.item_code) not in by_code]
    return _Known(
        by_code,
        by_upc,
        {*alike, *(key_form(code) for code in _twice(session, batch, _row.item_code, codes))},
        _twice(session, batch, _row.upc, upcs),
        names,
        products.find(fresh),
    )


def _twice(
    session: Session, batch: NewProduct, column: InstrumentedAttribute[Any], values: Iterable[str]
) -> set[str]:
    """Return those of ``values`` that several rows of the batch have in ``column``."""
    having = select(column).where(_row.batch_id == batch.id, ~_row.removed, column.in_(values))
    return {*session.scalars(having.group_by(column).having(func.count() > 1))}


def codes_written_alike(session: Session, batch: NewProduct, *where: Any) -> set[str]:
    """Return the forms, as :func:`key_form` makes them, of item codes that several rows of the batch have."""
    form = folded_key(_row.item_code)
    forms = select(form).where(_row.batch_id == batch.id, ~_row.removed, _row.item_code != "", *where)
    return {*session.scalars(forms.group_by(form).having(func.count() > 1))}


def _judged(row: RowProxy, known: _Known) -> tuple[ProposalStatus, str | None]:
    """Add the issues of ``row``, and return its status with a sentence about it."""
    existing = known.by_code.get(key_form(row.item_code))
    if existing is not None:
        return ProposalStatus.IN_CATALOGUE, f"{existing.item_code} is {existing.words}."
    has_same = known.by_upc.get(row.upc.lstrip("0")) if row.upc else None
    if has_same is not None:
        text = f"Product {has_same.item_code} has this UPC/EAN already: {has_same.words}."
        row.add_issue("upc", "upc-taken", text, Severity.WARNING)
        return ProposalStatus.IN_CATALOGUE, text
    _note_wrong(row, known)
    missing = _note_missing(row)
    if (twice := _note_twice(row, known)) is not None:
        return twice
    if any(one["severity"] == Severity.ERROR and one["code"] != "missing" for one in row.issues or ()):
        return ProposalStatus.INVALID, None
    if missing:
        return ProposalStatus.INCOMPLETE, f"It has no {' and no '.join(missing)}."
    return _compared(row, known.like.get(row.sequence))


def _note_wrong(row: RowProxy, known: _Known) -> None:
    problem = code_problem(row.upc) if row.upc else None
    if problem is not None:
        row.add_issue("upc", "check-digit", problem[0], suggestions=problem[1])
    for name, words in (("department", "department"), ("vendor_code", "vendor")):
        text = getattr(row, name)
        if text and text not in known.names[name]:
            row.add_issue(name, "unknown", f"There is no {words} “{text}” in the catalogue.")
    if row.price is not None and row.cost is not None and row.price < row.cost:
        row.add_issue("price", "below-cost", "The price is below the cost.", Severity.WARNING)


def _note_missing(row: RowProxy) -> list[str]:
    """Add issues for what the row lacks and cannot do without; return it in words."""
    having_issues = {one["field"] for one in row.issues or ()}
    missing = []
    for name, words in _NEEDED.items():
        if getattr(row, name) in (None, ""):
            missing.append(words)
            if name not in having_issues:  # A text that could not be read says more.
                row.add_issue(name, "missing", f"A new product needs a{'n' * (words[0] in 'aeiou')} {words}.")
    return missing


def _note_twice(row: RowProxy, known: _Known) -> tuple[ProposalStatus, str] | None:
    """Add issues for codes that another row has as well; return the status for that, ``None`` if there are none."""
    found = None
    if row.upc in known.upcs_twice:
        found = ProposalStatus.SAME_UPC, "Another row has the same UPC/EAN."
        row.add_issue("upc", "duplicate", found[1])
    if row.item_code and key_form(row.item_code) in known.codes_twice:
        found = ProposalStatus.DUPLICATE, "Another row has the same item code."
        row.add_issue("item_code", "duplicate", found[1])
    return found


def _compared(row: RowProxy, like: LikeProduct | None) -> tuple[ProposalStatus, str | None]:
    """Return the status of a row that can be created, and name the product in the catalogue that it may be."""
    if like is None:
        return ProposalStatus.NEW, None
    row.similar_to, row.similar_product = like.item_code, like.words
    if row.different:
        return ProposalStatus.NEW, f"Not {like.item_code}, although it is similar."
    # Equal for all such rows, which are listed together; the note of each names the product.
    text = (
        "The catalogue has a similar product, see the note of the row. Enter yes if this is a different one."
    )
    row.add_issue("different", "similar", text, Severity.WARNING, suggestions=["yes"])
    return ProposalStatus.SIMILAR, f"It may be {like.item_code}: {like.words}."


def _suggest_names(session: Session, rows: Sequence[RowProxy]) -> None:
    """Suggest names that are close to those that the catalogue lacks."""
    for name, column in (("department", Department.name), ("vendor_code", Vendor.code)):
        unknown = [row for row in rows if any(_is_unknown(one, name) for one in row.issues or ())]
        if not unknown:
            continue
        names = {key_form(one): one for one in session.scalars(select(column).limit(_COMPARED))}
        for row in unknown:
            text = getattr(row, name)
            close = get_close_matches(key_form(text), names, _SUGGESTED)
            words = next(one["message"] for one in row.issues or () if _is_unknown(one, name))
            row.add_issue(name, "unknown", words, suggestions=[names[one] for one in close])


def _is_unknown(issue: Mapping[str, Any], field: str) -> bool:
    return (issue["code"], issue["field"]) == ("unknown", field)
