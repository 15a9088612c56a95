"""The chain: every change of a seal is found, and named."""

from __future__ import annotations

from tests.batches.attacked import Attacked

from .alterations import altered, changed, found, with_all_rights


def test_each_altered_column_of_the_seals_is_named(sealed: Attacked) -> None:
    with with_all_rights(sealed.engine) as session:
        for column, kind in (
            ("number", "integer"), ("batch_id", "integer"), ("type", "text"), ("sealed_at", "moment"),
            ("previous", "text"), ("digest", "text"), ("manifest", "text"),
        ):  # fmt: skip
            with altered(
                session, f"UPDATE seal SET {column} = {changed(session, column, kind)} WHERE number = 2"
            ):
                tables = [one.table for one in found(session)]
                assert tables, column
                assert {*tables} == {"seal"}, column
                assert any(column in one.columns for one in found(session)), (column, found(session))


def test_seals_that_changed_places_are_found(sealed: Attacked) -> None:
    swaps = [
        f"UPDATE seal SET number = {new} WHERE number = {old}" for old, new in ((1, 99), (2, 1), (99, 2))
    ]
    with with_all_rights(sealed.engine) as session, altered(session, *swaps):
        assert {one.table for one in found(session)} == {"seal"}
        assert any("number" in one.columns for one in found(session))
