"""Grid settings, remembered per user and grid."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from batchbook.master.models import GridSetting


def recall(db: Session, user_name: str, grid: str) -> dict[str, Any] | None:
    """Return what ``user_name`` last chose for ``grid``, or None if they never chose."""
    setting = db.get(GridSetting, (user_name, grid))
    return setting.settings if setting else None


def remember(db: Session, user_name: str, grid: str, settings: dict[str, Any]) -> None:
    """Keep ``settings`` (JSON-ready) as what ``user_name`` last chose for ``grid``."""
    # One statement, so that two tabs that store at the same moment cannot collide.
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(GridSetting).values(user_name=user_name, grid=grid, settings=settings)
    key = [GridSetting.user_name, GridSetting.grid]
    db.execute(statement.on_conflict_do_update(index_elements=key, set_={"settings": settings}))


def forget(db: Session, user_name: str, grid: str) -> None:
    """Forget what ``user_name`` chose for ``grid``: the next visit starts with the grid's defaults."""
    db.execute(delete(GridSetting).where(GridSetting.user_name == user_name, GridSetting.grid == grid))
