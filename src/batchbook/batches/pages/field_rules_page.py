"""The page on which administrators set the roles that may see and edit the columns of a type's rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from batchbook.batches.pages.policies import EDIT, VIEW, PolicyPage
from batchbook.batches.policies.field_access import identifying_columns, restrictable_columns
from batchbook.batches.policies.field_rules import FieldRule, refuse_unrestrictable
from batchbook.batches.policies.stored import latest_version, set_policy
from batchbook.db import utc_now
from batchbook.errors import BadInput
from batchbook.security.audit_log import record_change
from batchbook.security.models import Role
from batchbook.words import quoted_list

#: The word for no role at all; an empty text is everybody.
NOBODY = "nobody"
#: Empty lines for columns that only some batches have, and for beginnings of names.
_MORE = 3
_UNPROCESSABLE = 422


@dataclass(frozen=True)
class Line:
    """A line of the form: a column with its name and label, and the texts with the roles that may see and edit it.

    The name of a line without a ``label`` can be typed. A column that ``is_key`` cannot be hidden, one that is not ``editable``
    is edited by nobody anyway.
    """

    field: str = ""
    label: str = ""
    see: str = ""
    edit: str = ""
    is_key: bool = False
    editable: bool = True


class FieldRulesPage(PolicyPage):
    """The form with the columns of a type's rows and their roles."""

    def form(self) -> dict[str, Any]:
        """Show the columns with the roles that apply."""
        texts = {rule.field: (_text(rule.see), _text(rule.edit)) for rule in self.policy.fields}
        return self._page([*self._lines(texts)])

    def save(self) -> Any:
        """Store the roles as a new version of the policy, or show the form again."""
        try:
            sent = [*self._sent()]
        except ValueError:
            raise BadInput("The form is not complete, so nothing was changed. Reload the page.") from None
        try:
            rules = self._read(sent)
            policy = replace(self.policy, fields=rules)
        except BadInput as error:
            self.request.response.status_int = _UNPROCESSABLE
            return self._page(
                [*self._lines({field: (see, edit) for field, see, edit in sent})], error.message
            )
        changes = policy.changes_from(self.policy)
        actor, key = self.request.authenticated_userid or "", self.batch_type.key
        if not changes:
            self.request.flash("Nothing was changed.", "info")
        elif not set_policy(self.request.db, key, policy, utc_now(), actor, self.based_on):
            self.request.flash(
                "Somebody else changed this policy meanwhile, so nothing was stored. Look at it, then change it again.",
                "error",
            )
        else:
            record_change(self.request, "policy changed", key, "; ".join(changes))
            self.request.flash(
                f"The columns of {self.batch_type.title_plural.lower()} were changed.", "success"
            )
        return HTTPSeeOther(self.request.path)

    def _sent(self) -> Iterator[tuple[str, str, str]]:
        sent = self.request.POST
        for line in zip(*(sent.getall(name) for name in ("field", "see", "edit")), strict=True):
            field, see, edit = (text.strip() for text in line)
            if field or see or edit:
                yield field, see, edit

    def _read(self, sent: list[tuple[str, str, str]]) -> tuple[FieldRule, ...]:
        """Return the rules of the lines ``sent``; raise ``BadInput`` for what could not be applied."""
        known = {*self.request.db.scalars(select(Role.name))}
        lines = [(field, _roles(see, known), _roles(edit, known)) for field, see, edit in sent]
        rules = tuple(
            FieldRule(field=field, see=see, edit=edit)
            for field, see, edit in lines
            if see is not None or edit is not None
        )
        refuse_unrestrictable(rules, identifying_columns(self.batch_type))
        if self.batch_type.handler.per_batch_rows is None:
            self._refuse_unknown(rules)
        return rules

    def _refuse_unknown(self, rules: Collection[FieldRule]) -> None:
        columns = restrictable_columns(self.batch_type)
        for rule in rules:
            if not any(rule.concerns(column.name) for column in columns):
                raise BadInput(
                    f"Rows of {self.batch_type.title_plural.lower()} have no column “{rule.field[:60]}”. Nothing was changed."
                )

    def _lines(self, texts: dict[str, tuple[str, str]]) -> Iterator[Line]:
        keys = identifying_columns(self.batch_type)
        columns = restrictable_columns(self.batch_type)
        for one in columns:
            texts_of = texts.get(one.name, ("", ""))
            yield Line(one.name, one.label, *texts_of, one.name in keys, one.editable)
        named = {one.name for one in columns}
        yield from (Line(field, "", *both) for field, both in texts.items() if field not in named)
        yield from (Line() for _ in range(_MORE))

    def _page(self, lines: list[Line], error: str = "") -> dict[str, Any]:
        latest = latest_version(self.request.db, self.batch_type.key)
        return {
            "batch_type": self.batch_type,
            "lines": lines,
            "roles": [*self.request.db.scalars(select(Role.name).order_by(Role.name))],
            "nobody": NOBODY,
            "error": error,
            "based_on": 0 if latest is None else latest.number,
            "may_edit": self.request.identity is not None and self.request.identity.may(EDIT),
            "policy_url": self.request.route_path("policies.edit", type=self.batch_type.key),
            "cancel_url": self.request.route_path("policies.index"),
        }


def _text(roles: tuple[str, ...] | None) -> str:
    return "" if roles is None else ", ".join(roles) or NOBODY


def _roles(text: str, known: Collection[str]) -> tuple[str, ...] | None:
    """Return the names of roles in ``text``, ``None`` for everybody; raise ``BadInput`` for one that there is not."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        return None
    if names == (NOBODY,):
        return ()
    unknown = [name[:60] for name in names if name not in known]
    if unknown:
        raise BadInput(f"There is no role {quoted_list(unknown)}. Roles: {', '.join(sorted(known))}.")
    return names


def includeme(config: Any) -> None:
    """Register the page."""
    config.add_route("policies.columns", "/policies/{type}/columns")
    for attr, method, permission in (("form", "GET", VIEW), ("save", "POST", EDIT)):
        config.add_view(
            FieldRulesPage,
            attr=attr,
            route_name="policies.columns",
            request_method=method,
            permission=permission,
            renderer="batchbook.templates:batches/field_rules.jinja2",
        )
