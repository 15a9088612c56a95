"""``batchbook export``: a list or the rows of a batch as CSV or XLSX, with the filters of a page's address."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import parse_qsl

import click

from batchbook.cli.batches.session import identity_of
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import json_option, print_result
from batchbook.cli.parameters import TEXT, actor_option
from batchbook.errors import Missing
from batchbook.security.audit_log import EXPORTED, record_file_command
from batchbook.words import counted

#: The beginning of a state in the address of a page.
_QUESTION_MARK = "?"


@click.command("export")
@click.argument("list_name", metavar="LIST", type=TEXT)
@click.option(
    "--output",
    metavar="FILE",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "xlsx"]),
    help="The format of the file; by default that of its name, or else CSV.",
)
@click.option(
    "--filter",
    "query",
    metavar="QUERY",
    default="",
    type=TEXT,
    help="Filters and sorting, as in the address of the page behind the question mark.",
)
@actor_option
@json_option
@pass_installation
def export(
    installation: Installation,
    list_name: str,
    output: Path,
    form: str | None,
    query: str,
    actor: str,
    as_json: bool,
) -> None:
    """Export LIST, such as products, vendors or batches, or the rows of the batch with that number, to a file."""
    # Pages are loaded only now, because they know the lists and their columns.
    from batchbook.batches.running.bulk_edits import BATCH_ROWS
    from batchbook.master import Caller, GridReference
    from batchbook.master.grid_sources import INDEX
    from batchbook.master.record_pages import write_export

    services = installation.application
    pairs = parse_qsl(query.removeprefix(_QUESTION_MARK), keep_blank_values=True)
    if list_name.isascii() and list_name.isdigit():
        reference = GridReference(BATCH_ROWS, {"batch_id": int(list_name)}, pairs)
    else:
        _demand_list(list_name, _lists(installation))
        reference = GridReference(INDEX, {"view": list_name}, pairs)
    with installation.transaction(read_only=True) as session:
        grid = reference.open(Caller(services, session, identity_of(session, actor)))
        count = grid.count()
        chosen = form or ("xlsx" if output.suffix.lower() == ".xlsx" else "csv")
        with output.open("wb") as file:
            write_export(grid.grid.file_columns, chosen, grid.rows(), file)
    detail = f"{chosen}, {counted(count, 'row')}" + (f", {query}" if query else "")
    record_file_command(installation.engine, EXPORTED, list_name, detail, actor)
    data = {"list": list_name, "file": str(output), "format": chosen, "rows": count}
    print_result(as_json, data, f"Wrote {counted(count, 'row')} to {output}.")


def _lists(installation: Installation) -> Sequence[str]:
    """Return the names of the lists that pages offer as files."""
    from batchbook.master import Export

    views = installation.registry.introspector.get_category("master views") or ()
    found = (item["introspectable"]["view"] for item in views)
    return sorted(view.prefix for view in found if Export in view.pages)


def _demand_list(name: str, known: Sequence[str]) -> None:
    if name not in known:
        similar = "".join(f" Did you mean “{one}”?" for one in get_close_matches(name, known, n=1))
        raise Missing(f"There is no list “{name[:60]}”.{similar} The lists are: {', '.join(known)}.")
