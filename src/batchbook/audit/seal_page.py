"""The page of a batch's seal: what was sealed, and on demand whether everything still is as it was sealed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.batches.pages.view_models import recorded_effects
from batchbook.batches.seal.chain import Difference, sealed_manifest, verify_chain
from batchbook.batches.seal.models import Seal
from batchbook.batches.seal.verification import Verdict, verify_batch
from batchbook.db import utc_now
from batchbook.errors import Missing
from batchbook.master import MasterView

#: The most rows of a batch that a page verifies: some seconds of work. The command has no limit.
MOST_ROWS = 200_000

#: The parameter of the address that has the batch verified.
_VERIFY = "verify"


class SealPage(BatchPage):
    """The seal of an executed batch. Verifying it only reads, so its button is a link to the same page."""

    name = "seal"
    pattern = "/seal"
    permission = Action.VIEW.value
    template = "batchbook.templates:audit/seal.jinja2"
    button = "Seal and evidence"

    @classmethod
    def offered(cls, view: MasterView, record: Batch) -> bool:  # noqa: ARG003 - The same for all types.
        """Return whether ``record`` is executed."""
        return record.is_final

    def get(self) -> dict[str, Any]:
        """Show the seal; with ``verify`` in the query, verify batch and chain, unless the batch is too large for a page."""
        if not self.batch.is_final:
            raise Missing(f"{self.batch} is not executed yet, so it has no seal.")
        seal = self.request.db.scalars(select(Seal).where(Seal.batch_id == self.batch.id)).one_or_none()
        manifest = sealed_manifest(seal) if seal else None
        too_large = self.batch.row_count > MOST_ROWS
        verifies = seal is not None and _VERIFY in self.request.GET and not too_large
        return self.template_values(
            seal=seal,
            manifest=None if isinstance(manifest, Difference) else manifest,
            too_large=too_large,
            most_rows=MOST_ROWS,
            verdict=self._verdict(seal) if verifies and seal else None,
            broken=next(verify_chain(self.request.db, seal.number), None) if verifies and seal else None,
            verified_at=utc_now(),
            effects=recorded_effects(self.view, self.batch),
        )

    def _verdict(self, seal: Seal) -> Verdict:
        return verify_batch(self.request.db, seal)
