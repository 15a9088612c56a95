"""Saving, changing, sharing and deleting the saved views of a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from batchbook.db import utc_now
from batchbook.db.functions import lock_name
from batchbook.errors import BadInput, Conflict, Missing, Refused
from batchbook.master.links import href
from batchbook.master.models import GridSetting, SavedView
from batchbook.master.paging import whole_number
from batchbook.master.saved_views import SavedViews
from batchbook.security.audit_log import VIEW, record_change
from batchbook.security.models import Role
from batchbook.words import is_storable

#: The most views that one person saves of one list.
MOST_VIEWS = 100
LONGEST_NAME = 80


class SavedViewEditor:
    """Changes of the views of a list by the user who sees ``views``; those of shared views are in the audit log."""

    def __init__(self, views: SavedViews) -> None:
        self.views = views
        self.request = views.request
        self.db: Session = views.request.db

    def create(self, name: str, role_id: int | None, *, is_default: bool) -> SavedView:
        """Save the present state as a new view; raise ``BadInput``, ``Conflict`` or ``Refused`` where that is not possible."""
        own = select(func.count()).where(
            SavedView.grid == self.views.grid, SavedView.saved_by == self.request.identity.name
        )
        if (self.db.scalar(own) or 0) >= MOST_VIEWS:
            raise Conflict(
                f"You have {MOST_VIEWS} views of this list already. Delete one first. Nothing was saved."
            )
        view = SavedView(
            grid=self.views.grid, saved_by=self.request.identity.name, settings=self.views.settings
        )
        self._name_and_share(view, name, role_id, is_default=is_default)
        self.db.add(view)
        self.db.flush()  # Its address has its number.
        self._log("view shared", view)
        return view

    def save(self, view: SavedView) -> None:
        """Save the present state and columns in place of those that ``view`` has."""
        view.settings = self.views.settings
        self._touch(view)
        self._log("shared view changed", view)

    def describe(self, view: SavedView, name: str, role_id: int | None, *, is_default: bool) -> None:
        """Change the name of ``view`` and who has it; raise as :meth:`create` does."""
        was_shared = view.is_shared
        self._name_and_share(view, name, role_id, is_default=is_default)
        self._touch(view)
        self._log("shared view changed" if was_shared else "view shared", view, always=was_shared)

    def delete(self, view: SavedView) -> None:
        """Delete ``view``."""
        self._forget_layouts(view)
        self.db.delete(view)
        self._log("shared view deleted", view)

    def find(self, number: int | None, version: int | None) -> SavedView:
        """Return the visible view with that number, to be changed.

        Raises ``Missing`` if there is none, ``Refused`` if the user may not change it, and ``Conflict`` if it is no longer
        the ``version`` that the user saw.
        """
        view = next((view for view in self.views.visible if view.id == number), None)
        if view is None:
            raise Missing("There is no such view any more. Nothing was changed.")
        if not self.views.may_change(view):
            raise Refused(
                f"The view “{view.name}” belongs to {view.saved_by}. Save a view of your own instead."
            )
        if view.version != version:
            raise Conflict(
                f"Somebody has changed the view “{view.name}” meanwhile. Nothing was changed. Open it again."
            )
        return view

    def _name_and_share(self, view: SavedView, name: str, role_id: int | None, *, is_default: bool) -> None:
        if (role_id is not None or is_default) and not self.views.may_share:
            raise Refused("Your role does not allow sharing views. Nothing was saved.")
        self._refuse_name(view, name)
        if role_id is not None and self.db.get(Role, role_id) is None:
            raise BadInput("There is no such role any more. Nothing was saved.")
        view.name, view.role_id, view.is_default = name, role_id, is_default
        if is_default:
            others = (SavedView.grid == self.views.grid, SavedView.is_default, SavedView.id != (view.id or 0))
            self.db.execute(update(SavedView).where(*others).values(is_default=False))

    def _refuse_name(self, view: SavedView, name: str) -> None:
        if not name or len(name) > LONGEST_NAME or not is_storable(name):
            raise BadInput(f"A view needs a name of at most {LONGEST_NAME} characters. Nothing was saved.")
        same = select(SavedView.id).where(
            SavedView.grid == self.views.grid, SavedView.saved_by == view.saved_by, SavedView.name == name
        )
        with self.db.no_autoflush:
            taken = self.db.scalars(same).first()
        if taken is not None and taken != view.id:
            raise Conflict(f"There is a view called “{name}” already. Choose another name, or save that one.")

    def _touch(self, view: SavedView) -> None:
        self._forget_layouts(view)
        view.version += 1
        view.changed_at = utc_now()

    def _forget_layouts(self, view: SavedView) -> None:
        """Forget how people arranged the columns of ``view`` as it was."""
        arranged = GridSetting.grid.startswith(f"layout.{view.id}-")
        self.db.execute(delete(GridSetting).where(arranged))

    def _log(self, event: str, view: SavedView, *, always: bool = False) -> None:
        if view.is_shared or always:
            detail = (
                f"list {self.views.grid}, role {view.role_id}, default {'yes' if view.is_default else 'no'}"
            )
            record_change(self.request, event, view.name, detail, VIEW)


def change_views(views: SavedViews, params: Mapping[str, Any]) -> tuple[str, str]:
    """Make the change that the menu's form asks for: ``do`` is ``view-new``, ``view-save``, ``view-edit`` or ``view-delete``.

    Return the address that follows and a sentence; raise ``BadInput`` for anything else, and as the methods of
    :class:`SavedViewEditor` do. The views of a list are changed one after the other, so that nobody's change is lost, no name is
    taken twice, and one view at most is the default.
    """
    lock_name(views.request.db, f"saved_view.{views.grid}")
    editor = SavedViewEditor(views)
    action = params.get("do", "")
    name = " ".join(params.get("name", "").split())
    role_id, is_default = whole_number(params.get("role", "")), bool(params.get("default"))
    if action == "view-new":
        created = editor.create(name, role_id, is_default=is_default)
        return views.url_of(created), f"Saved the view “{created.name}”."
    view = editor.find(whole_number(params.get("saved", "")), whole_number(params.get("version", "")))
    if action == "view-save":
        editor.save(view)
        return views.url_of(view), f"Saved the view “{view.name}”."
    if action == "view-edit":
        editor.describe(view, name, role_id, is_default=is_default)
        return _url(views, view), f"Saved the view “{view.name}”."
    if action == "view-delete":
        editor.delete(view)
        return _url(views, None), f"Deleted the view “{view.name}”. The list is shown as before."
    raise BadInput("The form doesn't say what to do with the view. Nothing was changed.")


def _url(views: SavedViews, view: SavedView | None) -> str:
    """Return the address of the present state, as one of ``view``."""
    return href(views.url, replace(views.state, view=view.id if view else 0))
