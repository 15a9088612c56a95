"""Mappings are saved by name and by sender, each in its scope."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from batchbook.batches.intake import IntakeMapping
from batchbook.batches.intake.saved_mappings import (
    MappingScope,
    find_mapping,
    last_mapping,
    mapping_names,
    refuse_foreign_name,
    save_mapping,
)
from batchbook.errors import BadInput, Missing
from batchbook.tables.report import Reading

NOW = datetime(2026, 11, 29, tzinfo=UTC)
MILL, BAKER = MappingScope("import", "product", "Mill"), MappingScope("import", "product", "Baker")
FIRST, SECOND = IntakeMapping({"price": 0}, headings=("a",)), IntakeMapping({"price": 1}, headings=("a", "b"))


def save(
    session: Session, scope: MappingScope, mapping: IntakeMapping, name: str = "", by: str = "ann"
) -> None:
    save_mapping(session, scope, mapping, Reading(delimiter=";"), by=by, at=NOW, name=name)


def test_the_last_mapping_of_a_sender_replaces_the_one_before(engine: Engine) -> None:
    with Session(engine) as session:
        assert last_mapping(session, MILL) is None
        save(session, MILL, FIRST)
        save(session, MILL, SECOND)
        found = last_mapping(session, MILL)
        assert found is not None
        assert (found.mapping, found.reading.delimiter, found.label) == (SECOND, ";", "last time for Mill")
        assert last_mapping(session, BAKER) is None


def test_a_named_mapping_is_found_by_every_sender_of_the_scope(engine: Engine) -> None:
    with Session(engine) as session:
        save(session, MILL, FIRST, "Spring")
        learned = IntakeMapping({"price": 0}, values={"price": {"free": "0"}}, headings=("a",))
        save(session, BAKER, learned)
        assert mapping_names(session, BAKER) == ["Spring"]
        assert find_mapping(session, BAKER, "Spring").mapping.values == {"price": {"free": "0"}}
        with pytest.raises(Missing, match=r"no saved mapping “Autumn” here. Saved ones: “Spring”"):
            find_mapping(session, BAKER, "Autumn")
        assert mapping_names(session, MappingScope("import", "vendor")) == []


def test_the_name_of_another_persons_mapping_is_refused(engine: Engine) -> None:
    with Session(engine) as session:
        save(session, MILL, FIRST, "Spring")
        refuse_foreign_name(session, MILL, "Spring", "ann")
        refuse_foreign_name(session, MILL, "Autumn", "bob")
        with pytest.raises(BadInput, match="ann has already saved a mapping as “Spring”"):
            refuse_foreign_name(session, MILL, "Spring", "bob")
