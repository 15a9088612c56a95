"""The page that changes a column, or finds and replaces, in the rows that match the grid's filters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.batches.concurrency import Token
from batchbook.batches.editing import Selection, editable_columns
from batchbook.batches.editing.change_rules import ColumnChange, Rule, changeable, fits
from batchbook.batches.editing.column_changer import ChangePreview, ColumnChanger, demand_seen
from batchbook.batches.editing.problems import cell_columns
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.batch_page import UNPROCESSABLE, follow_on
from batchbook.batches.pages.rows.row_grid import GridPage
from batchbook.batches.running.bulk_edits import CHANGE_COLUMN, enqueue_edit, is_big, rows_reference
from batchbook.errors import BadInput
from batchbook.forms import BoundForm, Field, Form
from batchbook.grid import Choice, Column, Kind, NumberFormat, choices_of
from batchbook.grid.number_formats import format_of
from batchbook.grid.rounding import ROUNDINGS
from batchbook.master.links import DEFAULT

#: The parameters of the address beside those of the grid: the rule, whether a preview is wanted, and the number format in which
#: values were typed, which filters are not.
_RULE, _PREVIEW, _TYPED_IN = "do", "preview", "typed"

_VALUES = {
    Rule.SET: (
        "New value",
        "The text for every cell. Empty clears them. Numbers may be worked out, such as =1{sign}2*3.",
    ),
    Rule.ADD: (
        "Number",
        "What is added, such as 0{sign}50; a negative number is subtracted. Empty cells stay empty.",
    ),
    Rule.PERCENT: (
        "Per cent",
        "Such as 2{sign}5, or -10. The results are rounded to the digits that the column keeps.",
    ),
    Rule.SERIES: (
        "First number",
        "The first row gets this number, the others follow in the order of their rows.",
    ),
    Rule.REPLACE: ("Find", "Blanks count."),
}


class ChangeColumn(GridPage):
    """Change a column of the rows that match the filters by a rule, after a preview."""

    name = "change_column"
    pattern = "/rows/change"
    permission = Action.EDIT.value
    template = "batchbook.templates:batches/change_column.jinja2"
    #: The rule where the address names none.
    usual_rule: ClassVar[Rule] = Rule.SET

    def get(self) -> dict[str, Any]:
        """Show the form and, where it was filled in, the preview."""
        if _PREVIEW not in self.request.GET:
            column = self.request.GET.get("column", "")
            return self._page(
                self._form().bind({"column": [column] if self.rule is Rule.REPLACE else column})
            )
        bound = self._form().validate(self.request.GET)
        try:
            condition = self.condition()
            preview = ColumnChanger(self.engine).preview(self.action_context, condition, self.change)
        except BadInput as error:
            self.request.response.status_int = UNPROCESSABLE
            return self._page(bound, refusal=error.message)
        return self._page(bound, preview)

    def post(self) -> HTTPSeeOther:
        """Change the rows, if they are still those of the preview, or enqueue that."""
        seen = Selection.read(
            self.request.POST, "The form doesn't say which rows you saw, so nothing was changed."
        )
        changer, condition = ColumnChanger(self.engine), self.condition()
        if not is_big(self.request.services, seen.count):
            return self.done(changer.store(self.batch.id, condition, self.change, seen.token), self._rows_url)
        changeable(self.row_model, self.change, self.action_context.access)
        demand_seen(self.action_context, condition, seen.token)
        arguments = self._arguments(seen.token)
        result = enqueue_edit(
            self.request.services,
            self.engine,
            self.batch.id,
            CHANGE_COLUMN.name,
            arguments,
            self.change.columns,
        )
        return follow_on(self.request, result, self._rows_url)

    def _arguments(self, seen: Token) -> dict[str, Any]:
        grid = rows_reference(self.batch).in_state(self.rows.grid.state)
        return {"grid": grid.to_json(), "seen": seen, "change": self.change.to_json()}

    @cached_property
    def rule(self) -> Rule:
        """The rule in the address."""
        name = self.request.GET.get(_RULE)
        return Rule(name) if name in list(Rule) else self.usual_rule

    @cached_property
    def change(self) -> ColumnChange:
        """The change that the address describes."""
        query = self.request.GET
        return ColumnChange(
            self.rule,
            tuple(query.getall("column")),
            query.get("value", ""),
            query.get("replacement", ""),
            whole=query.get("whole") == "yes",
            match_case=query.get("match_case") == "yes",
            regex=query.get("regex") == "yes",
            numbers=self._typed_in.value,
        )

    @property
    def _typed_in(self) -> NumberFormat:
        """The number format of the values in the form: the one that the address names, so that it means the same for all."""
        query = self.request.GET
        if _PREVIEW not in query:
            return format_of(self.request.conventions)
        return NumberFormat.called(query.get(_TYPED_IN, "")) or NumberFormat.POINT

    @property
    def _rows_url(self) -> str:
        return self.rows.grid.links.to()

    def _url(self, **more: str) -> str:
        return f"{self.view.url(self.name, self.batch)}?{urlencode([*self._state, *more.items()])}"

    @property
    def _state(self) -> list[tuple[str, str]]:
        return self.rows.grid.state.at_page(1).to_query() or DEFAULT

    def _page(
        self, bound: BoundForm, preview: ChangePreview | None = None, refusal: str = ""
    ) -> dict[str, Any]:
        tabs = [(rule.label, self._url(**{_RULE: rule}), rule is self.rule) for rule in self._rules()]
        return self.template_values(
            tabs=tabs,
            bound=bound,
            hidden=[*self._state, *self._described],
            url=self.view.url(self.name, self.batch),
            post_url=f"{self.view.url(self.name, self.batch)}?{self.request.query_string}",
            preview=preview,
            words=self.change.words if preview else "",
            refusal_text=refusal,
            narrowed=self.rows.grid.state.is_narrowed,
            cancel_url=self._rows_url,
        )

    @property
    def _described(self) -> list[tuple[str, str]]:
        return [(_RULE, self.rule.value), (_PREVIEW, "1"), (_TYPED_IN, self._typed_in.value)]

    def _rules(self) -> list[Rule]:
        return [rule for rule in Rule if self._columns(rule)]

    def _columns(self, rule: Rule) -> list[Column]:
        return [
            column
            for column in editable_columns(self.row_model, self.action_context.access)
            if fits(rule, column)
        ]

    def _form(self) -> Form:
        rule, columns = self.rule, _choices(self._columns(self.rule))
        several = rule is Rule.REPLACE
        column = Field.of(
            "column",
            Kind.CHOICE,
            label="In columns" if several else "Column",
            widget="checkboxes" if several else None,
            choices=columns,
            required=True,
        )
        return Form([column, *self._value_fields()])

    def _value_fields(self) -> list[Field]:
        rule = self.rule
        if rule is Rule.ROUND:
            choices = choices_of(ROUNDINGS)
            return [Field.of("value", Kind.CHOICE, label="Round", choices=choices, required=True)]
        if rule is Rule.COPY:
            sources = _choices(list(cell_columns(self.row_model, self.action_context.access).values()))
            return [Field.of("value", Kind.CHOICE, label="Copy from", choices=sources, required=True)]
        if rule not in _VALUES:
            return []
        label, help_text = _VALUES[rule]
        help_text = help_text.format(sign=self._typed_in.conventions.decimal_sign)
        value = Field.of("value", Kind.TEXT, label=label, help=help_text, required=rule is not Rule.SET)
        if rule is Rule.SERIES:
            return [value, Field.of("replacement", Kind.TEXT, label="Step", help="Such as 10; 1 if empty.")]
        return [value, *(_replace_fields() if rule is Rule.REPLACE else [])]


class FindAndReplace(ChangeColumn):
    """Find and replace in the rows that match the filters: where the grid's Ctrl+H leads."""

    name = "replace"
    pattern = "/rows/replace"
    usual_rule = Rule.REPLACE


def _choices(columns: Sequence[Column]) -> tuple[Choice, ...]:
    return tuple(Choice(column.name, column.label) for column in columns)


def _replace_fields() -> list[Field]:
    pattern = "Find is a pattern, such as ([0-9]+) ?oz; \\1 in the replacement is its first group."
    return [
        Field.of("replacement", Kind.TEXT, label="Replace with", help="Empty removes what is found."),
        Field.of("whole", Kind.BOOLEAN, label="Whole cells only"),
        Field.of("match_case", Kind.BOOLEAN, label="Match upper and lower case"),
        Field.of("regex", Kind.BOOLEAN, label="Regular expression", help=pattern),
    ]
