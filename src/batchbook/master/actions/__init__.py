"""The actions that every master view has unless it says otherwise."""

from __future__ import annotations

from batchbook.master.actions.create import Create
from batchbook.master.actions.delete import Delete
from batchbook.master.actions.detail import Detail
from batchbook.master.actions.edit import Edit
from batchbook.master.actions.index import Export, Index, Remember

#: All of them, in the order of their buttons.
ACTIONS = (Index, Remember, Export, Create, Detail, Edit, Delete)

__all__ = ["ACTIONS", "Create", "Delete", "Detail", "Edit", "Export", "Index", "Remember"]
