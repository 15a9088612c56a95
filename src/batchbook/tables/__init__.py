"""Tables that people upload, of whatever format: opened, inspected, and read as rows of text.

``read_table`` reads a table whose columns are known. ``inspect_table`` reports on a file nobody knows yet, ``open_source``
reads its records as that report, or a person, says; ``normalise`` makes plain texts of its cells.

Readers of all formats take a while to import. Modules that most commands import therefore import this package, and use
``tables.open_source`` and the like, which imports what it needs when it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.tables.formats.file_type import SUFFIXES as SUFFIXES
    from batchbook.tables.inspection import inspect_table as inspect_table
    from batchbook.tables.layout.encoding import ENCODING_GUESSED as ENCODING_GUESSED
    from batchbook.tables.layout.encoding import ODD_LINES as ODD_LINES
    from batchbook.tables.layout.encoding import encoding_still_fits as encoding_still_fits
    from batchbook.tables.source import Table as Table
    from batchbook.tables.source import open_source as open_source
    from batchbook.tables.source import read_table as read_table
else:
    __getattr__ = lazy_exports(__name__)
