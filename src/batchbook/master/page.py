"""A page of a master view: an address, a permission, a template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.web.flash import flash
from batchbook.web.request import Request

if TYPE_CHECKING:
    from batchbook.master.contexts import MasterContext
    from batchbook.master.view import MasterView


@dataclass(frozen=True)
class Button:
    """A way from one page to another: a link, or a form with one button if ``post``."""

    label: str
    url: str
    kind: str
    post: bool


class Page:
    """One page of a master view; a subclass has ``get``, ``post`` or both, each registered as a view.

    ``name`` is the end of the route's name. ``pattern`` is put behind the master view's path, for a page
    ``on_record`` behind ``/{id}``. ``permission`` is the name given to :meth:`MasterView.permission`. A page with
    a ``button`` (``{one}`` in it stands for the view's ``title_one``) is offered on the index, or on the page of a
    record, to those who may; ``kind`` is the button's look: ``primary``, ``plain`` or ``danger``.
    """

    name: ClassVar[str]
    pattern: ClassVar[str]
    permission: ClassVar[str]
    on_record: ClassVar[bool] = False
    template: ClassVar[str | None] = None
    button: ClassVar[str] = ""
    kind: ClassVar[str] = "plain"

    def __init__(self, context: MasterContext, request: Request) -> None:
        self.context = context
        self.request = request
        self.view: MasterView = context.view

    @property
    def record(self) -> Any:
        """The record that the address names; None for a page that concerns all."""
        return self.context.record

    @classmethod
    def label(cls, view: MasterView, record: Any) -> str:  # noqa: ARG003 - For subclasses to look at.
        """Return what the button says beside ``record``, which is None on the index."""
        return cls.button.format(one=view.title_one)

    @classmethod
    def offered(cls, view: MasterView, record: Any) -> bool:  # noqa: ARG003 - For subclasses to look at.
        """Return whether the button makes sense for ``record`` as it is; the permission is asked apart from this."""
        return True

    def template_values(self, **values: Any) -> dict[str, Any]:
        """Return the template's context: ``values`` and what every page of a master view needs."""
        label = self.view.label_of(self.record) if self.record is not None else None
        return {"view": self.view, "record": self.record, "label": label, **values}

    def done(self, message: str, url: str) -> HTTPSeeOther:
        """Return the redirect to ``url``, where ``message`` is shown once."""
        flash(self.request, message)
        return HTTPSeeOther(url)


def buttons_for(view: MasterView, record: Any | None = None) -> list[Button]:
    """Return the buttons to show beside ``record``, or on the index if it is None, in the order of the view's pages."""
    return [
        Button(
            page.label(view, record),
            view.url(page.name, record),
            page.kind,
            not hasattr(page, "get"),
        )
        for page in view.pages
        if page.button
        and page.on_record == (record is not None)
        and view.may(page.permission, record)
        and page.offered(view, record)
    ]
