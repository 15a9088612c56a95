"""The plug-in is a project of its own: its tests run in an environment in which it is installed."""

from __future__ import annotations

collect_ignore = ["batchbook_stockcount"]
