"""Checks of what hooks return, before it is shown or kept: refused where it cannot be used, cut where it is too long."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from batchbook.batches.handler import Outcome
from batchbook.batches.issues import storable

#: How many characters are kept of a summary, of one sentence, and of all figures as JSON.
_LONGEST_SUMMARY = 1_000
_LONGEST_SENTENCE = 500
_LONGEST_FIGURES = 20_000
#: How many sentences are shown of what an execution will do.
_MOST_SENTENCES = 50


def cut(text: str, length: int) -> str:
    """Return ``text`` as it can be stored, no longer than ``length``; what was cut off has a mark in its place."""
    kept = storable(text[: length + 1])
    return kept if len(kept) <= length else f"{kept[: length - 1]}…"


def checked_outcome(outcome: Any) -> Outcome:
    """Return what ``execute`` returned, its summary cut; raise ``TypeError`` or ``ValueError`` for what cannot be kept."""
    if not isinstance(outcome, Outcome):
        raise TypeError(f"execute must return an Outcome, and returned {_kind(outcome)}")
    if not isinstance(outcome.summary, str):
        raise TypeError(f"the summary of an Outcome must be a text, and is {_kind(outcome.summary)}")
    return Outcome(cut(outcome.summary, _LONGEST_SUMMARY), checked_figures(outcome.figures), outcome.rest)


def checked_figures(figures: Any) -> dict[str, Any]:
    """Return the figures of an outcome; raise as :func:`checked_outcome` does, naming the one that is no JSON value."""
    if not isinstance(figures, Mapping):
        raise TypeError(f"the figures of an Outcome must be a mapping, and are {_kind(figures)}")
    for name, value in figures.items():
        if not isinstance(name, str) or storable(name) != name:
            raise TypeError(
                f"the figures of an Outcome must have texts as names, and one has {cut(repr(name), 60)}"
            )
        _refuse_no_json(cut(name, 60), value)
    kept = dict(figures)
    if len(json.dumps(kept)) > _LONGEST_FIGURES:
        raise ValueError(
            f"the figures of an Outcome may have {_LONGEST_FIGURES:,} characters as JSON, and have more"
        )
    return kept


def _refuse_no_json(name: str, value: Any) -> None:
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"the figure “{name}” of an Outcome is no JSON value: {cut(str(error), 120)}"
        ) from error
    # PostgreSQL keeps neither in JSON.
    if storable(text) != text or "\\u0000" in text:
        raise ValueError(f"the figure “{name}” of an Outcome has characters that no database stores")


def checked_sentences(found: Any) -> list[str]:
    """Return the sentences of ``describe_execution``, each cut, and as many as can be read; raise ``TypeError``."""
    if not isinstance(found, (list, tuple)):
        raise TypeError(f"describe_execution must return a list of sentences, and returned {_kind(found)}")
    for sentence in found:
        if not isinstance(sentence, str):
            raise TypeError(
                f"describe_execution must return sentences, and returned {_kind(sentence)} among them"
            )
    shown = [cut(sentence, _LONGEST_SENTENCE) for sentence in found[:_MOST_SENTENCES]]
    return shown if len(found) <= _MOST_SENTENCES else [*shown, "…"]


def checked_reason(found: Any) -> str | None:
    """Return what ``why_not_execute`` returned, cut; raise ``TypeError`` for what is neither a sentence nor ``None``."""
    if found is None:
        return None
    if not isinstance(found, str) or not found.strip():
        raise TypeError(f"why_not_execute must return a sentence or None, and returned {_kind(found)}")
    return cut(found, _LONGEST_SENTENCE)


def _kind(value: Any) -> str:
    return "nothing" if value is None else "an empty text" if value == "" else f"a {type(value).__name__}"
