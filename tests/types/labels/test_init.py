"""The settings of labels at start-up: what they change in the application, and what keeps it from starting."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Engine

from batchbook.application import configure_services
from batchbook.batches import BatchTypes
from batchbook.services import services_of
from batchbook.types.labels import Barcode, BarcodeKind, LabelSize, LabelTemplate, Paper, Text
from batchbook.types.labels.printing import LabelSetup

OURS = LabelTemplate(
    paper=Paper.ROLL,
    size=LabelSize.STANDARD,
    title="Our roll",
    width=50,
    height=25,
    elements=(
        Text(field="description", x=2, y=2, width=46, height=7, font=9),
        Barcode(x=2, y=10, width=13, height=13, kind=BarcodeKind.QR),
    ),
)


def setup_with(tmp_path: Any, **settings: str) -> LabelSetup:
    """Start the application with ``settings`` of labels; return how it prints them."""
    given = {f"batchbook.labels.{name}": value for name, value in settings.items()}
    config = configure_services(
        {"sqlalchemy.url": f"sqlite:///{tmp_path}/x.sqlite3", "batchbook.development": "true"} | given
    )
    services = services_of(config.registry)
    services.get(Engine).dispose()
    setup: LabelSetup = services.get(BatchTypes)["labels"].services["setup"]
    return setup


def test_without_settings_the_shipped_templates_are_used(tmp_path: Any) -> None:
    setup = setup_with(tmp_path)
    assert setup.templates.titles()["roll"].startswith("Roll, labels of 57")
    assert (setup.locale, setup.currency, setup.font_files) == ("en_US", "", ())


def test_a_template_of_the_settings_takes_the_place_of_a_shipped_one(tmp_path: Any) -> None:
    setup = setup_with(tmp_path, templates=f"{__name__}:OURS", currency="EUR", locale="de_DE")
    assert setup.templates.titles()["roll"] == "Our roll"
    assert setup.templates.titles()["a4"].startswith("A4 sheet")
    assert (setup.locale, setup.currency) == ("de_DE", "EUR")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("templates", "acme.nowhere:LABELS", "names 'acme.nowhere:LABELS', which is not there"),
        ("fonts", "/nowhere/font.ttf", "names /nowhere/font.ttf, which is no TrueType font"),
        ("locale", "klingon", "is 'klingon', which is no language and region"),
        ("currency", "beads", "is 'BEADS', which is no currency"),
    ],
)
def test_the_application_does_not_start_with_what_could_not_be_printed(
    tmp_path: Any, name: str, value: str, said: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        setup_with(tmp_path, **{name: value})
    assert f"The setting batchbook.labels.{name} {said}" in str(caught.value)
