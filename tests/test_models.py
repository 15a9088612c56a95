from __future__ import annotations

import ast
from pathlib import Path

import batchbook
from batchbook import models
from batchbook.db import Base


def test_every_module_with_tables_is_listed() -> None:
    """Or Alembic would take its tables for ones that are to be dropped."""
    listed = {value.__name__ for value in vars(models).values() if hasattr(value, "__file__")}
    root = Path(batchbook.__file__).parent
    declaring = {
        ".".join(("batchbook", *file.relative_to(root).with_suffix("").parts))
        for file in root.rglob("*.py")
        if any(
            isinstance(node, ast.Assign)
            and [getattr(target, "id", "") for target in node.targets] == ["__tablename__"]
            and isinstance(node.value, ast.Constant)
            for node in ast.walk(ast.parse(file.read_text("utf-8")))
        )
    }
    assert len(declaring) > 8
    assert {name for name in declaring if not name.startswith("batchbook.testing")} <= listed


def test_the_metadata_are_those_of_the_base() -> None:
    assert models.metadata is Base.metadata
    assert {"batch", "product", "user_account", "job", "sent_form", "intake_mapping"} <= set(
        models.metadata.tables
    )
