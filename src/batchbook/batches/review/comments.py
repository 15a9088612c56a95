"""Comments on a batch, its rows and its cells, and the people whom they mention.

Whoever may see a batch may comment on it until it is executed. A comment is an operation in the history as well, so that the
pages of others learn of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select, update
from sqlalchemy.orm import Session, selectinload

from batchbook.batches import access
from batchbook.batches.editing import find_row
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.batches.handler_context import HIGHEST_NUMBER, next_number
from batchbook.batches.history import record
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.policies.field_access import field_access
from batchbook.batches.review.models import BatchComment, CommentMention
from batchbook.db import utc_now
from batchbook.db.number_sets import is_in_parameter
from batchbook.errors import BadInput
from batchbook.grid import Column, columns_of
from batchbook.security.identity import identity_of_user
from batchbook.security.models import Role, User, normal_name
from batchbook.words import quoted_list, storable

#: The maximum number of characters of a comment, and of people whom one mentions.
MOST_CHARACTERS, MOST_MENTIONED = 4_000, 20

_MENTION = re.compile(r"(?<![\w@./])@(\w(?:[\w.-]*\w)?)")
#: The columns of rows that have no cell in a grid.
_NO_CELLS = frozenset({"batch_id", "sequence", "issues", "removed", "version", "modified_at"})


@dataclass(frozen=True)
class Commented:
    """A comment that was stored, the names of the users whom it mentions, and the names in it that nobody was told by.

    The latter are no users, or users who may not see the batch.
    """

    comment: BatchComment
    mentioned: Sequence[str]
    unknown: Sequence[str]

    @property
    def sentence(self) -> str:
        """The sentence for the author."""
        told = f" {quoted_list(self.mentioned)} will see it on the start page." if self.mentioned else ""
        if self.unknown:
            names = quoted_list([f"@{name}" for name in self.unknown])
            told += f" Nobody was told by {names}: no user of that name can sign in and see this batch."
        return f"Your comment was added.{told}"


def commentable(context: ActionContext) -> dict[str, Column]:
    """Return the columns of rows whose cells the person may see and comment on, by name."""
    keys: Sequence[str] = context.row.__mapper__.columns.keys()
    names = (name for name in keys if name not in _NO_CELLS and context.access.sees(name))
    return {name: column for name in names for column in _shown(context.row, name)}


def _shown(row: type[BatchRow], name: str) -> Sequence[Column]:
    """Return the column ``name`` of ``row``; none if it has values that a grid cannot show, such as JSON."""
    try:
        return columns_of(row, [name])
    except TypeError:
        return ()


def add_comment(
    engine: Engine, batch_id: int, text: str, sequence: int | None = None, field: str | None = None
) -> Commented:
    """Add a comment on a batch, on its row ``sequence``, or on that row's cell ``field``.

    Raises ``BadInput`` for a comment without text or on a cell that there is not, ``Missing`` for an unknown row, and as
    :meth:`~batchbook.batches.engine.engine.Engine.lock` does.
    """
    words = storable(text.replace("\r\n", "\n").strip())
    if not words:
        raise BadInput("The comment has no text. Nothing was added.")
    if len(words) > MOST_CHARACTERS:
        raise BadInput(
            f"The comment has {len(words):,} characters, and at most {MOST_CHARACTERS:,} are possible. Nothing was added."
        )
    context = engine.lock(batch_id, Action.COMMENT)
    place = _place(context, sequence, field)
    session, batch = context.session, context.batch
    comment = BatchComment(
        batch_id=batch.id,
        number=next_number(session, BatchComment.number, batch.id),
        sequence=sequence,
        field=field,
        at=context.now,
        author=context.actor,
        text=words,
    )
    session.add(comment)
    session.flush()  # The mentions refer to it.
    names = mentioned_in(words)
    mentioned = _readers(context, names, field)
    session.add_all(
        CommentMention(batch_id=batch.id, number=comment.number, user_name=name) for name in mentioned
    )
    record(context.handler_context, batch, "comment", f"Commented on {place}.")
    return Commented(comment, mentioned, [name for name in names if name not in mentioned])


def _place(context: ActionContext, sequence: int | None, field: str | None) -> str:
    """Return what is commented on, in words; raise an error if it does not exist."""
    if sequence is None:
        if field is not None:
            raise BadInput("Name the row of the cell as well. Nothing was added.")
        return "the batch"
    find_row(context, sequence)
    if field is None:
        return f"row {sequence}"
    column = commentable(context).get(field)
    if column is None:
        raise BadInput(f"{context.batch} has no column “{field[:60]}”. Nothing was added.")
    return f"{column.label} in row {sequence}"


def mentioned_in(text: str) -> list[str]:
    """Return the names that ``text`` mentions by @, as names of users are stored, each once."""
    found = dict.fromkeys(normal_name(match[1]) for match in _MENTION.finditer(text))
    return list(found)[:MOST_MENTIONED]


def _readers(context: ActionContext, names: Collection[str], field: str | None) -> list[str]:
    """Return those of the users ``names`` who can sign in and see the batch, and its column ``field``, by name."""
    if not names:
        return []
    loaded = selectinload(User.roles).selectinload(Role.permissions)
    wanted = select(User).where(User.active, User.name.in_(names)).order_by(User.name).options(loaded)
    people = map(identity_of_user, context.session.scalars(wanted))
    return [
        one.name
        for one in people
        if access.may_now(one.permissions, context.batch, Action.VIEW)
        and (field is None or field_access(context.session, context.batch_type, one.name).sees(field))
    ]


def comments_of(
    context: ActionContext,
    *,
    sequence: int | None = None,
    before: int = HIGHEST_NUMBER,
    limit: int | None = None,
) -> Sequence[BatchComment]:
    """Return the comments on the batch, or on one of its rows, that the person may see; the newest first.

    They have numbers below ``before``.
    """
    statement = select(BatchComment).where(
        *_seen_comments(context), BatchComment.number < min(before, HIGHEST_NUMBER)
    )
    if sequence is not None:
        statement = statement.where(BatchComment.sequence == sequence)
    return context.session.scalars(statement.order_by(BatchComment.number.desc()).limit(limit)).all()


def count_comments(context: ActionContext) -> int:
    """Return the number of comments on the batch that the person may see."""
    return context.session.scalar(select(func.count()).where(*_seen_comments(context))) or 0


def _seen_comments(context: ActionContext) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the comments on the batch, less those on cells of columns that the person may not see."""
    on_visible = or_(BatchComment.field.is_(None), ~context.access.hides(BatchComment.field))
    return BatchComment.batch_id == context.batch.id, on_visible


def comments_by_cell(
    session: Session, batch_id: int, sequences: Sequence[int]
) -> Mapping[int, Mapping[str, list[BatchComment]]]:
    """Return the comments on the rows ``sequences`` and their cells, by row and field, the oldest first.

    The field of a comment on a whole row is "sequence".
    """
    statement = _comments_on_rows(session.get_bind().dialect.name)
    found: dict[int, dict[str, list[BatchComment]]] = {}
    for one in session.scalars(statement, {"batch_id": batch_id, "rows": sequences}):
        found.setdefault(one.sequence or 0, {}).setdefault(one.field or "sequence", []).append(one)
    return found


@cache
def _comments_on_rows(dialect: str) -> Select[BatchComment]:
    """Return the SELECT of the comments on some rows of a batch; it is kept, because making it takes longer than asking."""
    listed = is_in_parameter(BatchComment.sequence, "rows", dialect)
    wanted = select(BatchComment).where(BatchComment.batch_id == bindparam("batch_id"), listed)
    return wanted.order_by(BatchComment.number)


def unseen_mentions(user: str) -> Select[BatchComment, str]:
    """Return the SELECT of the comments that mention ``user`` and were not looked at; the newest first.

    Each comes with the type of its batch.
    """
    mention, comment = CommentMention, BatchComment
    return (
        select(comment, Batch.type)
        .join(mention, (mention.batch_id == comment.batch_id) & (mention.number == comment.number))
        .join(Batch, Batch.id == comment.batch_id)
        .where(mention.user_name == user, mention.seen_at.is_(None))
        .order_by(comment.at.desc(), comment.batch_id, comment.number)
    )


def mark_seen(session: Session, user: str, batch_id: int, number: int) -> None:
    """Note that ``user`` has looked at the comments on a batch up to the one called ``number``."""
    session.execute(
        update(CommentMention)
        .where(
            CommentMention.user_name == user,
            CommentMention.batch_id == batch_id,
            CommentMention.number <= min(number, HIGHEST_NUMBER),
            CommentMention.seen_at.is_(None),
        )
        .values(seen_at=utc_now())
    )


def mentions_of(session: Session, user: str, batch_id: int) -> Iterator[int]:
    """Yield the numbers of the comments on a batch that mention ``user``, who has not looked at them."""
    wanted = select(CommentMention.number).where(
        CommentMention.user_name == user,
        CommentMention.batch_id == batch_id,
        CommentMention.seen_at.is_(None),
    )
    yield from session.scalars(wanted)
