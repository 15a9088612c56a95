"""Who may see and do what with a job: who asked for it, who may see what it is about, and who keeps an eye on all."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from sqlalchemy import Engine

from batchbook.db.session import transaction_scope
from batchbook.jobs.models import Job, JobGroup
from batchbook.jobs.office import Jobs
from batchbook.master import RecordContext
from batchbook.master.records import find
from batchbook.security.identity import Identity

#: What those may do who may see what a job is about.
_WATCHING = frozenset({"jobs:view"})
#: To fetch the file that a job made.
_FILE = "jobs:file"
#: To end the process that runs a job, which concerns others as well: never just for who asked for the job.
END_PROCESS = "jobs:end-process"


def may_change(identity: Identity, asked: Job | JobGroup, permission: str) -> bool:
    """Return whether ``identity`` may do what ``permission`` names, by a role or as who ``asked`` for it."""
    return asked.asked_by == identity.name or identity.may(permission)


class AskedContext(RecordContext):
    """The context of the addresses of something that was asked for."""

    @cached_property
    def record(self) -> Any:
        """What the address names; raises ``Missing`` when there is none.

        It is read in a transaction of its own that only reads: a job that writes keeps other writers out of SQLite,
        and whoever wants to cancel it must not have to wait for it.
        """
        request = self.view.request
        with transaction_scope(request.services.get(Engine), read_only=True) as session:
            return find(session, self.view.model, self.view.lookup, request.matchdict["id"])


class JobContext(AskedContext):
    """The context of the addresses of one job."""

    def permits(self, identity: Identity, permission: str) -> bool:
        """Return whether ``identity`` may do with the job what ``permission`` names."""
        if permission == _FILE:  # What is in it is for nobody else, and only while the thing itself is.
            return bool(self.record.asked_by == identity.name) and self._sees_subject()
        if permission == END_PROCESS:
            return identity.may(permission)
        if may_change(identity, self.record, permission):
            return True
        return permission in _WATCHING and self._sees_subject()

    def _sees_subject(self) -> bool:
        request = self.view.request
        return bool(request.services.get(Jobs).tasks[self.record.task].seen(request, self.record))
