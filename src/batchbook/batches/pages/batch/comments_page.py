"""Comments on a batch, its rows and cells: the page of all, the panel beside the rows, and the forms that add one and mark mentions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPNoContent, HTTPSeeOther
from pyramid.response import Response

from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.batch_page import UNPROCESSABLE, BatchPage
from batchbook.batches.review.comments import (
    MOST_CHARACTERS,
    add_comment,
    commentable,
    comments_of,
    count_comments,
    mark_seen,
    mentions_of,
)
from batchbook.batches.review.models import BatchComment
from batchbook.errors import BadInput, Missing
from batchbook.forms import BoundForm, Field, Form
from batchbook.grid import Choice, Kind, label_of
from batchbook.master.paging import whole_number
from batchbook.web.flash import flash
from batchbook.web.idempotency import claim_key
from batchbook.web.request import prefers_json

#: The number of comments on a page, and in the panel beside the rows.
PAGE_SIZE, IN_PANEL = 50, 20
#: The parameters of an address that name the row and the column.
ROW, FIELD = "sequence", "field"

_TEXT = Field.of(
    "text",
    Kind.TEXT,
    label="Comment",
    widget="textarea",
    required=True,
    max_length=MOST_CHARACTERS,
    help="Write @ and a user name to tell somebody: the comment is shown on that person's start page.",
)


@dataclass(frozen=True)
class ShownComment:
    """A comment on a page: what it is about, the address of that, and whether it mentions the reader, who has not looked at it."""

    comment: BatchComment
    about: str
    url: str
    is_new: bool


@dataclass(frozen=True)
class ShownComments:
    """The comments of a batch, or of one of its rows, the newest first, of ``total`` on the batch.

    ``form`` is that for another comment, ``None`` where none can be added. ``unseen`` is the number of the latest comment that
    mentions the reader, who has not looked at it; 0 for none.
    """

    items: Sequence[ShownComment]
    total: int
    form: BoundForm | None
    unseen: int
    add_url: str
    seen_url: str
    all_url: str


def comments_url(page: BatchPage, sequence: int | None = None, field: str | None = None) -> str:
    """Return the address of all comments on the batch of ``page``, or of those on a row with the form for a cell of it."""
    query = [(name, value) for name, value in ((ROW, sequence), (FIELD, field)) if value]
    return page.view.url("comments", page.batch, **({"_query": query} if query else {}))


def shown_comments(
    page: BatchPage,
    found: Sequence[BatchComment],
    bound: BoundForm | None = None,
    values: Mapping[str, Any] | None = None,
    total: int | None = None,
) -> ShownComments:
    """Return the comments ``found`` for the reader of ``page``, with the form ``bound``, by default one filled with ``values``.

    ``total`` is the number of comments on the batch, where it is known.
    """
    session, user, batch = page.request.db, page.request.authenticated_userid, page.batch
    unseen = set(mentions_of(session, user, batch.id)) if user and found else set()
    labels = {name: column.label for name, column in commentable(page.action_context).items()}

    def shown(one: BatchComment) -> ShownComment:
        cell = labels.get(one.field, label_of(one.field)) if one.field else ""
        about = "" if one.sequence is None else f"{f'{cell} in row' if cell else 'Row'} {one.sequence}"
        url = page.view.url("row", batch, sequence=one.sequence) if one.sequence is not None else ""
        return ShownComment(one, about, url, one.number in unseen)

    if bound is None and page.view.may(Action.COMMENT, batch):
        bound = comment_form(page).bind(values or {})
    return ShownComments(
        [shown(one) for one in found],
        count_comments(page.action_context) if total is None else total,
        bound,
        max(unseen, default=0),
        page.view.url("comment", batch),
        page.view.url("comments_seen", batch),
        page.view.url("comments", batch),
    )


def comment_form(page: BatchPage) -> Form:
    """Return the form for a comment on the batch of ``page``, a row or a cell of it."""
    choices = tuple(Choice(name, column.label) for name, column in commentable(page.action_context).items())
    return Form(
        [
            _TEXT,
            Field.of(ROW, Kind.INTEGER, label="Row", minimum=1, help="Empty for the whole batch."),
            Field.of(FIELD, Kind.CHOICE, label="Column", choices=choices, help="Empty for the whole row."),
        ]
    )


class _CommentsPage(BatchPage):
    """A page with comments and the form for another one."""

    template = "batchbook.templates:batches/comments.jinja2"

    def shown(self, sequence: int | None, **form: Any) -> dict[str, Any]:
        """Return the values of the page with the comments on the row ``sequence``, or all of them."""
        before = whole_number(self.request.GET.get("before", ""))
        limits = {} if before is None else {"before": before}
        found = comments_of(self.action_context, sequence=sequence, limit=PAGE_SIZE + 1, **limits)
        items = found[:PAGE_SIZE]
        older = items[-1].number if len(found) > PAGE_SIZE else None
        return self.template_values(
            comments=shown_comments(self, items, **form), sequence=sequence, older=older, own_url=self.own_url
        )


class Comments(_CommentsPage):
    """All comments on the batch, or those on the row that the address names; ``before`` is the last number of the page before."""

    name = "comments"
    pattern = "/comments"
    permission = Action.VIEW.value

    def get(self) -> dict[str, Any]:
        """Show them, with the form."""
        query = self.request.GET
        sequence = whole_number(query.get(ROW, ""))
        return self.shown(sequence, values={ROW: sequence, FIELD: query.get(FIELD)})


class AddComment(_CommentsPage):
    """The target of the form that adds a comment."""

    name = Action.COMMENT.value
    pattern = "/comments/add"
    permission = Action.COMMENT.value

    def post(self) -> Any:
        """Add the comment, once however often it is sent; or show the form again."""
        bound = comment_form(self).validate(self.request.POST)
        sequence, field = bound.values.get(ROW), bound.values.get(FIELD)
        if bound.valid:
            try:
                with claim_key(self.request) as remember:
                    added = add_comment(self.engine, self.batch.id, bound.values["text"], sequence, field)
                    remember(added.sentence)
            except BadInput as error:
                bound.add_error("text" if sequence is not None or field is None else ROW, error.message)
            except Missing as error:
                bound.add_error(ROW, error.message)
            else:
                flash(self.request, added.sentence, "warning" if added.unknown else "success")
                return HTTPSeeOther(self._next_url(sequence))
        self.request.response.status_int = UNPROCESSABLE
        return self.shown(None, bound=bound)

    def _next_url(self, sequence: int | None) -> str:
        """Return the address of the row that was commented on, or of the batch with its comments."""
        if sequence is None:
            return self.view.url("view", self.batch, _query=[("panel", "comments")])
        return f"{self.view.url('row', self.batch, sequence=sequence)}#panel-comments"


class SeenComments(BatchPage):
    """The target of the form by which a person tells that the mentions of a batch were looked at, up to ``number``."""

    name = "comments_seen"
    pattern = "/comments/seen"
    permission = Action.VIEW.value

    def post(self) -> Response:
        """Note that; a script gets no content."""
        number = whole_number(self.request.POST.get("number", "")) or 0
        mark_seen(self.request.db, self.request.authenticated_userid, self.batch.id, number)
        return HTTPNoContent() if prefers_json(self.request) else HTTPSeeOther(comments_url(self))
