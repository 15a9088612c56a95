"""Commands that refresh or execute many batches of a type: those of the user's choice, or all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click
from sqlalchemy import select

from batchbook.batches import Action, Batch
from batchbook.batches.engine.context import HIGHEST_NUMBER
from batchbook.batches.lifecycle import lines_for
from batchbook.batches.running.several import MOST, Candidates, candidates, enqueue_all
from batchbook.cli.batches.command_factories import demand_job_runner, run_action, state_result
from batchbook.cli.batches.session import CommandSession, acting_session, reading_session
from batchbook.cli.foreground_job import Foreground
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import Refusal, json_option, print_result, quiet_option
from batchbook.cli.parameters import (
    NUMBER,
    TEXT,
    actor_option,
    background_option,
    no_options,
    unconfirmed_options,
)
from batchbook.errors import BadInput, BatchbookError, Conflict, Missing
from batchbook.words import counted


def _chosen(session: CommandSession, key: str, ids: Sequence[int], action: Action) -> Candidates:
    """Return the batches of the type ``key`` with the numbers ``ids``, or all in a state in which ``action`` is possible."""
    batch_type = session.types[key]
    wanted = select(Batch.id).where(Batch.type == batch_type.key, session.visible).order_by(Batch.id)
    if ids:
        wanted = wanted.where(Batch.id.in_([number for number in set(ids) if number <= HIGHEST_NUMBER]))
    else:
        states = {state for line in lines_for(action) for state in line.sources}
        wanted = wanted.where(Batch.state.in_([str(state) for state in states]))
    found = session.db.scalars(wanted.limit(MOST + 1)).all()
    if len(found) > MOST:
        raise BadInput(
            f"More than {MOST:,} batches match, so nothing was done. Name some of them by --batch."
        )
    if missing := sorted(set(ids) - set(found)):
        raise Missing(f"There is no batch {missing[0]:08d} of the type {batch_type.title}. Nothing was done.")
    return candidates(session.services, session.db, session.person, batch_type, action, found)


def _many_command(action: Action, options: Callable[..., Any], text: str) -> Callable[..., Any]:
    """Return the command that does ``action`` on many batches; ``text`` is its help."""

    @pass_installation
    def command(
        installation: Installation,
        /,
        key: str,
        ids: tuple[int, ...],
        dry_run: bool,
        background: bool,
        quiet: bool,
        actor: str,
        as_json: bool,
        **values: Any,
    ) -> None:
        if background:
            demand_job_runner(installation)
        with reading_session(installation, actor) as session:
            chosen = _chosen(session, key, ids, action)
            left_out = {one.batch.id: one.reason or "" for one in chosen.unfit}
            fit = [batch.id for batch in chosen.fit]
        if not fit:
            reasons = " ".join(dict.fromkeys(left_out.values()))
            raise Conflict(f"No batch can be {action.done}, so nothing was done. {reasons}".strip())
        if dry_run:
            would = f"would be {action.done}"
            _show(as_json, action, fit, {}, left_out, (f"batch {would}", f"batches {would}"))
        elif background:
            with acting_session(installation, actor) as session:
                again = _chosen(session, key, fit, action)
                group = enqueue_all(session.services, session.db, actor, again, values.get("options") or {})
                end = f"going to be {action.done}, by the jobs of group {group.id}"
            _show(as_json, action, fit, {}, left_out, (f"batch is {end}", f"batches are {end}"))
        else:
            _one_by_one(installation, action, actor, fit, left_out, values, quiet or as_json, as_json)

    parameters = (
        click.argument("key", metavar="TYPE", type=TEXT),
        click.option(
            "--batch",
            "ids",
            metavar="ID",
            multiple=True,
            type=NUMBER,
            help="Only this batch; may be repeated.",
        ),
        options,
        click.option(
            "--dry-run", is_flag=True, help="Show which batches it would be, without changing them."
        ),
        background_option,
        quiet_option,
        actor_option,
        json_option,
    )
    function: Callable[..., Any] = command
    for parameter in reversed(parameters):
        function = parameter(function)
    return click.command(f"{action.value}-all", help=text)(function)


def _one_by_one(
    installation: Installation,
    action: Action,
    actor: str,
    ids: Sequence[int],
    left_out: Mapping[int, str],
    values: Mapping[str, Any],
    quiet: bool,
    as_json: bool,
) -> None:
    """Do ``action`` on the batches ``ids``, each in a transaction of its own; raise ``Refusal`` if one was not done."""
    done, failed = [], {}
    with Foreground(installation.services, actor, quiet=quiet) as foreground:
        for batch_id in ids:
            try:
                result = run_action(
                    installation, foreground, batch_id, actor, action, values, state_result, False
                )
            except BatchbookError as error:
                failed[batch_id] = error.message
            else:
                if result.failed:
                    failed[batch_id] = result.message
                else:
                    done.append(batch_id)
    were = (f"batch was {action.done}", f"batches were {action.done}")
    _show(as_json, action, done, failed, left_out, were)
    if failed:
        raise Refusal(f"{counted(len(failed), 'batch was', 'batches were')} not {action.done}.")


def _show(
    as_json: bool,
    action: Action,
    done: Sequence[int],
    failed: Mapping[int, str],
    left_out: Mapping[int, str],
    words: tuple[str, str],
) -> None:
    def reasons(found: Mapping[int, str]) -> list[dict[str, Any]]:
        return [
            {"id": number, "number": f"{number:08d}", "reason": reason} for number, reason in found.items()
        ]

    data = {
        "action": action.value,
        "done": [{"id": number, "number": f"{number:08d}"} for number in done],
        "failed": reasons(failed),
        "left_out": reasons(left_out),
    }
    print_result(as_json, data, *_lines(done, failed, left_out, words))


def _lines(
    done: Sequence[int], failed: Mapping[int, str], left_out: Mapping[int, str], words: tuple[str, str]
) -> Iterator[str]:
    numbers = ", ".join(f"{number:08d}" for number in done)
    yield f"{counted(len(done), *words)}{f': {numbers}' if numbers else ''}."
    for title, found in (("Failed", failed), ("Left out", left_out)):
        for number, reason in found.items():
            yield f"{title}: {number:08d}. {reason}"


refresh_all = _many_command(
    Action.REFRESH, no_options, "Refresh all batches of TYPE that can be refreshed, one after the other."
)
execute_all = _many_command(
    Action.EXECUTE,
    unconfirmed_options,
    # Each batch with a warning is left out, so that somebody looks at it and confirms it by itself.
    "Execute all batches of TYPE that are marked as complete, one after the other.",
)
