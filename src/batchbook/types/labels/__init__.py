"""Labels: shelf labels for products, printed on sheets and rolls.

Packages with label templates of their own import what they are declared with from here::

    SMALL = LabelTemplate(
        paper=Paper.ROLL,
        size=LabelSize.SMALL,
        title="Roll, labels of 40 by 20 mm",
        width=40,
        height=20,
        elements=(
            Text(field="description", x=2, y=2, width=36, height=3, font=8, bold=True),
            Barcode(x=2, y=6, width=30, height=12, kind=BarcodeKind.QR, content="https://shop.example/{item_code}"),
        ),
    )

The setting ``batchbook.labels.templates`` names them.
"""

from __future__ import annotations

from typing import Any

from batchbook.types.labels.templates import (
    Barcode,
    BarcodeKind,
    Box,
    LabelSize,
    LabelTemplate,
    Paper,
    Price,
    Sheet,
    Text,
)

__all__ = [
    "Barcode",
    "BarcodeKind",
    "Box",
    "LabelSize",
    "LabelTemplate",
    "Paper",
    "Price",
    "Sheet",
    "Text",
]


def includeme(config: Any) -> None:
    """Register the type, with the templates, fonts, language and currency of the settings.

    Raises ``ConfigurationError`` for settings that labels could not be printed with.
    """
    # Imported here, so that the models can be imported without the rest, as migrations do.
    from batchbook.types.labels.fonts import font_files
    from batchbook.types.labels.handler import LabelHandler
    from batchbook.types.labels.models import Labels
    from batchbook.types.labels.printing import LabelSetup, locale_and_currency
    from batchbook.types.labels.shipped_templates import SHIPPED
    from batchbook.types.labels.templates import templates_from

    settings = config.registry.settings
    setup = LabelSetup(
        templates_from(settings, SHIPPED), font_files(settings), *locale_and_currency(settings)
    )
    config.add_batch_type(
        Labels,
        handler=LabelHandler,
        view="batchbook.types.labels.views.LabelView",
        services={"setup": setup},
    )
