"""Why something is not imported: what is asked for is not allowed, or what it would do is not what was reviewed."""

from __future__ import annotations

from batchbook.batches import HandlerContext
from batchbook.errors import BadInput, Conflict, Refused
from batchbook.types.imports.applying import Application, lost_reference
from batchbook.types.imports.comparing import Comparison
from batchbook.types.imports.missing import refuse_scope
from batchbook.types.imports.models import PROBLEMATIC, Import, ImportStatus, Mode
from batchbook.types.imports.plan import ImportPlan
from batchbook.types.imports.stale import Staleness
from batchbook.types.imports.targets import ImportTargets
from batchbook.words import counted

_NAMED = 5
#: The parameter of a batch that tells that records which its table lacks were looked for.
LOOKED_FOR_MISSING = "looked_for_missing"


def refuse_not_allowed(context: HandlerContext, plan: ImportPlan, targets: ImportTargets) -> None:
    """Raise ``Refused`` unless who acts may change the target, and whatever is added to be referred to."""
    added = [field.lookup.model for field in plan.added if field.lookup]
    # What is no target by itself has no permission of its own.
    others = [target for target in targets if target.model in added]
    allowed = {target.model for target in others if context.may(target.permission)}
    for target in (plan.target, *(target for target in others if target.model not in allowed)):
        if not context.may(target.permission):
            raise Refused(
                f"The role of {context.actor} does not allow to change {target.title.lower()}, so nothing can"
                " be imported there. Nothing was changed."
            )


def refuse_mode(plan: ImportPlan) -> None:
    """Raise ``BadInput`` for a mode that the target does not allow, or that lacks the scope it needs."""
    title = plan.target.title.lower()
    if plan.mode.creates and not plan.target.creates:
        raise BadInput(f"An import into {title} can update only: choose that.")
    if plan.mode is not Mode.REPLACE:
        return
    if not plan.target.deletes:
        raise BadInput(f"An import deletes no {title}: choose something else to do with them.")
    refuse_scope(plan)


def refuse_late_replacing(batch: Import) -> None:
    """Raise ``BadInput`` if what is missing is to be deleted, but nobody looked for it when the rows were read."""
    if Mode(batch.mode) is Mode.REPLACE and not batch.params.get(LOOKED_FOR_MISSING):
        raise BadInput(
            "What is missing is looked for when a table is read, and this one was read without that."
            " Create a new import of it to delete what is missing."
        )


def refuse_problems(batch: Import) -> None:
    """Raise ``Conflict`` if rows have problems."""
    count = batch.count_of(*PROBLEMATIC)
    if count:
        raise Conflict(
            f"Nothing was executed, because {counted(count, 'row has', 'rows have')} problems."
            " Reopen the batch and correct or remove them, or choose to apply the good rows now."
        )


def refuse_stale(application: Application, staleness: Staleness, *, overwrite: bool) -> None:
    """Raise ``Conflict`` if records changed since the rows were compared with them.

    With ``overwrite`` they may have; but one that came or went cannot be overwritten.
    """
    session, where = application.session, application.where
    count = staleness.count(session, where, moved=overwrite)
    if not count:
        return
    named = ", ".join(staleness.named(session, where, _NAMED, moved=overwrite))
    named += " and others" if count > _NAMED else ""
    if overwrite:
        raise Conflict(
            f"Nothing was executed, because {counted(count, 'record')} came or went since the last refresh, which cannot"
            f" be overwritten: {named}. Reopen the batch and refresh it."
        )
    raise Conflict(
        f"Nothing was executed, because {counted(count, 'record')} changed since the last refresh: {named}."
        " Reopen the batch and refresh it to see them, or choose to overwrite them."
    )


def refuse_lost_references(application: Application) -> None:
    """Raise ``Conflict`` if rows refer to what was renamed or deleted: their records would lose what they refer to."""
    lost = lost_reference(application)
    if lost is not None:
        field, text, count = lost
        raise Conflict(
            f"Nothing was executed, because {counted(count, 'row refers', 'rows refer')} to a {field.label.lower()} that is"
            f" not there any more, such as “{text[:60]}”. Reopen the batch and refresh it to see them."
        )


def refuse_unsure_deletion(application: Application, comparison: Comparison) -> None:
    """Raise ``Conflict`` if records are to be deleted while rows do not say which records they are about.

    A record that seems to be missing may be that of such a row.
    """
    plan, row = application.plan, application.row
    if plan.mode is not Mode.REPLACE or not plan.batch.count_of(ImportStatus.DELETE):
        return
    keyless = application.count_of_rows(comparison.keyless(), ~row.missing)
    if keyless:
        raise Conflict(
            f"Nothing was executed, because {counted(keyless, 'row does', 'rows do')} not say which record is meant, and it"
            " may be one of those that would be deleted. Reopen the batch and correct or remove them, or delete nothing."
        )
