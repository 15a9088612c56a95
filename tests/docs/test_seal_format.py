"""What the format of seals says is so: its program recomputes a seal with the standard library alone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from sqlalchemy import select
from tests.batches.attacked import make_batches

from batchbook.batches.models import Batch
from batchbook.batches.seal.models import Seal
from batchbook.batches.seal.parts import PARTS, sections_of
from batchbook.batches.seal.serialisation import chunks_of
from batchbook.db.engine import make_engine
from batchbook.db.transactions import transaction_scope
from batchbook.testing.databases import Databases

TEXT = (Path(__file__).parents[2] / "docs" / "reference" / "seal-format.md").read_text()


def test_its_program_recomputes_a_seal(databases: Databases, backend: str, tmp_path: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "recompute.py").write_text(program)
    with databases.migrated(backend, fill=(make_batches,)) as url:
        engine = make_engine(url)
        with transaction_scope(engine, read_only=True) as session:
            seal = session.scalars(select(Seal)).one()
            for section in sections_of(session, session.get_one(Batch, seal.batch_id)):
                found = chunks_of(session.connection(), section, seal.batch_id)
                lines = [line for chunk in found for line in chunk.lines]
                (tmp_path / f"{section.table}.jsonl").write_bytes(b"".join(lines))
        engine.dispose()
    (tmp_path / "seal.json").write_text(seal.manifest)

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", tmp_path / "recompute.py", tmp_path]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert run().stdout.strip() == seal.digest
    rows = tmp_path / "price_change_row.jsonl"
    rows.write_bytes(rows.read_bytes().replace(b"2.00", b"2.01"))
    assert "price_change_row differs" in run().stderr


def test_it_names_the_parts() -> None:
    assert all(f"`{part.name}`" in TEXT for part in PARTS[:5])
