from __future__ import annotations

import subprocess
import sys

import pytest

from batchbook.scaffold.code_format import WIDTH, fitted, imported, laid_out, quoted

LONG = ", ".join(f"sa.Column('column_{number}', sa.String(length=20), nullable=True)" for number in range(5))

STATEMENTS = [
    "op.drop_table('short')",
    f"op.create_table('much', {LONG})",
    f"op.create_table('one', sa.Column('reason', sa.String(length=20), server_default=sa.text('{'x' * 60}')))",
    (
        "op.create_table('key',\nsa.ForeignKeyConstraint(['batch_id'], ['reorder_points.id'],"
        " name=op.f('fk_reorder_points_row_batch_id_reorder_points'), ondelete='CASCADE'))"
    ),
    "with op.batch_alter_table('short', schema=None) as batch_op:\n    batch_op.drop_column('a')\n\nop.drop_table('b')",
    (
        f"with op.batch_alter_table('{'long_' * 10}', schema=None, recreate='always', table_args=('a',)) as batch_op:\n"
        f"    batch_op.create_index('ix_{'name_' * 12}', ['{'first_' * 6}', '{'second_' * 6}'], unique=False)"
    ),
]


#: What stands before an expression, the expression, and what stands behind it, at four spaces.
EXPRESSIONS = [
    ("columns = ", "FileSource(columns={'a': 'a'})", ""),
    (
        "columns = ",
        f"FileSource(columns={{{', '.join(f'{name!r}: {name!r}' for name in 'abcdefgh' * 2)}}})",
        "",
    ),
    ("names = ", f"[{', '.join(repr('name' * number) for number in range(1, 9))}]", ""),
    ("row_table = ", f"RowTable(({', '.join(repr('name' * number) for number in range(1, 9))},))", ""),
    ("unless = ", "((is_repeated(SomeRow.item_code), SomeStatus.DUPLICATE),)", ""),
    ("unless = ", f"((is_repeated({'Some' * 9}Row.item_code), {'Some' * 9}Status.DUPLICATE),)", ""),
]


def formatted_by_ruff(source: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", str(WIDTH), "-"],
        input=source, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


@pytest.mark.parametrize("statement", STATEMENTS)
def test_statements_are_laid_out_as_ruff_does(statement: str) -> None:
    written = f"def upgrade() -> None:\n{laid_out(statement, indent=4)}\n"
    assert "schema=None" not in written
    assert formatted_by_ruff(written) == written


@pytest.mark.parametrize(("before", "expression", "after"), EXPRESSIONS)
def test_an_expression_in_a_template_is_laid_out_as_ruff_does(
    before: str, expression: str, after: str
) -> None:
    written = f"def upgrade() -> None:\n    {fitted(before, expression, after, indent=4)}\n"
    assert formatted_by_ruff(written) == written


def test_texts_have_double_quotes_unless_they_contain_some() -> None:
    assert [quoted(text) for text in ("a", "it's", 'a "b"')] == ['"a"', '"it\'s"', "'a \"b\"'"]


def test_other_statements_are_refused() -> None:
    with pytest.raises(ValueError, match="No call: a = 1"):
        laid_out("a = 1")


def test_names_are_imported_in_the_order_of_ruff_and_a_line_each_where_they_are_many() -> None:
    names = ["column", "Batch", "PRICE", "column"]
    assert imported("acme", names) == "from acme import PRICE, Batch, column"
    many = imported("acme", [f"Name{number}" * 5 for number in range(5)])
    assert formatted_by_ruff(many) == f"{many}\n"
    assert len(many.splitlines()) == 7
