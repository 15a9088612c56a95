from __future__ import annotations

import pytest

from batchbook.security.identity import grants, grants_any


@pytest.mark.parametrize(
    ("held", "wanted", "granted"),
    [
        ("products:edit", "products:edit", True),
        ("products:edit", "products:view", False),
        ("batch:*:execute", "batch:price_change:execute", True),
        ("batch:*:execute", "batch:price_change:edit", False),
        ("batch:*:execute", "batch:execute", False),
        ("batch:*:execute", "batch:a:b:execute", False),
        ("batch:*:execute", "batch::execute", False),
        ("batch:price_change:*", "batch:price_change:execute", True),
        ("batch:pri*:execute", "batch:price_change:execute", False),
        ("*:*", "users:delete", True),
        ("*:*", "batch:price_change:execute", False),
        ("*", "users:delete", False),
        ("batch:price_change:execute", "batch:*:execute", False),
        ("batch:*:execute", "batch:*:execute", True),
    ],
)
def test_a_star_stands_for_one_whole_segment(held: str, wanted: str, granted: bool) -> None:
    assert grants(frozenset({"other:thing", held}), wanted) is granted


def test_nothing_is_granted_to_who_holds_nothing() -> None:
    assert not grants(frozenset(), "products:view")
    assert not grants(frozenset({"*:*"}), "")


def test_any_of_several() -> None:
    assert grants_any(frozenset({"batch:*:audit"}), ("batch:x:view", "batch:x:audit"))
    assert not grants_any(frozenset({"batch:*:audit"}), ("batch:x:view", "batch:x:edit"))
    assert not grants_any(frozenset({"batch:*:audit"}), ())
