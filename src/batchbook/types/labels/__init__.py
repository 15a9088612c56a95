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
