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

from typing import TYPE_CHECKING, Any

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.types.labels.handler import LabelHandler as LabelHandler
    from batchbook.types.labels.models import LabelRow as LabelRow
    from batchbook.types.labels.models import Labels as Labels
    from batchbook.types.labels.models import LabelStatus as LabelStatus
    from batchbook.types.labels.templates import Barcode as Barcode
    from batchbook.types.labels.templates import BarcodeKind as BarcodeKind
    from batchbook.types.labels.templates import Box as Box
    from batchbook.types.labels.templates import LabelSize as LabelSize
    from batchbook.types.labels.templates import LabelTemplate as LabelTemplate
    from batchbook.types.labels.templates import Paper as Paper
    from batchbook.types.labels.templates import Price as Price
    from batchbook.types.labels.templates import Sheet as Sheet
    from batchbook.types.labels.templates import Text as Text
else:
    __getattr__ = lazy_exports(__name__)


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
