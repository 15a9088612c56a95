"""What the master views keep for themselves: the way a person last looked at each grid."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from batchbook.db import Base


class GridSetting(Base):
    """The filters, sort and page size with which one user last looked at one grid."""

    __tablename__ = "grid_setting"

    # The name, not the id, of the user: the grids are a lower room than the accounts and know none of their tables.
    user_name: Mapped[str] = mapped_column(String(100), primary_key=True)
    grid: Mapped[str] = mapped_column(String(100), primary_key=True)
    settings: Mapped[dict[str, Any]]
