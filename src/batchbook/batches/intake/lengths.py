"""Codes that a spreadsheet stripped of their zeros: found by their length, and offered to be padded, with evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from batchbook.words import counted

#: How many of the codes must have one length for it to be the usual one.
_USUAL = 0.9


@dataclass(frozen=True)
class Padding:
    """An offer to pad codes with zeros to ``width`` digits, and the ``evidence`` for it in a sentence."""

    width: int
    evidence: str


def usual(lengths: Mapping[int, int]) -> int | None:
    """Return the length that nearly all codes have; ``None`` if there is none."""
    total = sum(lengths.values())
    best = max(lengths, key=lambda length: lengths[length], default=None)
    return best if best and lengths[best] >= _USUAL * total else None


def offer(lengths: Mapping[int, int], known: Mapping[int, int]) -> Padding | None:
    """Return to how many digits the codes of a file are to be padded, if some of them seem to lack zeros.

    ``lengths`` counts the codes of the file that are all digits by their length, ``known`` those that there are already
    where the file is going to. What is there already counts for more.
    """
    width = usual(known) or usual(lengths)
    short = {length: count for length, count in lengths.items() if width and length < width}
    if width is None or not short or any(length > width for length in lengths):
        return None
    where = "known here" if usual(known) else "in the file"
    counts = known if usual(known) else lengths
    return Padding(
        width,
        f"{counts[width]:,} of {counted(sum(counts.values()), 'code')} {where} have {width} digits;"
        f" {counted(sum(short.values()), 'code')} in the file {_have(short)}.",
    )


def _have(short: Mapping[int, int]) -> str:
    low, high = min(short), max(short)
    digits = f"{low}" if low == high else f"{low} to {high}"
    return f"{'has' if sum(short.values()) == 1 else 'have'} {digits}: a spreadsheet may have stripped their zeros"
