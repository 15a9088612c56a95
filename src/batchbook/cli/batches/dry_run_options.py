"""The options of ``batchbook batch execute`` that try the execution out, and list its effects or write them to a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from batchbook.batches import Action
from batchbook.batches.effects.models import Effect
from batchbook.batches.running.dry_run import (
    EFFECT_COLUMNS,
    DryRun,
    Reader,
    dry_run,
    effect_lines,
    value_text,
)
from batchbook.cli.batches.session import acting_session
from batchbook.cli.installation import Installation
from batchbook.cli.output import batch_identity, print_result
from batchbook.cli.parameters import execution_options
from batchbook.grid import label_of
from batchbook.words import counted

#: The most records that are listed on the terminal.
_LISTED = 50


def dry_run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of an execution, ``--dry-run``, and ``--output`` for the file with the effects."""
    output = click.option(
        "--output",
        type=click.Path(dir_okay=False, path_type=Path),
        help="With --dry-run: the CSV or XLSX file to write all effects to.",
    )
    flag = click.option(
        "--dry-run", is_flag=True, help="Show what would be changed, record by record, without changing it."
    )
    return execution_options(flag(output(command)))


def dry_run_instead(
    installation: Installation, batch_id: int, actor: str, values: dict[str, Any], as_json: bool
) -> bool:
    """Do a dry run and print its result, if ``--dry-run`` is among ``values``, which lose both options; return whether it is."""
    asked, output = values.pop("dry_run"), values.pop("output")
    if not asked:
        if output is not None:
            raise click.UsageError("--output needs --dry-run: an execution itself writes no file.")
        return False
    with acting_session(installation, actor) as session:
        identity = batch_identity(session.find(batch_id, Action.DRY_RUN))
        found = dry_run(session.engine, batch_id, values["options"], _reader(output))
    print_result(as_json, {**identity, **_facts(found, output)}, *_lines(found, output))
    return True


def _reader(output: Path | None) -> Reader:
    if output is None:
        return list

    def write(effects: Iterator[Effect]) -> Sequence[Effect]:
        # Only spreadsheets need it.
        from batchbook.master.record_pages import write_export

        form = "xlsx" if output.suffix.lower() == ".xlsx" else "csv"
        with output.open("wb") as file:
            write_export(EFFECT_COLUMNS, form, effect_lines(effects), file)
        return ()

    return write


def _facts(found: DryRun, output: Path | None) -> Mapping[str, Any]:
    counts = [{"target": target, "kind": kind, "records": count} for target, kind, count in found.counts]
    effects = (
        {"effects": [asdict(effect) for effect in found.effects]} if output is None else {"file": str(output)}
    )
    return {
        "dry_run": True,
        "summary": found.summary,
        "warnings": found.warnings,
        "counts": counts,
        **effects,
    }


def _lines(found: DryRun, output: Path | None) -> list[str]:
    counts = ", ".join(f"{label_of(target)}: {count:,} {kind}" for target, kind, count in found.counts)
    lines = [
        f"Nothing was changed. An execution would do this: {found.summary}",
        f"{counts or 'No record would be changed'}.",
    ]
    if found.warnings:
        lines.append(f"To be confirmed: {found.warnings}")
    for effect in found.effects[:_LISTED]:
        changes = "; ".join(
            f"{label_of(name)}: {value_text(old) or '-'} -> {value_text(new) or '-'}"
            for name, old, new in effect.changes
        )
        lines.append(
            f"  {label_of(effect.target)} {effect.label} {effect.kind} (row {effect.sequence}): {changes}"
        )
    if len(found.effects) > _LISTED:
        more = counted(len(found.effects) - _LISTED, "record")
        lines.append(f"  … and {more} more; --output writes all to a file.")
    if output is not None:
        lines.append(f"Wrote {counted(found.total, 'record')} to {output}.")
    return lines
