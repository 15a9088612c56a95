"""What executing an import will do, in sentences with counts."""

from __future__ import annotations

from batchbook.types.imports.models import APPLICABLE, PROBLEMATIC, Import, ImportStatus
from batchbook.words import counted

_LEFT_OUT = (ImportStatus.UNCHANGED, ImportStatus.SKIPPED)
_STALE = "Some records changed since the last refresh: see what was, what is planned, what is now."


def description(batch: Import, title: str, *, stale: bool) -> list[str]:
    """Return the sentences about ``batch``, whose target people call ``title``; ``stale`` if records changed since."""
    done = ", ".join(f"{batch.count_of(s):,} {s.value}d" for s in APPLICABLE if batch.count_of(s))
    left = ", ".join(f"{batch.count_of(s):,} {s.label.lower()}" for s in _LEFT_OUT if batch.count_of(s))
    sentences = [f"{title}: {done}."]
    if left:
        sentences.append(f"Nothing happens to the rest: {left}.")
    problematic = batch.count_of(*PROBLEMATIC)
    if problematic:
        sentences.append(
            f"{counted(problematic, 'row has', 'rows have')} problems. Unless good rows are applied now, nothing is"
            " executed while that is so."
        )
    return [*sentences, _STALE] if stale else sentences
