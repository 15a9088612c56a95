"""Comments: who may add them, whom they mention, and that they are kept with their batch."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, func, select
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.batches.models import Operation
from batchbook.batches.review.comments import (
    add_comment,
    comments_by_cell,
    comments_of,
    mark_seen,
    mentioned_in,
    mentions_of,
    unseen_mentions,
)
from batchbook.batches.review.models import BatchComment
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Conflict, Missing
from batchbook.security.models import Role, RolePermission, User

ROWS = "item,counted,remark\n1,1,\n2,2,\n"


def add_people(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        reader = Role(name="reader", label="Reader", permissions=[RolePermission(permission="batch:*:view")])
        auditor = Role(
            name="checker", label="Checker", permissions=[RolePermission(permission="batch:*:audit")]
        )
        session.add_all(
            [
                User(name="ann", roles=[reader]),
                User(name="left", roles=[reader], active=False),
                User(name="cay", roles=[auditor]),
            ]
        )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@Ann, see (@bob.b.) and @ann", ["ann", "bob.b"]),
        ("mail ann@example.org, a@b", []),
        ("@ nobody", []),
    ],
)
def test_a_name_behind_an_at_sign_is_a_mention_and_an_address_is_none(text: str, names: list[str]) -> None:
    assert mentioned_in(text) == names


def test_a_comment_mentions_whoever_can_sign_in_and_see_the_batch(
    harness: BatchHarness, engine: Engine
) -> None:
    add_people(engine)
    number = harness.open(ROWS, shelf="A")
    with harness.engine() as acting:
        added = add_comment(acting, number, "  Why? @ann @left @cay @nobody\r\n", 2, "remark")
        assert (added.comment.text, added.comment.author) == ("Why? @ann @left @cay @nobody", "staff")
        assert added.mentioned == ["ann"]
        assert added.unknown == ["left", "cay", "nobody"]
        add_comment(acting, number, "For the whole row.", 2)
    with transaction_scope(engine) as session:
        assert {
            field: [one.number for one in found]
            for field, found in comments_by_cell(session, number, [1, 2])[2].items()
        } == {"remark": [1], "sequence": [2]}
        assert [comment.number for comment, _type in session.execute(unseen_mentions("ann"))] == [1]
        kinds = session.scalars(select(Operation.summary).where(Operation.kind == "comment"))
        assert [*kinds] == ["Commented on Remark in row 2.", "Commented on row 2."]
        mark_seen(session, "cay", number, 9)
        assert [*mentions_of(session, "ann", number)] == [1]
        mark_seen(session, "ann", number, 9)
        assert [*mentions_of(session, "ann", number)] == []


def test_what_cannot_be_commented_on_is_refused_and_nothing_is_kept(
    harness: BatchHarness, engine: Engine
) -> None:
    number = harness.open(ROWS, shelf="A")
    for text, sequence, field, error in (
        (" \n", None, None, BadInput),
        ("x" * 4_001, None, None, BadInput),
        ("x", 9, None, Missing),
        ("x", 1, "nothing", BadInput),
        ("x", None, "remark", BadInput),
    ):
        with pytest.raises(error), harness.engine() as acting:
            add_comment(acting, number, text, sequence, field)
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(BatchComment)) == 0


def test_nobody_comments_on_an_executed_batch_and_a_deleted_one_takes_its_comments_along(
    harness: BatchHarness, engine: Engine
) -> None:
    kept, deleted = harness.open(ROWS, shelf="A"), harness.open(ROWS, shelf="B")
    for number in (kept, deleted):
        with harness.engine() as acting:
            add_comment(acting, number, "Counted twice.")
    harness.run(kept, Action.COMPLETE, Action.EXECUTE)
    with pytest.raises(Conflict, match=r"was not commented on\. It was executed"), harness.engine() as acting:
        add_comment(acting, kept, "Too late.")
    harness.submit(deleted, Action.DELETE)
    with transaction_scope(engine, read_only=True) as session:
        context = harness.on(session).context_of(harness.on(session).find(kept))
        assert [one.text for one in comments_of(context)] == ["Counted twice."]
        assert session.scalars(select(BatchComment.batch_id)).all() == [kept]
