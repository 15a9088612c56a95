"""Commands that refresh or execute many batches of a type: those of the user's choice, or all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import click
from sqlalchemy import select

from batchbook.batches import Action, Batch
from batchbook.batches.engine.preview import without_confirmations
from batchbook.batches.handler_context import HIGHEST_NUMBER
from batchbook.batches.lifecycle import sources_of
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
    several_options,
)
from batchbook.errors import BadInput, BatchbookError, Conflict, Missing
from batchbook.words import counted


def _chosen(
    session: CommandSession, key: str, ids: Sequence[int], action: Action, options: Mapping[str, Any]
) -> Candidates:
    """Return the batches of the type ``key`` with the numbers ``ids``, or else all whose state allows ``action``."""
    batch_type = session.types[key]
    wanted = select(Batch.id).where(Batch.type == batch_type.key, session.visible).order_by(Batch.id)
    if ids:
        wanted = wanted.where(Batch.id.in_([number for number in set(ids) if number <= HIGHEST_NUMBER]))
    else:
        wanted = wanted.where(Batch.state.in_([str(state) for state in sources_of(action)]))
    found = session.db.scalars(wanted.limit(MOST + 1)).all()
    if len(found) > MOST:
        raise BadInput(
            f"More than {MOST:,} batches match, so nothing was done. Name some of them by --batch."
        )
    if missing := sorted(set(ids) - set(found)):
        raise Missing(f"There is no batch {missing[0]:08d} of the type {batch_type.title}. Nothing was done.")
    return candidates(session.services, session.db, session.person, batch_type, action, found, options)


@dataclass(frozen=True)
class _ManyResult:
    """The result of an action on many batches.

    ``done`` are the numbers of those with which it was done, as ``words`` say of one and of several. ``failed`` and
    ``left_out`` have the reasons of the others by number.
    """

    action: Action
    words: tuple[str, str]
    done: Sequence[int]
    left_out: Mapping[int, str]
    failed: Mapping[int, str] = field(default_factory=dict)

    @property
    def data(self) -> dict[str, Any]:
        """The result for scripts."""
        return {
            "action": self.action.value,
            "done": [_named(number) for number in self.done],
            "failed": [_named(number, reason=reason) for number, reason in self.failed.items()],
            "left_out": [_named(number, reason=reason) for number, reason in self.left_out.items()],
        }

    def lines(self) -> Iterator[str]:
        """Yield the lines for people."""
        numbers = ", ".join(f"{number:08d}" for number in self.done)
        yield f"{counted(len(self.done), *self.words)}{f': {numbers}' if numbers else ''}."
        for title, found in (("Failed", self.failed), ("Left out", self.left_out)):
            for number, reason in found.items():
                yield f"{title}: {number:08d}. {reason}"


def _named(number: int, **more: str) -> dict[str, Any]:
    return {"id": number, "number": f"{number:08d}", **more}


def _do_many(
    action: Action,
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
    """Do ``action`` on the batches that are chosen and fit for it, or only tell which they are.

    Raises ``Refusal`` if it failed on one.
    """
    if background:
        demand_job_runner(installation)
    if "options" in values:
        values["options"] = without_confirmations(values["options"])
    options = values.get("options") or {}
    with reading_session(installation, actor) as session:
        chosen = _chosen(session, key, ids, action, options)
        left_out = _left_out(chosen)
        fit = [batch.id for batch in chosen.fit]
    if not fit:
        reasons = " ".join(dict.fromkeys(left_out.values()))
        raise Conflict(f"No batch can be {action.done}, so nothing was done. {reasons}".strip())
    if dry_run:
        words = (f"batch would be {action.done}", f"batches would be {action.done}")
        result = _ManyResult(action, words, fit, left_out)
    elif background:
        queued = _enqueue(installation, key, fit, action, actor, options)
        result = replace(queued, left_out={**left_out, **queued.left_out})
    else:
        words = (f"batch was {action.done}", f"batches were {action.done}")
        done, failed = _one_by_one(installation, fit, action, actor, values, quiet=quiet or as_json)
        result = _ManyResult(action, words, done, left_out, failed)
    print_result(as_json, result.data, *result.lines())
    if result.failed:
        raise Refusal(f"{counted(len(result.failed), 'batch was', 'batches were')} not {action.done}.")


def _left_out(chosen: Candidates) -> dict[int, str]:
    return {one.batch.id: one.reason or "" for one in chosen.unfit}


def _enqueue(
    installation: Installation,
    key: str,
    ids: Sequence[int],
    action: Action,
    actor: str,
    options: Mapping[str, Any],
) -> _ManyResult:
    """Enqueue a job for each of the batches ``ids`` that still is fit."""
    with acting_session(installation, actor) as session:
        again = _chosen(session, key, ids, action, options)
        group, refused = enqueue_all(session.services, session.db, actor, again, options)
        end = f"going to be {action.done}, by the jobs of group {group.id}"
        done = [batch.id for batch in again.fit if batch.id not in refused]
        words = (f"batch is {end}", f"batches are {end}")
        return _ManyResult(action, words, done, {**_left_out(again), **refused})


def _one_by_one(
    installation: Installation,
    ids: Sequence[int],
    action: Action,
    actor: str,
    values: Mapping[str, Any],
    *,
    quiet: bool,
) -> tuple[list[int], dict[int, str]]:
    """Do ``action`` on the batches ``ids``, each in a transaction of its own.

    Returns those with which it was done, and the reasons why others failed.
    """
    done, failed = list[int](), dict[int, str]()
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
    return done, failed


def _many_command(action: Action, options: Callable[..., Any], text: str) -> click.Command:
    """Return the command that does ``action`` on many batches; ``text`` is its help."""
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
    function: Callable[..., Any] = pass_installation(partial(_do_many, action))
    for parameter in reversed(parameters):
        function = parameter(function)
    return click.command(f"{action.value}-all", help=text)(function)


refresh_all = _many_command(
    Action.REFRESH, no_options, "Refresh all batches of TYPE that can be refreshed, one after the other."
)
execute_all = _many_command(
    Action.EXECUTE,
    several_options,
    # Each batch with a warning is left out, so that somebody looks at it and confirms it by itself.
    "Execute all batches of TYPE that are marked as complete, one after the other.",
)
