"""Deny by default: a view that names no permission stops the application at start-up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.config.views import isexception
from pyramid.exceptions import ConfigurationError
from pyramid.viewderivers import INGRESS


def require_permission(view: Callable[..., Any], info: Any) -> Callable[..., Any]:
    """View deriver: raise ``ConfigurationError`` for a view without a permission.

    A page for everybody says so with ``NO_PERMISSION_REQUIRED``. Views of exceptions are free: they answer whoever
    the error happened to.
    """
    if info.options.get("permission") is None and not info.exception_only and not _for_exceptions(info):
        raise ConfigurationError(
            f"The view {info.original_view!r} names no permission. Give it one, or NO_PERMISSION_REQUIRED if everybody "
            "may see it."
        )
    return view


def _for_exceptions(info: Any) -> bool:
    context = info.options.get("context")
    return context is not None and bool(isexception(context))


def includeme(config: Any) -> None:
    """Put the deriver before all others."""
    config.add_view_deriver(require_permission, "require_permission", under=INGRESS)
