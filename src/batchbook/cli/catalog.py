"""``batchbook catalog``: the products that shipped batch types act upon."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from pathlib import Path

import click

from batchbook.catalog.loader import load_file
from batchbook.cli.output import json_option, show
from batchbook.cli.site import Site
from batchbook.errors import BadInput
from batchbook.master.batch_only import LONGEST_REASON
from batchbook.words import counted


@click.group()
def catalog() -> None:
    """Products, vendors and departments."""


@catalog.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reason", help="Why prices or quantities change without a batch; kept in the history.")
@json_option
@click.pass_obj
def load(site: Site, file: Path, reason: str | None, as_json: bool) -> None:
    """Load products from a CSV or XLSX FILE: all of it, or nothing.

    Products that the catalogue has are brought up to date; others are created. The columns are item_code,
    description, department, category, brand, size, vendor_code, price and on_hand. A file that changes prices or
    quantities of products that are there needs a --reason; "batch create import" does the same as a batch.
    """
    reason = (reason or "").strip() or None
    if reason is not None and len(reason) > LONGEST_REASON:
        raise BadInput(
            f"The reason has {len(reason)} characters: {LONGEST_REASON} are the most. Nothing was loaded."
        )
    with site.transaction() as session:
        loaded = load_file(session, file, by=getpass.getuser(), reason=reason)
    sentence = (
        f"Loaded {counted(loaded.total, 'product')}: {loaded.created:,} created, {loaded.updated:,} updated,"
        f" {loaded.unchanged:,} unchanged."
    )
    show(as_json, asdict(loaded), sentence)
