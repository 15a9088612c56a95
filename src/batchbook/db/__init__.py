"""The database: engine recipes, the declarative base, column types, sessions and bulk writing."""

from __future__ import annotations

from batchbook.db.base import Base, JSONValue
from batchbook.db.functions import percent_change
from batchbook.db.types import ExactDecimal, UTCDateTime

__all__ = ["Base", "ExactDecimal", "JSONValue", "UTCDateTime", "percent_change"]
