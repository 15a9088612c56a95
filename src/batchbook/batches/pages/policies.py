"""The pages of policies, for administrators: what each type of batch demands of edits and executions, and its versions."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.batches.policies.declaration import MOST_APPROVALS, Limit, Policy
from batchbook.batches.policies.stored import applied_policy, latest_version, set_policy, versions
from batchbook.batches.registry import BatchType, BatchTypes
from batchbook.db import utc_now
from batchbook.errors import BadInput
from batchbook.forms import WHOLE_FORM, BoundForm, Field, Form
from batchbook.grid import Kind
from batchbook.security.audit_log import SETTING, record_change
from batchbook.web.request import Request
from batchbook.words import counted

#: The permissions for looking at policies, and for changing them.
VIEW, EDIT = "policies:view", "policies:edit"

#: The number of versions that a page lists.
_LISTED = 50
_UNPROCESSABLE, _CONFLICT = 422, 409
_BASED_ON = "based_on"
#: The fields with a text in each line.
_LISTS = ("reasons", "edit_reasons")

#: The measures of limits, in words.
LABELS = {
    "rows": "Number of rows",
    "percent": "Largest change in %",
    "amount": "Largest change",
    "share": "Rows removed or with problems in %",
    "sum": "Sum of all changes",
}

_EDITS = (
    Field.of(
        "edit_percent",
        Kind.DECIMAL,
        label="Edits need a reason above a change of this many per cent",
        minimum=0,
    ),
    Field.of(
        "edit_amount",
        Kind.DECIMAL,
        label="Edits need a reason above a change of this amount",
        minimum=0,
    ),
    Field.of(
        "edit_reasons",
        Kind.TEXT,
        label="Reasons for edits to choose from",
        widget="textarea",
        help="One in each line. Empty: a text only.",
    ),
    Field.of("other_edit_reasons", Kind.BOOLEAN, label="Other reasons for edits may be typed"),
)

_FORM = Form(
    [
        Field.of(
            "other_than_editor",
            Kind.BOOLEAN,
            label="Whoever created or edited a batch may not execute it",
        ),
        Field.of(
            "other_than_completer", Kind.BOOLEAN, label="Whoever marked a batch complete may not execute it"
        ),
        Field.of(
            "approvals",
            Kind.INTEGER,
            label="Number of approvers",
            help="Different people who did not edit the batch. 0 demands no approval.",
            required=True,
            minimum=0,
            maximum=MOST_APPROVALS,
        ),
        Field.of(
            "approvals_above",
            Kind.DECIMAL,
            label="Approvals only above this sum of changes",
            help="The sum of all rises and falls of numbers. Empty: approvals are always needed.",
            minimum=0,
        ),
        Field.of(
            "signature",
            Kind.BOOLEAN,
            label="Executing needs the password, as a signature",
            help="The signature means “reviewed and approved”. It is kept with the batch, and printed with its rows.",
        ),
        Field.of("reason", Kind.BOOLEAN, label="Executing needs a reason"),
        Field.of(
            "reasons",
            Kind.TEXT,
            label="Reasons to choose from",
            widget="textarea",
            help="One in each line. Empty: a text only.",
        ),
        Field.of("other_reasons", Kind.BOOLEAN, label="Other reasons may be typed"),
        Field.of(
            "windows",
            Kind.TEXT,
            label="Times at which batches may be executed",
            help="Such as Mon-Fri 08:00-18:00, Sat 09:00-12:00. Empty: at any time.",
        ),
        Field.of(
            "zone",
            Kind.TEXT,
            label="Time zone of these times",
            help="Such as Europe/Berlin.",
            required=True,
        ),
        *(
            Field.of(f"{measure}_{kind}", Kind.DECIMAL, label=f"{label}: {words}", minimum=0)
            for measure, label in LABELS.items()
            for kind, words in (("warn", "confirm above"), ("refuse", "refuse above"))
        ),
        *_EDITS,
    ]
)


#: The sections of the form: heading, explanation, names of fields, and whether these stand side by side.
_SECTIONS = (
    ("Second person", "", ("other_than_editor", "other_than_completer"), False),
    ("Approvals", "", ("approvals", "approvals_above"), False),
    ("Execution", "", ("signature", "reason", "reasons", "other_reasons"), False),
    ("Times", "", ("windows", "zone"), False),
    (
        "Limits",
        "Above the first, an execution is confirmed with a reason; above the second, it is refused. Lower limits in the settings count too.",
        tuple(f"{measure}_{kind}" for measure in LABELS for kind in ("warn", "refuse")),
        True,
    ),
    (
        "Edits",
        "Each value is held against the one before, and against the one that came into the batch. Empty: no limit.",
        tuple(one.name for one in _EDITS),
        False,
    ),
)


class PolicyPage:
    """A page about the policies of types."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.types: BatchTypes = request.services.get(BatchTypes)

    @property
    def batch_type(self) -> BatchType:
        """The type that the address names."""
        key: str = self.request.matchdict["type"]
        return self.types[key]

    @property
    def policy(self) -> Policy:
        """The policy that applies to that type."""
        return self.policy_of(self.batch_type)

    def policy_of(self, batch_type: BatchType) -> Policy:
        """Return the policy that applies to ``batch_type``."""
        declared = batch_type.handler.execution_policy.policy
        return applied_policy(self.request.db, batch_type.key, declared)

    @property
    def based_on(self) -> int:
        """The number of the version that the form showed; -1 if it does not tell."""
        text = self.request.POST.get(_BASED_ON, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else -1


class PoliciesPages(PolicyPage):
    """The list of the types with their policies, and the form of each."""

    def index(self) -> dict[str, Any]:
        """List the types with what their policies demand."""
        rows = [
            (
                one.title,
                self.request.route_path("policies.edit", type=one.key),
                described(self.policy_of(one)),
            )
            for one in self.types
        ]
        return {"rows": rows}

    def form(self) -> dict[str, Any]:
        """Show the form with the policy that applies."""
        values = _values(self.policy)
        return self._page(self._form.bind(values | {name: "\n".join(values[name]) for name in _LISTS}))

    def save(self) -> Any:
        """Store the policy as a new version, or show the form again."""
        bound, batch_type = self._form.validate(self.request.POST), self.batch_type
        before = self.policy
        try:
            policy = _read(bound, before) if bound.valid else before
        except BadInput as error:
            bound.add_error(WHOLE_FORM, error.message)
        if not bound.valid:
            self.request.response.status_int = _UNPROCESSABLE
            return self._page(bound)
        changes = policy.changes_from(before)
        if not changes:
            self.request.flash("Nothing was changed.", "info")
        elif not set_policy(
            self.request.db,
            batch_type.key,
            policy,
            utc_now(),
            self.request.authenticated_userid or "",
            self.based_on,
        ):
            self.request.response.status_int = _CONFLICT
            bound.add_error(
                WHOLE_FORM,
                "Somebody else changed this policy meanwhile, so nothing was stored. Look at the versions below, then save"
                " again to replace the last one.",
            )
            return self._page(bound)
        else:
            record_change(self.request, "policy changed", batch_type.key, "; ".join(changes), SETTING)
            self.request.flash(f"The policy of {batch_type.title_plural.lower()} was changed.", "success")
        return HTTPSeeOther(self.request.route_path("policies.index"))

    def _page(self, bound: BoundForm) -> dict[str, Any]:
        key = self.batch_type.key
        latest = latest_version(self.request.db, key)
        found = [*versions(self.request.db, key, _LISTED)]
        policies = [Policy.from_json(one.settings) for one in found]
        before = [*policies[1:], Policy()]
        listed = [
            (one, changes_in_words(old, policy))
            for one, policy, old in zip(found, policies, before, strict=False)
        ]
        return {
            "sections": _SECTIONS,
            "batch_type": self.batch_type,
            "bound": bound,
            "based_on": 0 if latest is None else latest.number,
            "versions": listed,
            "may_edit": self.request.identity is not None and self.request.identity.may(EDIT),
            "columns_url": self.request.route_path("policies.columns", type=key),
            "cancel_url": self.request.route_path("policies.index"),
        }

    @property
    def _form(self) -> Form:
        return _FORM.written_by(self.request.conventions)


def _read(bound: BoundForm, before: Policy) -> Policy:
    """Return the policy of a valid form, with what it has no fields for as ``before``; raise ``BadInput`` if it could not be applied."""
    values = dict(bound.values)
    for name in _LISTS:
        values[name] = tuple(line.strip() for line in (values[name] or "").splitlines() if line.strip())
    values["windows"] = values["windows"] or ""
    limits = (Limit(one, values.pop(f"{one}_warn"), values.pop(f"{one}_refuse")) for one in LABELS)
    values["limits"] = tuple(limit for limit in limits if limit != Limit(limit.measure))
    return replace(before, **values)


def _values(policy: Policy) -> dict[str, Any]:
    """Return the values of the form's fields."""
    values = {one.name: getattr(policy, one.name) for one in fields(policy)}
    for limit in policy.limits:
        values |= {f"{limit.measure}_warn": limit.warn, f"{limit.measure}_refuse": limit.refuse}
    return values


def changes_in_words(before: Policy, after: Policy) -> list[str]:
    """Return a phrase for each field of the form that has another value in ``after`` than in ``before``, and for the columns."""
    old, new = _values(before), _values(after)
    rules = ["; ".join(rule.words for rule in policy.fields) or "none" for policy in (before, after)]
    columns = [f"Restricted columns: {rules[0]} → {rules[1]}"] if rules[0] != rules[1] else []
    return columns + [
        f"{field.label}: {_in_words(old.get(field.name))} → {_in_words(new.get(field.name))}"
        for field in _FORM.fields
        if old.get(field.name) != new.get(field.name)
    ]


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        value = ", ".join(f"“{one}”" for one in value)
    return f"{value:,f}" if isinstance(value, Decimal) else str("none" if value in (None, "") else value)


def described(policy: Policy) -> list[str]:
    """Return phrases on what ``policy`` demands; none if it demands nothing."""
    approvers = counted(policy.approvals, "approval")
    above = "" if policy.approvals_above is None else f" above {policy.approvals_above:,f}"
    found = [
        (policy.other_than_editor, "Executed by somebody who did not edit it"),
        (policy.other_than_completer, "Executed by somebody who did not mark it complete"),
        (policy.approvals, approvers + above),
        (policy.signature, "Signed with the password"),
        (policy.reason, "A reason for the execution"),
        (policy.limits, "Limits: " + ", ".join(LABELS[one.measure].lower() for one in policy.limits)),
        (policy.windows, f"Only at {policy.windows} ({policy.zone})"),
        (policy.explains_edits, f"A reason for edits above {_edit_limits(policy)}"),
        (policy.fields, counted(len(policy.fields), "restricted column")),
    ]
    return [phrase for applies, phrase in found if applies]


def _edit_limits(policy: Policy) -> str:
    percent = () if policy.edit_percent is None else (f"{policy.edit_percent.normalize():,f} %",)
    amount = () if policy.edit_amount is None else (f"{policy.edit_amount.normalize():,f}",)
    return " or ".join((*percent, *amount))


def includeme(config: Any) -> None:
    """Register the pages, and link them in the navigation of administrators."""
    config.add_route("policies.index", "/policies")
    config.add_route("policies.edit", "/policies/{type}")
    for route, attr, method, permission, template in (
        ("policies.index", "index", "GET", VIEW, "policies"),
        ("policies.edit", "form", "GET", VIEW, "policy"),
        ("policies.edit", "save", "POST", EDIT, "policy"),
    ):
        config.add_view(
            PoliciesPages,
            attr=attr,
            route_name=route,
            request_method=method,
            permission=permission,
            renderer=f"batchbook.templates:batches/{template}.jinja2",
        )
    config.add_navigation("Policies", "policies.index", VIEW, group="Administration", order=80)
