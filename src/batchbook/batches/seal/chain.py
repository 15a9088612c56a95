"""The chain of seals: each has the digest of the one before, so that none can be changed or left out unnoticed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from batchbook.batches.retention.models import Tombstone
from batchbook.batches.seal.models import HEX_DIGITS, Seal, SealChunk
from batchbook.batches.seal.values import Column

#: The version of the format of seals.
FORMAT = 1
#: What the first seal has as the digest of the seal before.
GENESIS = "0" * HEX_DIGITS


@dataclass(frozen=True)
class Difference:
    """A difference between what was sealed and what is stored: the table, the record and the columns.

    ``record`` is empty for a whole table, ``columns`` if it is unknown which ones differ. ``batch_id`` and ``seal`` are
    ``None`` where a difference concerns none.
    """

    batch_id: int | None
    seal: int | None
    table: str
    record: str = ""
    columns: tuple[str, ...] = ()
    what: str = "was changed"

    @property
    def sentence(self) -> str:
        """The difference in words."""
        whose = [f"batch {self.batch_id:08d}"] if self.batch_id is not None else []
        whose += [f"seal {self.seal}"] if self.seal is not None else []
        where = [f"table {self.table}", *([self.record] if self.record else [])]
        if self.columns:
            where.append(f"{'column' if len(self.columns) == 1 else 'columns'} {', '.join(self.columns)}")
        return f"{', '.join([*whose, *where]).capitalize()}: {self.what}."


@dataclass(frozen=True)
class Link:
    """A link of the chain as it should be: the number of a seal, and the SHA-256 of its manifest."""

    number: int
    digest: str


def digest_of_manifest(manifest: str) -> str:
    """Return the SHA-256 of a manifest's line, in hexadecimal."""
    return hashlib.sha256(manifest.encode(errors="backslashreplace")).hexdigest()


def verify_chain(session: Session, since: int = 1) -> Iterator[Difference]:
    """Yield the differences in the chain from the seal ``since`` on; none if it is unbroken.

    Seals that were cut off at the end are missed by the digests of their batches and by tombstones. A chain that somebody
    with all rights over the database has rewritten, or cut off together with these, is unbroken: that is found by a
    checkpoint that is kept elsewhere, see :mod:`batchbook.batches.seal.checkpoints`.
    """
    before = Link(since - 1, GENESIS)
    if since > 1 and (earlier := session.get(Seal, since - 1)) is not None:
        before = Link(earlier.number, digest_of_manifest(earlier.manifest))
    numbers = session.scalars(select(Seal.number).where(Seal.number >= since).order_by(Seal.number)).all()
    for number in numbers:
        seal = session.get_one(Seal, number)
        yield from _broken_link(seal, before)
        before = Link(number, digest_of_manifest(seal.manifest))
        session.expunge(seal)
    yield from _cut_off(session, before.number)


def _cut_off(session: Session, last: int) -> Iterator[Difference]:
    """Yield the batches whose seals are not there, although there are digests or tombstones by which they were sealed."""
    table = Seal.__tablename__
    orphans = select(SealChunk.batch_id).where(~exists().where(Seal.batch_id == SealChunk.batch_id))
    lost = {*session.scalars(orphans.distinct())}
    later = select(Tombstone.number).where(Tombstone.seal.is_not(None))
    lost |= {*session.scalars(later.where(~exists().where(Seal.number == Tombstone.seal)))}
    for number in sorted(lost):
        what = f"its seal is missing, although it was sealed; the chain ends with seal {last}"
        yield Difference(number, None, table, what=what)


def _broken_link(seal: Seal, before: Link) -> Iterator[Difference]:
    table = Seal.__tablename__
    if seal.number != before.number + 1:
        missing = before.number + 1
        which = (
            f"seal {missing} is"
            if seal.number == missing + 1
            else f"seals {missing} to {seal.number - 1} are"
        )
        yield Difference(None, None, table, what=f"{which} missing")
    elif seal.previous != before.digest:
        yield Difference(
            seal.batch_id,
            seal.number,
            table,
            columns=("previous",),
            what=f"does not lead to seal {before.number}",
        )
    if isinstance(found := sealed_manifest(seal), Difference):
        yield found


def sealed_manifest(seal: Seal) -> dict[str, Any] | Difference:
    """Return the manifest of ``seal``, or the difference between the manifest and the rest of the seal."""
    try:
        manifest: dict[str, Any] = json.loads(seal.manifest)
        sealed = {name: manifest[key] for name, key in _REPEATED.items()}
        _demand_shape(manifest)
    except (ValueError, TypeError, LookupError):
        return _of_seal(seal, ("manifest",), "is not readable")
    if digest_of_manifest(seal.manifest) != seal.digest:
        return _of_seal(seal, ("digest", "manifest"), "do not match")
    stored = {name: getattr(seal, name) for name in _REPEATED}
    stored["sealed_at"] = json.loads(Column("", "moment").tokens([seal.sealed_at])[0])
    differing = tuple(name for name in _REPEATED if stored[name] != sealed[name])
    return _of_seal(seal, differing, "was changed") if differing else manifest


def _demand_shape(manifest: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` or ``LookupError`` unless ``manifest`` has what is needed to verify the batch."""
    if manifest["format"] != FORMAT or not {"late", "purge_after"} <= manifest.keys():
        raise ValueError("The manifest is in another format.")
    for part in manifest["parts"]:
        for sealed in part["tables"]:
            if not {"name", "key", "columns", "chunk_rows", "rows", "digest"} <= sealed.keys():
                raise ValueError("The manifest does not describe a table.")


#: The columns that repeat what the manifest has, by its name there.
_REPEATED = {
    "number": "number",
    "batch_id": "batch",
    "type": "type",
    "sealed_at": "sealed_at",
    "previous": "previous",
}


def _of_seal(seal: Seal, columns: tuple[str, ...], what: str) -> Difference:
    return Difference(seal.batch_id, seal.number, Seal.__tablename__, columns=columns, what=what)
