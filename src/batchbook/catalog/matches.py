"""The page of remembered matches: codes in vendors' lists that mean a product, with whoever matched and revoked them."""

from __future__ import annotations

from typing import Any, ClassVar

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import Row, Select, String, cast, select, update
from sqlalchemy.orm import Session

from batchbook.catalog.models import Product, ProductMatch, Vendor
from batchbook.db import utc_now
from batchbook.errors import Conflict, Missing
from batchbook.grid import Column, Kind, Sort
from batchbook.master import GRID_PAGES, Detail, Index, MasterView, Page
from batchbook.web.request import Request

_match = ProductMatch

COLUMNS = (
    Column("key", "Code in list", _match.key, Kind.TEXT),
    Column("vendor", "Vendor", Vendor.code, Kind.TEXT),
    Column("item_code", "Product", Product.item_code, Kind.TEXT, link="product"),
    Column("description", "Description", Product.description, Kind.TEXT),
    Column("matched_by", "Matched by", _match.matched_by, Kind.USER),
    Column("matched_at", "Matched", _match.matched_at, Kind.DATETIME),
    Column("batch_id", "In batch", cast(_match.batch_id, String), Kind.TEXT, link="batch"),
    Column("current", "In use", _match.revoked_at.is_(None), Kind.BOOLEAN),
    Column("revoked_by", "Revoked by", _match.revoked_by, Kind.USER),
    Column("revoked_at", "Revoked", _match.revoked_at, Kind.DATETIME),
)


def all_matches() -> Select[Any]:
    """Return the SELECT of all matches, revoked ones included, with their product and vendor."""
    return select(_match).join(_match.product).join(_match.vendor)


def revoke_match(session: Session, match_id: int, by: str) -> None:
    """Revoke a match in the name of ``by``: lists that come from now on are not matched by it.

    Raises ``Missing`` where there is none, and ``Conflict`` if it was revoked already.
    """
    revoked = update(_match).where(_match.id == match_id, _match.revoked_at.is_(None))
    statement = revoked.values(revoked_at=utc_now(), revoked_by=by)
    if session.connection().execute(statement).rowcount:
        session.expire_all()
        return
    if session.get(_match, match_id) is None:
        raise Missing(f"There is no match {match_id}. Nothing was changed.")
    raise Conflict("The match was revoked already, so nothing was changed.")


def _batch_url(request: Request, row: Row[Any]) -> str | None:
    if row.batch_id is None:
        return None
    path: str = request.route_path("batches.find", number=f"{int(row.batch_id):08d}")
    return path


class RevokeMatch(Page):
    """Revoke a match; it stays in the list, with whoever revoked it."""

    name = "revoke"
    pattern = "/revoke"
    permission = "edit"
    on_record = True
    button = "Revoke"
    kind = "danger"

    @classmethod
    def offered(cls, view: MasterView, record: ProductMatch) -> bool:  # noqa: ARG003 - The record decides.
        """Offer it for a match that is in use."""
        return record.revoked_at is None

    def post(self) -> HTTPSeeOther:
        """Revoke it and show the list."""
        label = self.view.label_of(self.record)
        revoke_match(self.request.db, self.record.id, self.request.authenticated_userid)
        message = f"Revoked the {label}. Batches that were matched by it stay as they are."
        return self.done(message, self.view.url("index"))


class MatchView(MasterView):
    """Remembered matches. They are part of what is known of products, so they need the permissions for products."""

    model = ProductMatch
    prefix = "matches"
    path = "/matches"
    title = "Matches"
    title_one = "match"
    description = (
        "Codes in vendors' lists that mean a product: chosen once, used for every later list of that vendor."
    )
    grid_columns = COLUMNS
    default_sort = (Sort("matched_at", descending=True),)
    pages = (Index, *GRID_PAGES, Detail, RevokeMatch)
    links: ClassVar = {
        "product": lambda request, row: request.route_path(
            "products.index", _query=[("f.item_code.equal", row.item_code)]
        ),
        "batch": _batch_url,
    }

    @classmethod
    def permission(cls, name: str) -> str:
        """Return the permission for products: to see, to export, and to edit them, which revoking needs."""
        return f"products:{name}"

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Return matches with their product and vendor."""
        return all_matches()

    def label_of(self, record: ProductMatch) -> str:
        """Return the label, such as match of “M-77” with 000000021."""
        return f"match of “{record.key}” in lists of {record.vendor.code} with {record.product.item_code}"

    def facts(self, record: ProductMatch) -> list[tuple[Column, Any]]:
        """Return the grid's columns, with the product and the vendor."""
        named = {
            "vendor": record.vendor.code,
            "item_code": record.product.item_code,
            "description": record.product.description,
            "current": record.revoked_at is None,
        }
        return [
            (column, named[column.name] if column.name in named else getattr(record, column.name))
            for column in COLUMNS
        ]
