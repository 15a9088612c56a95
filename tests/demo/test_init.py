from __future__ import annotations

import pytest
from pyramid.exceptions import ConfigurationError

from batchbook.demo import is_wanted


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, False),
        ({"batchbook.development": "true"}, False),
        ({"batchbook.development": "true", "batchbook.demo": "true"}, True),
    ],
)
def test_demo_data_is_wanted_where_the_settings_say_so(settings: dict[str, str], wanted: bool) -> None:
    assert is_wanted(settings) is wanted


def test_demo_data_outside_development_is_an_error() -> None:
    with pytest.raises(
        ConfigurationError, match=r"batchbook\.demo is true, but batchbook\.development is not"
    ):
        is_wanted({"batchbook.demo": "true"})
