"""The session of a command: one transaction, on behalf of one person, with that person's permissions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from batchbook.batches import Action, Batch, BatchType, BatchTypes, access
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

#: In whose name the administrator of the machine reads, who is no user.
_NOBODY = ""


class CommandSession:
    """A session and the person who acts or reads in it; nobody in particular for the administrator of the machine."""

    def __init__(self, services: Services, session: Session, person: Identity | None) -> None:
        self.session = session
        self.services = services
        self._person = person

    @property
    def types(self) -> BatchTypes:
        """The registered batch types."""
        types: BatchTypes = self.services.get(BatchTypes)
        return types

    @property
    def engine(self) -> Engine:
        """The engine, working for the person."""
        return Engine(
            self.session, self.types, self.services.settings, self._person.name if self._person else _NOBODY
        )

    @property
    def visible(self) -> ColumnElement[bool]:
        """The condition for the batches that may be seen here."""
        return access.visible(self._person.permissions, self.types) if self._person else true()

    def sees(self, batch_type: BatchType) -> bool:
        """Return whether some batches of the type may be seen here."""
        return self._person is None or access.may(self._person.permissions, batch_type.key, Action.VIEW)

    def actions(self, batch: Batch) -> list[Action]:
        """Return what can be done with ``batch`` here, in its state."""
        possible = possible_actions(batch.state)
        held = None if self._person is None else self._person.permissions
        return [action for action in possible if held is None or access.may_now(held, batch, action)]

    def find(self, batch_id: int, action: Action) -> Batch:
        """Return a batch with which ``action`` may be done here.

        Raises ``Missing`` if there is none, ``Refused`` where the role and ``Conflict`` where the state forbids it.
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
        """Return the zone of that name; without one that of the person, or of the site.

        Raises ``BadInput`` for a name that is none.
        """
        person = self._person.timezone if self._person else None
        site: ZoneInfo = self.services.get(WebSettings).timezone
        return zone_asked(name) if name else (person and zone_called(person)) or site

    def call(self, batch_id: int, action: Action, options: Mapping[str, Any] | None = None) -> ActionCall:
        """Return the call for ``action`` in the person's name."""
        return ActionCall(batch_id, action, self.engine.actor, options or {})

    def run(self, batch_id: int, action: Action, options: Mapping[str, Any] | None = None) -> Result:
        """Ask the application's runner for ``action`` on a batch, in the person's name."""
        self.find(batch_id, action)
        call = self.call(batch_id, action, options)
        result: Result = self.services.get(Runner).submit(self.session, call)
        return result

    def run_now(self, batch_id: int, action: Action, progress: Progress) -> Result:
        """Run ``action`` on a batch in the transaction of this desk, which nobody else sees into."""
        engine = Engine(self.session, self.types, self.services.settings, self.engine.actor, progress)
        return perform(engine, ActionCall(batch_id, action, engine.actor))


@contextmanager
def acting_session(site: Installation, name: str) -> Iterator[CommandSession]:
    """Yield a desk at which the user called ``name`` acts; what was done is committed unless something is raised."""
    # The application is started before the transaction, which keeps others from writing.
    services = site.services
    with _fields_named(), site.transaction() as session:
        yield CommandSession(services, session, identity_of(session, name))


@contextmanager
def reading_session(site: Installation, name: str | None) -> Iterator[CommandSession]:
    """Yield a desk that cannot write, for the user called ``name``, or for the administrator of the machine."""
    services = site.services
    with site.transaction(read_only=True) as session:
        yield CommandSession(services, session, None if name is None else identity_of(session, name))


@contextmanager
def _fields_named() -> Iterator[None]:
    """Name the fields in what is said about values; a page shows each sentence beside its field instead."""
    try:
        yield
    except CellProblems as error:
        sentences = (f"{name}: {sentence}" for name, sentence in error.problems.items())
        raise BadInput(" ".join(sentences)) from error


def identity_of(session: Session, name: str) -> Identity:
    """Return who the user called ``name`` is; raise ``Refused`` if there is none, or none that may do anything."""
    user = session.scalar(select(User).where(User.name == normal_name(name)))
    if user is None:
        raise Refused(f"There is no user called “{name}”, so nothing was done.")
    if not user.active:
        raise Refused(f"The user {user.name} is switched off, so nothing was done.")
    return identity_of_user(user)
