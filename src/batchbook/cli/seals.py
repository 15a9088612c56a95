"""Commands that verify executed batches against their seals, and take checkpoints of the chain of seals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from batchbook.batches.models import Batch
from batchbook.batches.registry import BatchTypes
from batchbook.batches.retention.models import Tombstone
from batchbook.batches.seal.chain import Difference, verify_chain
from batchbook.batches.seal.checkpoints import (
    Checkpoint,
    compare_checkpoints,
    mail_checkpoint,
    read_checkpoints,
    take_checkpoint,
)
from batchbook.batches.seal.sealing import head_of_chain, seal_batch
from batchbook.batches.seal.timestamps import request_timestamp, trusted_certificates, verify_timestamp
from batchbook.batches.seal.verification import Result, Verdict, unsealed_batches
from batchbook.batches.seal.verification import verify as verify_batches
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import json_option, print_result, utc_text
from batchbook.cli.parameters import NUMBER
from batchbook.db import utc_now
from batchbook.errors import BadInput
from batchbook.words import counted

#: The statuses with which “verify” ends if something differs, and if nothing does but batches have no seal.
DIFFERS, UNSEALED = 1, 3

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("numbers", metavar="[ID]...", nargs=-1, type=NUMBER)
@click.option("--all", "everything", is_flag=True, help="All executed batches.")
@click.option("--since", type=click.IntRange(min=1), metavar="SEAL", help="The batches from this seal on.")
@click.option(
    "--checkpoint",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of checkpoints to which the chain must lead; may be repeated.",
)
@json_option
@pass_installation
def verify(
    installation: Installation,
    numbers: tuple[int, ...],
    everything: bool,
    since: int | None,
    files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Verify that the batches ID, or all, are as they were sealed when they were executed.

    Names the first table, record and column of each batch that differs. Exits with status 1 if anything differs, and with
    status 3 if nothing does but batches have no seal, because they were executed before there were seals.
    """
    if [bool(numbers), everything, since is not None].count(True) != 1 and not (files and not numbers):
        raise click.UsageError("Give either numbers of batches, --all or --since, or a --checkpoint.")
    checkpoints = [one for file in files for one in _read(file)]
    _verify_timestamps(installation, checkpoints)
    with installation.transaction(read_only=True) as session:
        broken = [*verify_chain(session, since or 1), *compare_checkpoints(session, checkpoints)]
        wanted = everything or since is not None or bool(numbers)
        found = verify_batches(session, numbers or None, since or 1) if wanted else iter(())
        verdicts = [*_shown(found, each=bool(numbers), as_json=as_json)]
        head = head_of_chain(session)
        counts = Counter(verdict.result for verdict in verdicts)
    data = {
        "seals": head.number if head else 0,
        "chain": [_difference_facts(one) for one in broken],
        "checkpoints": len(checkpoints),
        "batches": [_verdict_facts(one) for one in verdicts] if as_json else [],
    }
    print_result(as_json, data, *_summary(head.number if head else 0, broken, counts, len(checkpoints)))
    _exit(bool(broken) or bool(counts[Result.DIFFERS]), bool(counts[Result.UNSEALED]))


def _read(file: Path) -> Sequence[Checkpoint]:
    try:
        return read_checkpoints(file.read_text(encoding="utf-8"), file.name)
    except UnicodeDecodeError as error:
        raise BadInput(f"{file.name} is not a file of checkpoints, so nothing was verified.") from error


def _verify_timestamps(installation: Installation, checkpoints: Sequence[Checkpoint]) -> None:
    """Raise ``Conflict`` if one of ``checkpoints`` has a time stamp that is not to be trusted."""
    stamped = [(one.digest, one.timestamp) for one in checkpoints if one.timestamp is not None]
    if stamped:
        trusted = trusted_certificates(installation.settings)
        for digest, timestamp in stamped:
            verify_timestamp(timestamp, digest, trusted)


def _shown(found: Iterator[Verdict], *, each: bool, as_json: bool) -> Iterator[Verdict]:
    """Yield the verdicts as they are made; print those with a difference, or ``each`` of them, unless for JSON."""
    for verdict in found:
        if not as_json and (each or verdict.result not in (Result.AS_SEALED, Result.PURGED)):
            click.echo(_sentence(verdict))
        yield verdict


def _sentence(verdict: Verdict) -> str:
    if verdict.difference is not None:
        return verdict.difference.sentence
    name = f"Batch {verdict.batch_id:08d}"
    if verdict.seal is None:
        return f"{name} has no seal, because it was executed before there were seals. “seal add” makes one."
    late = ", which was made after the execution" if verdict.is_late else ""
    seal = f"seal {verdict.seal.number} of {utc_text(verdict.seal.sealed_at)} UTC{late}"
    if stone := verdict.tombstone:
        acted = f" ({stone.acted_by})" if stone.acted_by else ""
        at = f"{utc_text(stone.purged_at)} UTC"
        return f"{name} was purged after its retention, at {at} by {stone.purged_by}{acted}; {seal} is kept."
    return f"{name} is as it was sealed by {seal}."


def _summary(
    seals: int, broken: list[Difference], counts: Counter[Result], checkpoints: int
) -> Iterator[str]:
    for difference in broken:
        yield difference.sentence
    if not broken:
        led = f", and leads to {counted(checkpoints, 'checkpoint')}" if checkpoints else ""
        yield f"The chain of {counted(seals, 'seal')} is unbroken{led}."
    if total := sum(counts.values()):
        parts = ", ".join(f"{counts[result]:,} {result}" for result in Result if counts[result])
        yield f"Verified {counted(total, 'batch')}: {parts}."


def _verdict_facts(verdict: Verdict) -> dict[str, Any]:
    return {
        "id": verdict.batch_id,
        "result": str(verdict.result),
        "seal": verdict.seal.number if verdict.seal else None,
        "sealed_at": verdict.seal.sealed_at if verdict.seal else None,
        "late": verdict.is_late,
        "purged": _purge_facts(verdict.tombstone) if verdict.tombstone else None,
        "difference": _difference_facts(verdict.difference) if verdict.difference else None,
    }


def _purge_facts(stone: Tombstone) -> dict[str, Any]:
    return {"at": stone.purged_at, "by": stone.purged_by, "acted_by": stone.acted_by}


def _difference_facts(difference: Difference) -> dict[str, Any]:
    return {
        "id": difference.batch_id,
        "seal": difference.seal,
        "table": difference.table,
        "record": difference.record,
        "columns": [*difference.columns],
        "message": difference.sentence,
    }


def _exit(differs: bool, unsealed: bool) -> None:
    if status := DIFFERS if differs else UNSEALED if unsealed else 0:
        click.get_current_context().exit(status)


@click.group()
def seal() -> None:
    """The chain of seals of executed batches."""


@seal.command()
@click.option("--to", "file", type=_FILE, help="The file to which the checkpoint is added as a line.")
@click.option(
    "--timestamp", is_flag=True, help="Have the time-stamping authority of the settings confirm it."
)
@click.option("--mail", "addresses", metavar="ADDRESS", multiple=True, help="Send it there; may be repeated.")
@json_option
@pass_installation
def checkpoint(
    installation: Installation, file: Path | None, timestamp: bool, addresses: tuple[str, ...], as_json: bool
) -> None:
    """Print the head of the chain of seals, to be kept where nobody can change it together with the database."""
    with installation.transaction(read_only=True) as session:
        taken = take_checkpoint(session, utc_now())
    if timestamp:
        reply = request_timestamp(installation.settings, taken.digest)
        taken = replace(taken, timestamp=reply)
    if file is not None:
        with file.open("a", encoding="utf-8") as lines:
            lines.write(taken.to_line())
    if addresses:
        mail_checkpoint(installation.settings, taken, addresses)
    where = "" if file is None else f" It was added to {file}."
    where += f" It was sent to {', '.join(addresses)}." if addresses else ""
    print_result(
        as_json,
        {
            "number": taken.number,
            "digest": taken.digest,
            "sealed_at": taken.sealed_at,
            "taken_at": taken.taken_at,
        },
        f"The head of the chain is seal {taken.number}.{where}" if where else taken.to_line().strip(),
    )


@seal.command()
@json_option
@pass_installation
def add(installation: Installation, as_json: bool) -> None:
    """Seal the batches that were executed before there were seals, each with the time at which this is done.

    Such a seal vouches for the batch from that time on, not from its execution on, and says so.
    """
    types = installation.services.get(BatchTypes)
    with installation.transaction(read_only=True) as session:
        numbers = unsealed_batches(session)
    for number in numbers:
        # A transaction for each, because the chain is locked until it ends.
        with installation.transaction() as session:
            _seal_late(session, types, number)
    print_result(
        as_json,
        {"sealed": numbers},
        f"Sealed {counted(len(numbers), 'batch')}." if numbers else "Each executed batch has a seal.",
    )


def _seal_late(session: Session, types: BatchTypes, number: int) -> None:
    batch = session.get_one(Batch, number)
    seal_batch(session, batch, types[batch.type].handler, utc_now(), late=True)
