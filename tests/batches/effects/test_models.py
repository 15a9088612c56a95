from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.batches.attacked import Attacked

from batchbook.batches.effects import models
from batchbook.batches.effects.models import Effect, effects_of
from batchbook.db.transactions import transaction_scope


def test_effects_are_read_in_parts_and_freeze_with_their_batch(
    attacked: Attacked, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "_TOGETHER", 1)
    with transaction_scope(engine, read_only=True) as session:
        found = list(effects_of(session, attacked.frozen))
    assert [one.number for one in found] == [1, 2]
    assert all(one.kind == "updated" and one.changes for one in found)
    attacked.refused("UPDATE batch_effect SET before = '{{}}' WHERE batch_id = {frozen}")
    attacked.refused("DELETE FROM batch_effect WHERE batch_id = {frozen}")


def test_changes_name_each_field_once() -> None:
    effect = Effect(1, "product", 1, "001", 1, "updated", {"a": 1}, {"a": 2, "b": 3})
    assert effect.changes == [("a", 1, 2), ("b", None, 3)]
