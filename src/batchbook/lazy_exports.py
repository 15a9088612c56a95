"""Lazy exports of packages, which import their modules when they are first used (PEP 562).

The package lists them once, as type checkers read them; an alias marks a name as exported::

    if TYPE_CHECKING:
        from acme.orders import Order as Order
    else:
        __getattr__ = lazy_exports(__name__)
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any


def lazy_exports(package: str) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of ``package``, which imports the names listed under ``if TYPE_CHECKING:``.

    The list is read from the package's source when a name is first looked up that the package does not have yet.
    ``__all__`` is the list of the names.
    """

    @cache
    def listed() -> dict[str, tuple[str, str]]:
        return dict(_type_checking_imports((files(package) / "__init__.py").read_text("utf-8")))

    def get(name: str) -> Any:
        if name == "__all__":
            return sorted(listed())
        if name not in listed():
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, original = listed()[name]
        value = getattr(import_module(module), original)
        setattr(sys.modules[package], name, value)
        return value

    return get


def _type_checking_imports(source: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each name that ``source`` exports under ``if TYPE_CHECKING:``, with its module and the name in it."""
    for statement in ast.parse(source).body:
        match statement:
            case ast.If(test=ast.Name("TYPE_CHECKING"), body=body):
                for one in body:
                    if isinstance(one, ast.ImportFrom):
                        for alias in one.names:
                            if alias.asname is not None:
                                yield alias.asname, (one.module or "", alias.name)
