"""The page of a list that an address names."""

from __future__ import annotations

import pytest
from pyramid.testing import DummyRequest

from batchbook.master.paging import NumberedPage, whole_number


@pytest.mark.parametrize(
    ("query", "total", "shown"),
    [
        ({}, 5, [0, 1]),
        ({"page": "2"}, 5, [2, 3]),
        ({"page": "3"}, 5, [4]),
        ({"page": "4"}, 5, [4]),
        ({"page": "0"}, 5, [0, 1]),
        ({"page": "-1"}, 5, [0, 1]),
        ({"page": "9" * 30}, 5, [0, 1]),
        ({"page": "٣"}, 5, [0, 1]),
        ({"page": "2"}, 0, []),
    ],
)
def test_a_page_has_its_part_of_the_list(query: dict[str, str], total: int, shown: list[int]) -> None:
    page = NumberedPage.of(DummyRequest(query), total, 2)
    assert list(page.items(range(total))) == shown
    assert page.last == max(1, (total + 1) // 2)


def test_a_number_is_written_in_few_digits() -> None:
    assert [whole_number(text) for text in ("007", "999999999", "1" * 10, "", "1.5", " 1", "²")] == [
        7, 999_999_999, None, None, None, None, None,
    ]  # fmt: skip
