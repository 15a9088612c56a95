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


def one_line(node: ast.expr) -> str:
    """Return an expression without line breaks: texts in double quotes, and no argument that says ``schema=None``."""
    match node:
        case ast.Constant(value=str(text)):
            return quoted(text)
        case ast.Call():
            return f"{one_line(node.func)}({', '.join(_arguments(node))})"
        case ast.List(elts=items):
            return f"[{', '.join(map(one_line, items))}]"
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

    The last line of a call has a comma behind its last argument if there is a line for each.
    """
    space = " " * indent
    whole = f"{space}{before}{one_line(node)}{after}"
    parts = node.elts if isinstance(node, ast.List) else _parts(node) if isinstance(node, ast.Call) else []
    if len(whole) <= WIDTH or not parts:
        yield whole
        return
    opening, closing = (f"{one_line(node.func)}(", ")") if isinstance(node, ast.Call) else ("[", "]")
    inner = " " * (indent + _INDENT)
    together = f"{inner}{', '.join(_argument(part) for part in parts)}"
    yield f"{space}{before}{opening}"
    if len(together) <= WIDTH:
        yield together
    else:
        for part in parts:
            name = f"{part.arg}=" if isinstance(part, ast.keyword) else ""
            value = part.value if isinstance(part, ast.keyword) else part
            yield from _broken(value, indent + _INDENT, name, ",")
    yield f"{space}{closing}{after}"


def _parts(call: ast.Call) -> list[ast.expr | ast.keyword]:
    return [*call.args, *(keyword for keyword in call.keywords if not _is_no_schema(keyword))]


def _is_no_schema(keyword: ast.keyword) -> bool:
    return keyword.arg == "schema" and isinstance(keyword.value, ast.Constant) and keyword.value.value is None


def _arguments(call: ast.Call) -> Iterator[str]:
    return map(_argument, _parts(call))


def _argument(part: ast.expr | ast.keyword) -> str:
    return f"{part.arg}={one_line(part.value)}" if isinstance(part, ast.keyword) else one_line(part)
