"""The pages that every master view has unless it says otherwise."""

from __future__ import annotations

from batchbook.master.pages.create import Create
from batchbook.master.pages.delete import Delete
from batchbook.master.pages.detail import Detail
from batchbook.master.pages.edit import Edit
from batchbook.master.pages.export import Export, ExportPage
from batchbook.master.pages.index import Index, Remember

#: All of them, in the order of their buttons.
PAGES = (Index, Remember, Export, Create, Detail, Edit, Delete)

__all__ = ["PAGES", "Create", "Delete", "Detail", "Edit", "Export", "ExportPage", "Index", "Remember"]
