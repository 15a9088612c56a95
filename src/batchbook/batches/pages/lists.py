"""Lists over batches of all types: the start page, and the list of all batches."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import ColumnElement, func, null, select
from sqlalchemy.orm import InstrumentedAttribute

from batchbook.batches import access
from batchbook.batches.engine.hand_over import owner_has_left
from batchbook.batches.handler_context import HIGHEST_NUMBER
from batchbook.batches.lifecycle import FINAL, UNFINISHED, Action, State, sources_of
from batchbook.batches.models import Batch
from batchbook.batches.pages import view
from batchbook.batches.pages.retention_pages import TombstoneView
from batchbook.batches.pages.view import COMMON, FILTERS, state_query
from batchbook.batches.policies.field_access import field_access
from batchbook.batches.registry import BatchTypes
from batchbook.batches.retention.models import Tombstone
from batchbook.batches.review.comments import unseen_mentions
from batchbook.batches.review.models import BatchComment
from batchbook.batches.running.activity import Running, running_now
from batchbook.errors import Missing
from batchbook.grid import Choice, Column, Kind, Sort, Verb
from batchbook.jobs.views import active_jobs_url
from batchbook.master import (
    Export,
    Index,
    IndexWindow,
    MasterContext,
    MasterView,
    Remember,
    RememberLayout,
    default_link,
)
from batchbook.security import SIGNED_IN, Identity
from batchbook.services import Services, services_of
from batchbook.web.request import Request


class AllBatchesContext(MasterContext):
    """The context of the list: everybody may open it, and sees the batches that their roles allow."""

    def refusal(self, identity: Identity, permission: str) -> None:
        """Refuse nothing: all of it is reading."""


def batch_url(request: Request, key: str, batch_id: int) -> str:
    """Return the path of a batch's page."""
    path: str = request.route_path(f"batches.{key}.view", id=batch_id)
    return path


class AllBatchesView(MasterView):
    """The batches of all types that this person may see."""

    types: ClassVar[BatchTypes]
    model = Batch
    prefix = "batches"
    path = "/batches"
    title = "Batches"
    description = "Batches of all types, newest first."
    title_one = "batch"
    grid_columns = COMMON
    filter_columns = FILTERS
    default_sort: ClassVar = (Sort("number", descending=True),)
    pages = (Index, IndexWindow, Remember, RememberLayout, Export)
    links: ClassVar = {
        "batch": lambda request, row: batch_url(request, row._mapping["type"], row._mapping["id"])
    }
    context_factory = AllBatchesContext
    templates: ClassVar = {"index": "batchbook.templates:batches/everything.jinja2"}

    @classmethod
    def columns(cls) -> tuple[Column, ...]:
        """Return the common columns with the type behind the number, by its title."""
        choices = tuple(Choice(one.key, one.title) for one in cls.types)
        kind_of_batch = Column("type", "Type", Batch.type, Kind.CHOICE, choices=choices)
        number = replace(view.NUMBER, link="batch")
        return (number, kind_of_batch, *view.COMMON[1:], *view.FILTERS)

    @cached_property
    def running(self) -> list[Running]:
        """Return the running jobs of batches that this person may see."""
        return running_now(self.request, self.visible_to(self.request.services, self.request.identity))

    @property
    def running_url(self) -> str:
        """The address of all running jobs; empty for a person who may not see them."""
        return active_jobs_url(self.request)

    @classmethod
    def visible_to(cls, services: Services, identity: Identity) -> ColumnElement[bool]:
        """Return the condition for the batches that ``identity`` may see."""
        return access.visible(identity.permissions, services.get(BatchTypes))

    def creatable(self) -> list[tuple[str, str]]:
        """Return title and address of the form for each type of which this person may create batches."""
        return creatable(self.request)


def creatable(request: Request) -> list[tuple[str, str]]:
    """Return title and address of the form for each type of which the person may create batches."""
    permissions = request.identity.permissions
    return [
        (one.title, request.route_path(f"batches.{one.key}.create"))
        for one in request.services.get(BatchTypes)
        if access.may_create(permissions, one.key)
    ]


#: The number of a row in an address.
_ROW = re.compile(r"[0-9]{1,10}")


def find(request: Request) -> HTTPSeeOther:
    """Redirect from a batch's number alone, which other records keep, to its page; with ``row``, to that of a row.

    A purged batch has a page of its tombstone.
    """
    number = int(request.matchdict["number"])
    seen = access.visible(request.identity.permissions, request.services.get(BatchTypes))
    statement = select(Batch.type).where(Batch.id == number, seen)
    key = request.db.scalar(statement) if number <= HIGHEST_NUMBER else None
    if key is None:
        return HTTPSeeOther(_tombstone_url(request, number))
    row = request.GET.get("row", "")
    if _ROW.fullmatch(row):
        return HTTPSeeOther(request.route_path(f"batches.{key}.row", id=number, sequence=row))
    return HTTPSeeOther(batch_url(request, key, number))


def _tombstone_url(request: Request, number: int) -> str:
    """Return the address of the tombstone of a purged batch; raise ``Missing`` if there is none that the person may see."""
    may_see = number <= HIGHEST_NUMBER and request.identity.may(TombstoneView.permission("view"))
    if not may_see or request.db.get(Tombstone, number) is None:
        raise Missing(f"There is no batch {number:08d} that you can see.")
    url: str = request.route_path(f"{TombstoneView.prefix}.view", id=number)
    return url


#: The number of batches in a section of the start page.
SHOWN = 6


@dataclass(frozen=True)
class Section:
    """Batches that need the same of the person: their total, cards of the latest, and the address of the list of all.

    ``all_url`` is empty if no list shows just these.
    """

    title: str
    hint: str
    total: int
    cards: list[dict[str, Any]]
    all_url: str


@dataclass(frozen=True)
class Mention:
    """A comment that mentions the person: its batch in words, the address of the batch's comments, and that by which it counts as seen."""

    comment: BatchComment
    batch: str
    url: str
    seen_url: str


class HomePage:
    """The start page's view."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.permissions: frozenset[str] = request.identity.permissions
        self.types = request.services.get(BatchTypes)

    def get(self) -> dict[str, Any]:
        """Show the batches that need attention, and those executed recently."""
        to_act_on = [self._failed(), self._sent_back(), self._to_execute(), self._left(), self._mine()]
        mentions = self._mentions()
        executed = self._section(
            "Recently executed",
            "Frozen, and part of the audit trail.",
            Batch.state.in_(FINAL),
            [*state_query(FINAL), ("sort", "-executed_at")],
        )
        return {
            "sections": [section for section in (*to_act_on, executed) if section.total],
            "mentions": mentions,
            "needs_attention": bool(mentions) or any(section.total for section in to_act_on),
            "creatable": creatable(self.request),
            "sees_batches": any(access.may(self.permissions, one.key, Action.VIEW) for one in self.types),
            "all_url": default_link(self.request.route_path("batches.index")),
        }

    def _failed(self) -> Section:
        executable = self._types_for(Action.EXECUTE)
        own = Batch.owner == self.request.authenticated_userid
        condition = Batch.failure.is_not(None) & _in(UNFINISHED) & (own | Batch.type.in_(executable))
        query = [*state_query(UNFINISHED), (f"f.failure.{Verb.NOT_EMPTY}", "")]
        if not executable:
            query.append(_IS_MINE)
        elif executable != self._types_for(Action.VIEW):
            query = []  # No filters show one's own batches and those of some types together.
        return self._section(
            "Failed", "Their last action failed, and nothing of it was kept.", condition, query, Batch.failure
        )

    def _sent_back(self) -> Section:
        return self._section(
            "Sent back to you",
            "Correct what the reason tells, then mark them complete again.",
            Batch.sent_back_to == self.request.authenticated_userid,
            [(f"f.sent_back.{Verb.IS_TRUE}", ""), (f"f.waits_for.{Verb.IS_ME}", "")],
            Batch.sent_back_by + ": " + Batch.sent_back_reason,
        )

    def _mentions(self) -> list[Mention]:
        """Return the latest comments that mention this person, who has not looked at them."""
        wanted = unseen_mentions(self.request.authenticated_userid)
        seen = wanted.where(access.visible(self.permissions, self.types)).limit(SHOWN)
        return [
            Mention(
                comment,
                f"{self.types[key].title} {comment.batch_id:08d}",
                self.request.route_path(f"batches.{key}.comments", id=comment.batch_id),
                self.request.route_path(f"batches.{key}.comments_seen", id=comment.batch_id),
            )
            for comment, key in self.request.db.execute(seen)
            if comment.field is None or self._sees(key, comment.field)
        ]

    def _sees(self, key: str, field: str) -> bool:
        """Return whether this person may see the column ``field`` of the rows of batches of the type ``key``."""
        return field_access(self.request.db, self.types[key], self.request.authenticated_userid).sees(field)

    def _to_execute(self) -> Section:
        states, types = sources_of(Action.EXECUTE), self._types_for(Action.EXECUTE)
        return self._section(
            "To execute",
            "Complete, reviewed and waiting for you to execute.",
            _in(states) & Batch.type.in_(types),
            [*state_query(states), *_type_query(types)],
        )

    def _left(self) -> Section:
        types = self._types_for(Action.HAND_OVER)
        return self._section(
            "Batches of people who can't sign in any more",
            "Hand them over to somebody who can go on with them.",
            owner_has_left() & _in(UNFINISHED) & Batch.type.in_(types),
            [*state_query(UNFINISHED), *_type_query(types), (f"f.owner_left.{Verb.IS_TRUE}", "")],
        )

    def _mine(self) -> Section:
        states = sources_of(Action.POPULATE, Action.EDIT)
        return self._section(
            "Your open batches",
            "Correct their rows, then mark them complete.",
            (Batch.owner == self.request.authenticated_userid) & _in(states) & Batch.sent_back_to.is_(None),
            [*state_query(states), _IS_MINE, (f"f.sent_back.{Verb.IS_FALSE}", "")],
        )

    def _types_for(self, action: Action) -> list[str]:
        """Return the keys of the types with batches on which this person may do ``action``."""
        return [one.key for one in self.types if access.may(self.permissions, one.key, action)]

    def _section(
        self,
        title: str,
        hint: str,
        condition: ColumnElement[bool],
        query: Sequence[tuple[str, str]],
        reason: ColumnElement[str | None] | InstrumentedAttribute[str | None] | None = None,
    ) -> Section:
        """Return the batches that satisfy ``condition``.

        ``query`` has the filters by which the list of all batches shows the same ones; it is empty if none do. ``reason`` is the SQL
        of the text that each card shows.
        """
        statement = select(Batch).where(access.visible(self.permissions, self.types), condition)
        total = self.request.db.scalar(select(func.count()).select_from(statement.subquery())) or 0
        latest = func.coalesce(Batch.executed_at, Batch.completed_at, Batch.created_at).desc()
        # Headers of mixed types: only the common part is shown, so the types' own tables are not read.
        names = (
            Batch.id,
            Batch.type,
            Batch.description,
            Batch.state,
            Batch.row_count,
            Batch.owner.label("owner"),
            (null() if reason is None else reason).label("reason"),
            latest.element,
        )
        rows = self.request.db.execute(
            statement.with_only_columns(*names).order_by(latest, Batch.id.desc()).limit(SHOWN)
        )
        all_url = self.request.route_path("batches.index", _query=query) if query else ""
        return Section(title, hint, total, [self._card(row) for row in rows], all_url)

    def _card(self, row: Any) -> dict[str, Any]:
        return {
            "number": f"{row.id:08d}",
            "title": row.description or f"{self.types[row.type].title} {row.id:08d}",
            "type": self.types[row.type].title,
            "url": batch_url(self.request, row.type, row.id),
            "state": State(row.state),
            "row_count": row.row_count,
            "owner": row.owner,
            "reason": row.reason or "",
            "at": row[-1],
        }


_IS_MINE = (f"f.owner.{Verb.IS_ME}", "")


def _type_query(keys: Sequence[str]) -> list[tuple[str, str]]:
    return [(f"f.type.{Verb.ANY_OF}", key) for key in keys]


def _in(states: Collection[State]) -> ColumnElement[bool]:
    return Batch.state.in_([state.value for state in states])


def includeme(config: Any) -> None:
    """Register the start page, the list, and the redirect from a batch's number."""
    config.add_route("batches.find", "/batches/{number:[0-9]{1,10}}")
    config.add_view(find, route_name="batches.find", request_method="GET", permission=SIGNED_IN)
    config.add_master_view(
        type("AllBatchesView", (AllBatchesView,), {"types": services_of(config.registry).get(BatchTypes)})
    )
    config.add_navigation("All batches", "batches.index", SIGNED_IN, group="Batches", order=10)
    config.add_route("home", "/")
    config.add_view(
        HomePage,
        attr="get",
        route_name="home",
        request_method="GET",
        permission=SIGNED_IN,
        renderer="batchbook.templates:home.jinja2",
    )
    config.add_navigation("Home", "home", SIGNED_IN, order=0)
