"""The plug-ins are projects of their own: their tests run in an environment in which they are installed."""

from __future__ import annotations

collect_ignore = ["batchbook_stockcount", "batchbook_reorderpoints"]
