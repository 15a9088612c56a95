"""The page of a batch's seal: what was sealed, and on demand whether everything still is as it was sealed."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.audit.seal_verification import (
    Verified,
    enqueue_verification,
    last_result,
    result_of,
    seal_of,
    verified,
)
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.batches.pages.view_models import recorded_effects
from batchbook.batches.seal.chain import Difference, sealed_manifest
from batchbook.batches.seal.models import Seal
from batchbook.errors import Missing
from batchbook.jobs import JobService
from batchbook.master import MasterView
from batchbook.master.paging import whole_number

#: The most rows of a batch that a page verifies where there are no jobs: some seconds of work. The command has no limit.
MOST_ROWS = 200_000

#: The parameters of the address: one that has the batch verified, and the number of the job that verified it.
_VERIFY, _JOB = "verify", "job"


class SealPage(BatchPage):
    """The seal of an executed batch. Verifying it only reads, so its button is a link to the same page.

    A large batch is verified by a job.
    """

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
        """Show the seal, and the result of a job; with ``verify`` in the query, verify batch and chain."""
        seal = self._seal()
        manifest = sealed_manifest(seal) if seal else None
        return self.template_values(
            seal=seal,
            manifest=None if isinstance(manifest, Difference) else manifest,
            by_job=self._is_big,
            too_large=self._is_too_large,
            most_rows=MOST_ROWS,
            verified=self._verified(seal),
            effects=recorded_effects(self.view, self.batch),
        )

    def post(self) -> HTTPSeeOther:
        """Have a job verify a large batch; lead to the result for others."""
        if self._seal() is None:
            raise Missing(f"{self.batch} has no seal, so there is nothing to verify.")
        if self._is_big:
            jobs, by = self.request.services.get(JobService), self.request.authenticated_userid
            job = enqueue_verification(jobs, self.request.db, self.batch, by)
            return HTTPSeeOther(self.request.route_path("jobs.await", id=job.id))
        return HTTPSeeOther(self.view.url("seal", self.batch, _query=[(_VERIFY, "yes")]))

    def _seal(self) -> Seal | None:
        if not self.batch.is_final:
            raise Missing(f"{self.batch} is not executed yet, so it has no seal.")
        return seal_of(self.request.db, self.batch.id)

    @property
    def _is_big(self) -> bool:
        jobs: JobService = self.request.services.get(JobService)
        return jobs.is_big(self.batch.row_count)

    @property
    def _is_too_large(self) -> bool:
        return not self._is_big and self.batch.row_count > MOST_ROWS

    def _verified(self, seal: Seal | None) -> Verified | None:
        """Return the result of the job in the address, or of the last one for a large batch; verify another if that is wanted."""
        db, query = self.request.db, self.request.GET
        if _JOB in query:
            return result_of(db, whole_number(query[_JOB]) or 0, self.batch)
        if self._is_big:
            return last_result(db, self.batch)
        return verified(db, seal) if seal and _VERIFY in query and not self._is_too_large else None
