"""Commands for remembered matches: list them, and revoke one."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy import select

from batchbook.catalog.matches import all_matches, revoke_match
from batchbook.catalog.models import Product, ProductMatch, Vendor
from batchbook.cli.batches.session import identity_of
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import json_option, print_result
from batchbook.cli.parameters import TEXT, actor_option, reader_option
from batchbook.errors import Refused
from batchbook.security.identity import grants

_match = ProductMatch
#: The number of matches that are listed.
_LISTED = 10_000


@click.command("matches")
@click.option("--vendor", type=TEXT, help="Only matches of the vendor with this code.")
@click.option("--product", type=TEXT, help="Only matches with the product of this item code.")
@click.option("--revoked", is_flag=True, help="List revoked matches, too.")
@reader_option
@json_option
@pass_installation
def list_matches(
    installation: Installation,
    vendor: str | None,
    product: str | None,
    revoked: bool,
    reader: str | None,
    as_json: bool,
) -> None:
    """List the remembered matches: codes in vendors' lists that mean a product."""
    columns = (
        _match.id,
        _match.key.label("code"),
        Vendor.code.label("vendor"),
        Product.item_code.label("product"),
        _match.matched_by,
        _match.matched_at,
        _match.revoked_by,
        _match.revoked_at,
    )
    wanted = all_matches().with_only_columns(*columns).order_by(_match.id).limit(_LISTED)
    if vendor is not None:
        wanted = wanted.where(Vendor.code == vendor)
    if product is not None:
        wanted = wanted.where(Product.item_code == product)
    if not revoked:
        wanted = wanted.where(_match.revoked_at.is_(None))
    with installation.transaction(read_only=True) as session:
        if reader is not None and not grants(identity_of(session, reader).permissions, "products:view"):
            raise Refused(f"{reader} may not see matches: the role does not allow it.")
        found = session.execute(wanted).all()
    data = [{name: _plain(value) for name, value in row._mapping.items()} for row in found]
    lines = [_line(row) for row in found] or ["There are no matches."]
    print_result(as_json, {"matches": data}, *lines)


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _line(row: Any) -> str:
    revoked = f", revoked by {row.revoked_by}" if row.revoked_at else ""
    return f"{row.id}: “{row.code}” in lists of {row.vendor} is {row.product} (by {row.matched_by}{revoked})"


@click.command("revoke-match")
@click.argument("number", type=click.IntRange(1))
@actor_option
@json_option
@pass_installation
def revoke(installation: Installation, number: int, actor: str, as_json: bool) -> None:
    """Revoke the match NUMBER: lists that come from now on are not matched by it."""
    with installation.transaction() as session:
        person = identity_of(session, actor)
        if not grants(person.permissions, "products:edit"):
            raise Refused(
                f"{person.name} may not revoke matches: the role does not allow it. Nothing was changed."
            )
        revoke_match(session, number, person.name)
        key = session.scalar(select(_match.key).where(_match.id == number))
    data = {"id": number, "code": key}
    print_result(as_json, data, f"Revoked match {number}, of “{key}”.")
