"""Tables that people upload, of whatever format: opened, inspected, and read as rows of text.

``read_table`` reads a table whose columns are known. ``inspect_table`` reports on an unknown file, ``open_source``
reads its records by the options of that report, or of a person; ``normalise`` makes plain texts of its cells.

The readers of all formats take time to import. Modules that most commands import therefore use this package, and
``tables.open_source`` and the like, which import what they need when they are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.tables.errors import Unreadable as Unreadable
    from batchbook.tables.formats.file_type import SUFFIXES as SUFFIXES
    from batchbook.tables.inspection import inspect_table as inspect_table
    from batchbook.tables.layout.encoding import ENCODING_GUESSED as ENCODING_GUESSED
    from batchbook.tables.layout.encoding import ODD_LINES as ODD_LINES
    from batchbook.tables.layout.encoding import encoding_still_fits as encoding_still_fits
    from batchbook.tables.source import Table as Table
    from batchbook.tables.source import open_source as open_source
    from batchbook.tables.source import read_table as read_table
    from batchbook.tables.unreadable import unreadable_report as unreadable_report
else:
    __getattr__ = lazy_exports(__name__)
