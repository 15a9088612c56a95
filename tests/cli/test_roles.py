"""Commands that list, add, edit and delete roles."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def people(batchbook: Run) -> None:
    """An administrator and a member of staff."""
    assert batchbook("init").exit_code == 0
    for name, role in (("ada", "admin"), ("ann", "staff")):
        options = ("--role", role, "--password-stdin")
        result = batchbook("user", "add", name, *options, stdin="correct horse battery\n")
        assert result.exit_code == 0, result.stderr


def roles(batchbook: Run) -> dict[str, Any]:
    return {role["name"]: role for role in json.loads(batchbook("role", "list", "--json").stdout)}


@pytest.mark.usefixtures("people")
def test_a_role_is_added_changed_and_deleted(batchbook: Run) -> None:
    before = roles(batchbook)
    assert (before["staff"]["users"], before["auditor"]["users"]) == (["ann"], [])
    options = ("--label", "Buyers", "--allow", "products:view", "--allow", "batch:price_change:create")
    added = batchbook("role", "add", "buyer", *options)
    assert added.stdout == "Added the role buyer with 2 permissions.\n", added.stderr
    changes = ("--allow", "vendors:view", "--deny", "products:view", "--description", "They buy.")
    assert batchbook("role", "edit", "buyer", *changes).stdout == "Changed the role buyer.\n"
    assert roles(batchbook)["buyer"] == {
        "name": "buyer", "label": "Buyers", "description": "They buy.", "users": [],
        "permissions": ["batch:price_change:create", "vendors:view"],
    }  # fmt: skip
    assert "buyer (Buyers)" in batchbook("role", "list").stdout
    assert "products:view" in batchbook("role", "permissions").stdout
    assert batchbook("role", "delete", "buyer").stdout == "Deleted the role buyer.\n"
    assert roles(batchbook) == before


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_role_that_cannot_be_changed(batchbook: Run) -> None:
    before = roles(batchbook)
    for arguments, words in (
        (("add", "staff", "--label", "S"), "There is a role called staff already."),
        (("add", "", "--label", "S"), "Nothing was changed."),
        (("add", "x", "--label", "S", "--allow", "products:veiw"), "There is no permission “products:veiw”"),
        (("edit", "king", "--label", "K"), "There is no role king. The roles are admin"),
        (("edit", "staff", "--deny", "*"), "does not have the permission “*”"),
        (("edit", "admin", "--deny", "*:*"), "would leave nobody who can sign in and edit users and roles"),
        (("delete", "staff"), "cannot be deleted, because 1 user has it."),
    ):
        refused = batchbook("role", *arguments)
        assert (refused.exit_code, refused.stdout) == (1, ""), arguments
        assert words in refused.stderr
    assert batchbook("role", "edit", "staff").exit_code == 2
    assert roles(batchbook) == before
