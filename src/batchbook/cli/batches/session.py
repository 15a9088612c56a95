"""The session of a command: one transaction, on behalf of one person, with that person's permissions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from batchbook.batches import Action, Batch, BatchFile, BatchType, BatchTypes, access
from batchbook.batches.earlier_uploads import earlier_upload
from batchbook.batches.editing import CellProblems
from batchbook.batches.engine.engine import Engine, Result
from batchbook.batches.lifecycle import possible_actions
from batchbook.batches.running.runner import ActionCall, Runner, perform
from batchbook.cli.installation import Installation
from batchbook.errors import BadInput, Refused
from batchbook.progress import Progress
from batchbook.security.identity import Identity, identity_of_user
from batchbook.security.models import User, normal_name
from batchbook.services import Services
from batchbook.web import WebSettings
from batchbook.zones import zone_asked, zone_called

#: The actor of reads by the administrator of the machine, who is not a user.
_NOBODY = ""


class CommandSession:
    """A session of the database, ``db``, and the person who acts or reads in it.

    Without a person it is the session of the administrator of the machine, who may read everything.
    """

    def __init__(self, services: Services, db: Session, person: Identity | None) -> None:
        self.db = db
        self.services = services
        self._person = person
        #: The reason that the person gives for edits.
        self.reason: str | None = None

    @property
    def person(self) -> Identity:
        """The person who acts; raise ``Refused`` in a session without one."""
        if self._person is None:
            raise Refused("Name the user on whose behalf to act. Nothing was done.")
        return self._person

    @property
    def types(self) -> BatchTypes:
        """The registered batch types."""
        types: BatchTypes = self.services.get(BatchTypes)
        return types

    @property
    def engine(self) -> Engine:
        """The engine, working for the person."""
        actor = self._person.name if self._person else _NOBODY
        return Engine(self.db, self.types, self.services.settings, actor, reason=self.reason)

    @property
    def visible(self) -> ColumnElement[bool]:
        """The condition for the batches that the person may see."""
        return access.visible(self._person.permissions, self.types) if self._person else true()

    def holds(self, permission: str) -> bool:
        """Return whether the person has ``permission``."""
        return self._person is None or self._person.may(permission)

    def sees(self, batch_type: BatchType) -> bool:
        """Return whether the person may see some batches of the type."""
        return self._person is None or access.may(self._person.permissions, batch_type.key, Action.VIEW)

    def earlier_upload(self, file: BatchFile | None) -> str:
        """Return a sentence on an earlier upload of ``file``, empty without one."""
        permissions = self._person.permissions if self._person else None
        earlier = file and earlier_upload(
            self.db,
            file,
            lambda key, state: permissions is None or access.may_see(permissions, key, state),
        )
        return earlier.sentence if earlier else ""

    def actions(self, batch: Batch) -> list[Action]:
        """Return the actions that the state of ``batch`` and the person's role allow."""
        possible = possible_actions(batch.state)
        if self._person is None:
            return list(possible)
        permissions = self._person.permissions
        return [action for action in possible if access.may_now(permissions, batch, action)]

    def find(self, batch_id: int, action: Action) -> Batch:
        """Return a batch on which the person may do ``action``.

        Raises ``Missing`` if there is none, ``Refused`` if the role and ``Conflict`` if the state forbids it.
        """
        batch = self.engine.find(batch_id)
        if self._person is not None:
            access.demand(self._person.permissions, batch, action, self._person.name)
        return batch

    def demand_create(self, batch_type: BatchType) -> None:
        """Raise ``Refused`` unless the person may create batches of the type."""
        if self._person is not None and not access.may_create(self._person.permissions, batch_type.key):
            raise Refused(
                f"{self._person.name} may not create batches of the type {batch_type.title}: the role does not allow"
                " it. Nothing was created."
            )

    def zone(self, name: str | None) -> ZoneInfo:
        """Return the time zone called ``name``, by default that of the person, or else of the settings.

        Raises ``BadInput`` if there is no zone of that name.
        """
        if name:
            return zone_asked(name)
        own = self._person.timezone if self._person else None
        default: ZoneInfo = self.services.get(WebSettings).timezone
        return (own and zone_called(own)) or default

    def call(self, batch_id: int, action: Action, options: Mapping[str, Any] | None = None) -> ActionCall:
        """Return the call for ``action`` in the person's name."""
        return ActionCall(batch_id, action, self.engine.actor, options or {})

    def run(self, batch_id: int, action: Action, options: Mapping[str, Any] | None = None) -> Result:
        """Submit ``action`` on a batch to the application's runner, in the person's name."""
        self.find(batch_id, action)
        result: Result = self.services.get(Runner).submit(self.db, self.call(batch_id, action, options))
        return result

    def run_now(self, batch_id: int, action: Action, progress: Progress) -> Result:
        """Run ``action`` on a batch in the transaction of this session, without a job."""
        engine = Engine(self.db, self.types, self.services.settings, self.engine.actor, progress)
        return perform(engine, ActionCall(batch_id, action, engine.actor))


@contextmanager
def acting_session(installation: Installation, name: str) -> Iterator[CommandSession]:
    """Yield a session in which the user called ``name`` acts; it is committed unless an exception is raised."""
    # The application is started before the transaction, which keeps others from writing.
    services = installation.services
    with _fields_named_in_errors(), installation.transaction() as db:
        yield CommandSession(services, db, identity_of(db, name))


@contextmanager
def reading_session(installation: Installation, name: str | None) -> Iterator[CommandSession]:
    """Yield a read-only session for the user called ``name``, or for the administrator of the machine."""
    services = installation.services
    with installation.transaction(read_only=True) as db:
        yield CommandSession(services, db, None if name is None else identity_of(db, name))


@contextmanager
def _fields_named_in_errors() -> Iterator[None]:
    """Put the fields' names into errors about values; a page shows each sentence beside its field instead."""
    try:
        yield
    except CellProblems as error:
        sentences = (f"{name}: {sentence}" for name, sentence in error.problems.items())
        raise BadInput(" ".join(sentences)) from error


def identity_of(db: Session, name: str) -> Identity:
    """Return the identity of the user called ``name``; raise ``Refused`` if there is none, or it is switched off."""
    user = db.scalar(select(User).where(User.name == normal_name(name)))
    if user is None:
        raise Refused(f"There is no user called “{name}”, so nothing was done.")
    if not user.active:
        raise Refused(f"The user {user.name} is switched off, so nothing was done.")
    return identity_of_user(user)
