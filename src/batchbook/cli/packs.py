"""``batchbook pack``: the auditor's pack of executed batches."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import click

from batchbook.audit.pack import Pack, demand_packable
from batchbook.batches.lifecycle import Action
from batchbook.cli.batches.session import CommandSession, identity_of
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import json_option, print_result
from batchbook.cli.parameters import NUMBER, actor_option
from batchbook.db import utc_now
from batchbook.security.audit_log import EXPORTED, record_file_command
from batchbook.words import counted


@click.command()
@click.argument("numbers", metavar="ID...", nargs=-1, required=True, type=NUMBER)
@click.option(
    "--to",
    "file",
    metavar="FILE",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The ZIP to write.",
)
@actor_option
@json_option
@pass_installation
def pack(installation: Installation, numbers: tuple[int, ...], file: Path, actor: str, as_json: bool) -> None:
    """Write the auditor's pack of the executed batches ID: a ZIP that proves them without Batchbook.

    It has their files, header, rows and history, what they changed, their seals and the chain, and verify.py, which needs
    nothing but Python.
    """
    services = installation.services
    with installation.transaction(read_only=True) as db:
        session = CommandSession(services, db, identity_of(db, actor))
        batches = [session.find(number, Action.DOWNLOAD) for number in sorted({*numbers})]
        demand_packable(db, session.types, session.person.permissions, batches, session.person.name)
        written = _write(Pack(db, session.types, batches, session.person.name, utc_now()), file)
    detail = f"auditor's pack {written['sha256']} of {', '.join(batch.number for batch in batches)}"
    record_file_command(installation.engine, EXPORTED, file.name, detail, actor)
    print_result(
        as_json,
        {"batches": [batch.id for batch in batches], "file": str(file), **written},
        f"Wrote the pack of {counted(len(batches), 'batch')}, {written['bytes']:,} bytes, to {file}.",
        f"Its SHA-256 is {written['sha256']}.",
    )


def _write(made: Pack, file: Path) -> dict[str, Any]:
    """Write the pack into ``file``; return its size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    with file.open("wb") as output:
        for chunk in made.chunks():
            output.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return {"bytes": size, "sha256": digest.hexdigest()}
