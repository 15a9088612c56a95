"""The label templates that ship: shelf labels in three sizes on A4 and Letter sheets and on rolls.

The sheets are those of common label stock: 3 by 8, 5 by 13 and 2 by 4 on A4, as sold for 70 × 37, 38.1 × 21.2 and
99.1 × 67.7 mm, and on Letter those of Avery 5160, 5167 and 5163. Bars on rolls are whole dots of printers with 203 dpi.
"""

from __future__ import annotations

from batchbook.types.labels.templates import (
    Barcode,
    Box,
    LabelSize,
    LabelTemplate,
    Paper,
    Price,
    Sheet,
    Text,
)

_A4 = {"width": 210, "height": 297}
_LETTER = {"width": 215.9, "height": 279.4}
#: A dot of a printer with 203 dpi.
_DOT = 0.125

SHIPPED = (
    LabelTemplate(
        paper=Paper.A4,
        size=LabelSize.STANDARD,
        title="A4 sheet, 3 × 8 labels of 70 × 37 mm",
        width=70,
        height=37,
        sheet=Sheet(**_A4, columns=3, rows=8, left=0, top=0.5, right=70, down=37),
        elements=(
            Text(field="description", x=4, y=3.4, width=62, height=9, font=11.5, least=8, bold=True, lines=2),
            Text(field="size", x=4, y=13.8, width=21.5, height=6.5, font=9, least=6, lines=2),
            Price(x=26, y=12.9, width=40, height=10.4, font=40),
            Barcode(x=2, y=24.2, width=38, height=10),
            Text(field="unit", x=42, y=24.8, width=24, height=3, font=9, least=6, align="right"),
            Text(field="item_code", x=42, y=29.8, width=24, height=2, font=6, least=4, align="right"),
            Text(field="date", x=42, y=32.6, width=24, height=2, font=6, align="right"),
        ),
    ),
    LabelTemplate(
        paper=Paper.A4,
        size=LabelSize.SMALL,
        title="A4 sheet, 5 × 13 labels of 38.1 × 21.2 mm",
        width=38.1,
        height=21.2,
        sheet=Sheet(**_A4, columns=5, rows=13, left=4.75, top=10.7, right=40.6, down=21.2),
        elements=(
            Text(field="description", x=2, y=1.6, width=34, height=5, font=6.5, least=5, bold=True, lines=2),
            Text(field="size", x=2, y=7.8, width=11.5, height=4.5, font=6, least=4.5, lines=2),
            Price(x=14, y=7, width=22.1, height=6, font=23),
            Barcode(x=0.8, y=13.6, width=26.6, height=6.4, module=0.24),
            Text(field="unit", x=27.6, y=14, width=8.5, height=1.8, font=5.5, least=4, align="right"),
            Text(field="item_code", x=27.6, y=18.2, width=8.5, height=1.6, font=4.5, least=4, align="right"),
        ),
    ),
    LabelTemplate(
        paper=Paper.A4,
        size=LabelSize.LARGE,
        title="A4 sheet, 2 × 4 labels of 99.1 × 67.7 mm",
        width=99.1,
        height=67.7,
        sheet=Sheet(**_A4, columns=2, rows=4, left=4.65, top=13.1, right=101.6, down=67.7),
        elements=(
            Text(field="description", x=6, y=6, width=87.1, height=16, font=21, least=14, bold=True, lines=2),
            Text(field="size", x=6, y=24.5, width=30, height=10, font=13, least=9, lines=2),
            Price(x=36.5, y=24, width=56.6, height=19.4, font=75),
            Box(x=6, y=46.6, width=87.1, height=0.35),
            Barcode(x=4, y=49, width=42, height=14.5, module=0.36),
            Text(field="unit", x=53.1, y=49.2, width=40, height=5, font=13, least=9, align="right"),
            Text(field="item_code", x=53.1, y=57.2, width=40, height=2.6, font=8, align="right"),
            Text(field="date", x=53.1, y=61.2, width=40, height=2.6, font=8, align="right"),
        ),
    ),
    LabelTemplate(
        paper=Paper.LETTER,
        size=LabelSize.STANDARD,
        title="Letter sheet, 3 × 10 labels of 2⅝ × 1 in (Avery 5160)",
        width=66.675,
        height=25.4,
        sheet=Sheet(**_LETTER, columns=3, rows=10, left=4.7625, top=12.7, right=69.85, down=25.4),
        elements=(
            Text(
                field="description",
                x=3,
                y=2.2,
                width=60.6,
                height=6.6,
                font=8.5,
                least=6.5,
                bold=True,
                lines=2,
            ),
            Text(field="size", x=3, y=10.2, width=18, height=2.6, font=7, least=5),
            Price(x=38.5, y=9.8, width=25.1, height=9.4, font=36),
            Barcode(x=1.6, y=13.2, width=36.5, height=10.4, module=0.32),
            Text(field="unit", x=39, y=20.4, width=24.6, height=2.2, font=7, least=5, align="right"),
            Text(field="item_code", x=21, y=10.2, width=16, height=2.2, font=5.5, least=4, align="right"),
        ),
    ),
    LabelTemplate(
        paper=Paper.LETTER,
        size=LabelSize.SMALL,
        title="Letter sheet, 4 × 20 labels of 1¾ × ½ in (Avery 5167)",
        width=44.45,
        height=12.7,
        sheet=Sheet(**_LETTER, columns=4, rows=20, left=7.62, top=12.7, right=52.07, down=12.7),
        elements=(
            Text(field="description", x=1.5, y=1.1, width=41.4, height=2.2, font=6, least=5, bold=True),
            Barcode(x=0.6, y=3.8, width=26, height=7.8, module=0.23),
            Price(x=27, y=4, width=15.9, height=5, font=19.5),
            Text(field="size", x=27, y=10, width=15.9, height=1.8, font=5, least=4, align="right"),
        ),
    ),
    LabelTemplate(
        paper=Paper.LETTER,
        size=LabelSize.LARGE,
        title="Letter sheet, 2 × 5 labels of 4 × 2 in (Avery 5163)",
        width=101.6,
        height=50.8,
        sheet=Sheet(**_LETTER, columns=2, rows=5, left=3.96875, top=12.7, right=106.3625, down=50.8),
        elements=(
            Text(
                field="description", x=5, y=4.4, width=91.6, height=13, font=17, least=12, bold=True, lines=2
            ),
            Text(field="size", x=5, y=19.6, width=36, height=4, font=11, least=8),
            Price(x=47, y=18.8, width=49.6, height=17.2, font=66),
            Barcode(x=3, y=31, width=42, height=16, module=0.36),
            Text(field="unit", x=52.6, y=38, width=44, height=4, font=11, least=8, align="right"),
            Text(field="item_code", x=52.6, y=44.4, width=21, height=2.4, font=7, least=5, align="right"),
            Text(field="date", x=76, y=44.4, width=20.6, height=2.4, font=7, align="right"),
        ),
    ),
    LabelTemplate(
        paper=Paper.ROLL,
        size=LabelSize.STANDARD,
        title="Roll, labels of 57 × 32 mm",
        width=57,
        height=32,
        elements=(
            Text(
                field="description", x=2.5, y=2.2, width=52, height=8, font=10, least=7.5, bold=True, lines=2
            ),
            Text(field="size", x=2.5, y=11.6, width=15, height=6, font=8, least=6, lines=2),
            Price(x=18, y=11.2, width=36.5, height=9.4, font=36),
            Barcode(x=1, y=21.6, width=33, height=8.6, module=2 * _DOT, step=_DOT),
            Text(field="unit", x=34.5, y=22, width=20, height=2.6, font=8, least=6, align="right"),
            Text(field="item_code", x=34.5, y=26, width=20, height=1.8, font=5.5, least=4, align="right"),
            Text(field="date", x=34.5, y=28.4, width=20, height=1.8, font=5.5, align="right"),
        ),
    ),
    LabelTemplate(
        paper=Paper.ROLL,
        size=LabelSize.SMALL,
        title="Roll, labels of 38 × 25 mm",
        width=38,
        height=25,
        elements=(
            Text(
                field="description", x=2, y=1.8, width=34, height=5.6, font=7.5, least=5.5, bold=True, lines=2
            ),
            Text(field="size", x=2, y=8.6, width=10.5, height=5, font=6.5, least=5, lines=2),
            Price(x=13, y=8.2, width=23, height=7, font=27),
            Barcode(x=1, y=16.2, width=28.3, height=7.4, module=2 * _DOT, step=_DOT),
            Text(field="unit", x=29.4, y=16.6, width=6.6, height=2, font=6, least=4, align="right"),
            Text(field="item_code", x=29.4, y=21.4, width=6.6, height=1.8, font=5, least=4, align="right"),
        ),
    ),
    LabelTemplate(
        paper=Paper.ROLL,
        size=LabelSize.LARGE,
        title="Roll, labels of 100 × 50 mm",
        width=100,
        height=50,
        elements=(
            Text(field="description", x=4, y=3.6, width=92, height=13, font=17, least=12, bold=True, lines=2),
            Text(field="size", x=4, y=18.8, width=36, height=4, font=11, least=8),
            Price(x=48, y=18, width=48, height=17.4, font=67),
            Barcode(x=2.4, y=30.4, width=44, height=16.2, module=3 * _DOT, step=_DOT),
            Text(field="unit", x=52, y=37.4, width=44, height=4, font=11, least=8, align="right"),
            Text(field="item_code", x=52, y=43.8, width=21, height=2.4, font=7, least=5, align="right"),
            Text(field="date", x=76, y=43.8, width=20, height=2.4, font=7, align="right"),
        ),
    ),
)
