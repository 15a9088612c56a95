"""The auditor's pack: a ZIP with everything that proves what a batch was, and the program that verifies it.

It has the very lines that were sealed, so that whoever has it recomputes the seal and the chain without Batchbook. What is
read, and how, is in the manifests of the seals, as it is for verification.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from batchbook.audit import verify
from batchbook.audit.zip_stream import ZipStream
from batchbook.batches import access
from batchbook.batches.files import file_chunks
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch, BatchFile
from batchbook.batches.policies.field_access import field_access, refuse_if_limited
from batchbook.batches.registry import BatchTypes
from batchbook.batches.rows.scope import table_of
from batchbook.batches.seal.chain import Difference, sealed_manifest
from batchbook.batches.seal.models import Seal, SealChunk
from batchbook.batches.seal.parts import CHUNK_ROWS, Section
from batchbook.batches.seal.sealing import version_of
from batchbook.batches.seal.serialisation import chunks_of
from batchbook.batches.trigger_check import columns_by_table
from batchbook.errors import Conflict
from batchbook.words import counted, quoted_list

#: The part of a pack with the records of what a batch changed. They are not sealed, because they are not the batch's.
EFFECTS = "effects"

_SEALS_AT_A_TIME = 100


@dataclass(frozen=True)
class PackedBatch:
    """A batch in a pack: its seal and manifest, and the sections of the records of what it changed."""

    batch_id: int
    type: str
    title: str
    seal: Seal
    manifest: Mapping[str, Any]
    effects: Sequence[Section]

    @property
    def folder(self) -> str:
        """The name of the batch's folder in the pack."""
        return f"batch-{self.batch_id:08d}"

    def sections(self) -> Iterator[Section]:
        """Yield the sealed sections, in order, and those of the effects."""
        for part in self.manifest["parts"]:
            for sealed in part["tables"]:
                yield Section.from_json(part["name"], sealed)
        yield from self.effects

    def facts(self) -> dict[str, Any]:
        """Return the facts by which the pack names the batch."""
        return {
            "folder": self.folder,
            "batch": self.batch_id,
            "type": self.type,
            "title": self.title,
            "seal": self.seal.number,
            "versions": self.manifest["versions"],
            EFFECTS: [section.to_json() for section in self.effects],
        }


class Pack:
    """A pack of executed batches, for the person called ``by``.

    Args:
        session: a session to read with, until the last chunk was taken.
        types: the registered batch types.
        batches: the executed batches; this person must be allowed to see them, see :func:`demand_packable`.
        by: the name of the person, or of what acts.
        now: the time that the pack tells.

    Raises:
        Conflict: a batch has no seal, or what was sealed is not there any more.

    """

    def __init__(
        self, session: Session, types: BatchTypes, batches: Sequence[Batch], by: str, now: datetime
    ) -> None:
        self._session = session
        self._types = {one.key: one for one in types}
        self._by = by
        self._now = now
        self.batches = [*self._packed(batches)]
        self._demand_tables()

    @property
    def name(self) -> str:
        """The name of the file."""
        first = f"{self.batches[0].batch_id:08d}"
        what = first if len(self.batches) == 1 else f"{first}-and-{len(self.batches) - 1}-more"
        return f"auditors-pack-{what}.zip"

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes of the ZIP, at flat memory."""
        zip_file = ZipStream(self._now)
        for name, chunks in self._members():
            yield from zip_file.member(name, chunks)
        yield from zip_file.end()

    def _packed(self, batches: Sequence[Batch]) -> Iterator[PackedBatch]:
        wanted = select(Seal).where(Seal.batch_id.in_([batch.id for batch in batches]))
        seals = {seal.batch_id: seal for seal in self._session.scalars(wanted)}
        missing = [batch.number for batch in batches if batch.id not in seals]
        if missing:
            raise Conflict(
                f"No pack was made, because {quoted_list(missing)} of {counted(len(batches), 'batch')} have no seal: they were"
                " executed before there were seals. The command “batchbook seal add” makes one for each."
            )
        for batch in batches:
            seal = seals[batch.id]
            manifest = sealed_manifest(seal)
            if isinstance(manifest, Difference):
                raise Conflict(f"No pack was made, because the seal cannot be read. {manifest.sentence}")
            kind = self._types.get(batch.type)
            title = kind.title if kind else batch.type
            yield PackedBatch(batch.id, batch.type, title, seal, manifest, [*self._effects(batch.type)])

    def _effects(self, key: str) -> Iterator[Section]:
        """Yield the sections of the tables in which executions of the type ``key`` record what they change."""
        dialect = self._session.get_bind().dialect
        for model in self._types[key].records if key in self._types else ():
            found = Section.of(EFFECTS, table_of(model), dialect)
            yield Section(EFFECTS, found.table, found.columns, found.key, "batch_id", CHUNK_ROWS)

    def _demand_tables(self) -> None:
        """Raise ``Conflict`` if a table or a column that was sealed is not there."""
        stored = columns_by_table(self._session.connection())
        for batch in self.batches:
            for section in batch.sections():
                if not {column.name for column in section.columns} <= stored.get(section.table, set()):
                    raise Conflict(
                        f"No pack was made, because batch {batch.batch_id:08d} is not as it was sealed: the table {section.table}"
                        " or a column of it is missing. “batchbook verify” tells more."
                    )

    # The members, in the order in which they are written.

    def _members(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        source = files("batchbook.audit")
        yield "README.txt", [source.joinpath("pack_readme.txt").read_bytes()]
        yield "verify.py", [source.joinpath("verify.py").read_bytes()]
        yield verify.PACK, [_line(self._facts())]
        for batch in self.batches:
            yield from self._of_batch(batch)
        yield verify.CHAIN, self._chain()

    def _facts(self) -> dict[str, Any]:
        return {
            "kind": verify.KIND,
            "written_at": self._now.isoformat(),
            "written_by": self._by,
            "batchbook": version_of("batchbook"),
            "batches": [batch.facts() for batch in self.batches],
        }

    def _of_batch(self, batch: PackedBatch) -> Iterator[tuple[str, Iterable[bytes]]]:
        folder = batch.folder
        yield f"{folder}/seal.json", [batch.seal.manifest.encode(errors="backslashreplace")]
        yield f"{folder}/digests.jsonl", self._digests(batch.batch_id)
        for section in batch.sections():
            stem = f"{folder}/{section.part}.{section.table}"
            yield f"{stem}.jsonl", self._json_lines(section, batch.batch_id)
            yield f"{stem}.csv", self._csv_lines(section, batch.batch_id)
        of_batch = select(BatchFile).where(BatchFile.batch_id == batch.batch_id).order_by(BatchFile.number)
        for record in self._session.scalars(of_batch).all():
            path = verify.file_path(record.number, record.name)
            yield f"{folder}/{path}", file_chunks(self._session, record)

    def _digests(self, batch_id: int) -> Iterator[bytes]:
        columns = ("table_name", "position", "rows", "digest", "row_digests", "column_digests")
        table = table_of(SealChunk)
        statement = select(*(table.c[name] for name in columns)).where(table.c.batch_id == batch_id)
        ordered = statement.order_by(table.c.table_name, table.c.position)
        with self._session.execute(ordered.execution_options(yield_per=50)) as found:
            for name, *numbers, rows, of_columns in found:
                short = [b64encode(digests).decode() for digests in (rows, of_columns)]
                named = zip(("table", *columns[1:]), (name, *numbers, *short), strict=True)
                yield _line(dict(named))

    def _json_lines(self, section: Section, batch_id: int) -> Iterator[bytes]:
        for chunk in chunks_of(self._session.connection(), section, batch_id):
            yield b"".join(chunk.lines)

    def _csv_lines(self, section: Section, batch_id: int) -> Iterator[bytes]:
        kinds = [column.kind for column in section.columns]
        yield verify.csv_heading([column.name for column in section.columns])
        for chunk in chunks_of(self._session.connection(), section, batch_id):
            yield b"".join(verify.csv_line(json.loads(line).values(), kinds) for line in chunk.lines)

    def _chain(self) -> Iterator[bytes]:
        """Yield the manifests of all seals, by which the place of a batch in the chain is recomputed."""
        manifests = select(Seal.manifest).order_by(Seal.number)
        found = self._session.execute(manifests.execution_options(yield_per=_SEALS_AT_A_TIME)).scalars()
        for some in found.partitions(_SEALS_AT_A_TIME):
            yield "".join(some).encode(errors="backslashreplace")


def _line(facts: Mapping[str, Any]) -> bytes:
    return (json.dumps(facts, ensure_ascii=False) + "\n").encode(errors="backslashreplace")


def demand_packable(
    session: Session, types: BatchTypes, permissions: frozenset[str], batches: Iterable[Batch], actor: str
) -> None:
    """Raise an error unless ``permissions`` allow downloading all ``batches``, all are executed, and ``actor`` sees all columns.

    A pack without a column could not be verified.
    """
    for batch in batches:
        access.demand(permissions, batch, Action.DOWNLOAD, actor)
        refuse_if_limited(field_access(session, types[batch.type], actor), f"The pack of {batch}")
        if not batch.is_final:
            raise Conflict(f"{batch} is not executed yet, so there is no pack of it. Nothing was written.")
