"""The layout of generated Python: statements of calls, such as those of migrations, broken into lines as ruff would.

A package that is written for an author passes their formatter's check at once, and they need not have one installed. Only
statements that migrations consist of are laid out: calls, and ``with`` around calls.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

#: The length of lines that generated packages set for their formatter.
WIDTH = 110
_INDENT = 4


def laid_out(source: str, indent: int = 0) -> str:
    """Return the statements of ``source`` with line breaks, each line behind ``indent`` spaces.

    Raises ``ValueError`` for a statement that is neither a call nor a ``with`` around calls.
    """
    return "\n".join(_block(ast.parse(source).body, indent))


def fitted(before: str, expression: str, after: str = "", indent: int = 0) -> str:
    """Return ``expression`` between two texts, with line breaks if it does not fit into a line behind ``indent`` spaces.

    The first line has no spaces before it: a template has them.
    """
    return "\n".join(_broken(ast.parse(expression, mode="eval").body, indent, before, after)).lstrip()


def one_line(node: ast.expr) -> str:
    """Return an expression without line breaks: texts in double quotes, and no argument that says ``schema=None``."""
    match node:
        case ast.Constant(value=str(text)):
            return quoted(text)
        case ast.Call():
            arguments = (f"{name}{one_line(value)}" for name, value in _arguments(node))
            return f"{one_line(node.func)}({', '.join(arguments)})"
        case ast.List(elts=items):
            return f"[{', '.join(map(one_line, items))}]"
        case ast.Dict(keys=keys, values=values):
            pairs = (
                f"{one_line(key)}: {one_line(value)}" for key, value in zip(keys, values, strict=True) if key
            )
            return f"{{{', '.join(pairs)}}}"
        case ast.Tuple(elts=items):
            return f"({', '.join(map(one_line, items))}{',' if len(items) == 1 else ''})"
    return ast.unparse(node)


def quoted(text: str) -> str:
    """Return a text as Python writes it, in double quotes unless it has more of them than of single ones."""
    written = repr(text)
    if written[0] == "'" and '"' not in text:
        return f'"{written[1:-1]}"'
    return written


def imported(module: str, names: Sequence[str]) -> str:
    """Return the statement that imports ``names`` from ``module``, in the order of ruff: constants, classes, functions."""
    ordered = sorted({*names}, key=lambda name: (not name.isupper(), name[0].islower(), name))
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in ordered), ")"])


def _block(statements: Sequence[ast.stmt], indent: int) -> Iterator[str]:
    for number, statement in enumerate(statements):
        match statement:
            case ast.Expr(value=ast.Call() as call):
                yield from _broken(call, indent, "", "")
            case ast.With(items=[ast.withitem(ast.Call() as call, ast.Name(name))], body=body):
                yield from _broken(call, indent, "with ", f" as {name}:")
                yield from _block(body, indent + _INDENT)
                if number + 1 < len(statements):
                    yield ""
            case _:
                raise ValueError(f"No call: {ast.unparse(statement)}")


def _broken(node: ast.expr, indent: int, before: str, after: str) -> Iterator[str]:
    """Yield the lines of an expression between two texts: in one line, with what is in brackets in one, or with one for each.

    Where there is a line for each, the last one has a comma, too.
    """
    space, inner = " " * indent, " " * (indent + _INDENT)
    whole = f"{space}{before}{one_line(node)}{after}"
    opening, parts, closing = _brackets(node)
    if len(whole) <= WIDTH or not parts:
        yield whole
        return
    together = f"{inner}{', '.join(f'{name}{one_line(value)}' for name, value in parts)}"
    yield f"{space}{before}{opening}"
    if len(together) <= WIDTH and not isinstance(node, ast.List | ast.Tuple | ast.Dict):
        yield together
    else:
        for name, value in parts:
            yield from _broken(value, indent + _INDENT, name, ",")
    yield f"{space}{closing}{after}"


def _brackets(node: ast.expr) -> tuple[str, list[tuple[str, ast.expr]], str]:
    """Return what is before, in and behind the brackets of an expression: parts, each with its name and a sign, if it has one."""
    match node:
        case ast.Call():
            return f"{one_line(node.func)}(", [*_arguments(node)], ")"
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return "{", [(f"{one_line(key)}: ", value) for key, value in pairs if key], "}"
        case ast.List(elts=items):
            return "[", [("", item) for item in items], "]"
        case ast.Tuple(elts=items):
            return "(", [("", item) for item in items], ")"
    return "", [], ""


def _arguments(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Yield the arguments of a call with their names, but none that says ``schema=None``, as Alembic does each time."""
    yield from (("", value) for value in call.args)
    for keyword in call.keywords:
        value = keyword.value
        if not (keyword.arg == "schema" and isinstance(value, ast.Constant) and value.value is None):
            yield f"{keyword.arg}=", value
