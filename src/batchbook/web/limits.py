"""Limits of requests: bodies that are too large and requests that cannot be read are refused before anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.httpexceptions import HTTPLengthRequired

from batchbook.errors import BadInput, TooLarge
from batchbook.web import WebSettings
from batchbook.web.form_parsing import MULTIPART, read_form
from batchbook.web.formatting import bytesize
from batchbook.web.request import Request
from batchbook.words import is_storable

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

#: What anybody may send: signing in and out need no more, and reading a form costs time before anything is checked.
STRANGERS_BYTES = 64_000

# Python refuses to read numbers of thousands of digits, by an error of its own.
_MOST_DIGITS = 18


def limits_tween_factory(handler: Callable[[Request], Any], _registry: Any) -> Callable[[Request], Any]:
    """Return the tween that looks at a request's length and address before its body is read."""

    def check_limits(request: Request) -> Any:
        _check_length(request)
        _check_address(request)
        return handler(request)

    return check_limits


def retry_attempts(request: Request) -> int | None:
    """Say to ``pyramid_retry`` how often a request may be tried: it reads the body of one that it may try again.

    One that the tween will refuse is tried once, so its body stays unread; ``None`` means the usual number.
    """
    length = _stated_length(request)
    refused = length is None or length > _limit(request)
    return 1 if refused or "HTTP_TRANSFER_ENCODING" in request.environ else None


def _stated_length(request: Request) -> int | None:
    text = request.environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _check_length(request: Request) -> None:
    if "HTTP_TRANSFER_ENCODING" in request.environ:
        # The server in front normally resolves this. One that does not leaves us with a body of unknown length.
        raise HTTPLengthRequired
    length = _stated_length(request)
    if length is None:
        raise BadInput("The request states no valid length, so it was not read. Please try again.")
    limit = _limit(request)
    if length > limit:
        raise TooLarge(
            f"What you sent has {bytesize(length)}; at most {bytesize(limit)} are taken here. Nothing was saved. "
            "Send less at once, for example a file split in parts."
        )
    # Much is taken from people we know; who asks is looked up only when it matters, in the database.
    most = min(request.services.get(WebSettings).max_form_bytes, STRANGERS_BYTES)
    if length > most and request.identity is None:
        raise TooLarge(
            f"You are not signed in (any more), and without that at most {bytesize(most)} are taken; what you sent has "
            f"{bytesize(length)}. Nothing was saved. Sign in, then send it again."
        )


def _limit(request: Request) -> int:
    settings: WebSettings = request.services.get(WebSettings)
    return settings.max_upload_bytes if request.content_type == MULTIPART else settings.max_form_bytes


def _check_address(request: Request) -> None:
    try:
        texts = [request.path_info, *(text for pair in request.GET.items() for text in pair)]
    except UnicodeDecodeError as error:
        raise BadInput("The address is not valid UTF-8. Check it, or start from the start page.") from error
    if not all(map(is_storable, texts)):
        raise BadInput("The address contains a null character. Check it, or start from the start page.")


def readable_form(view: Callable[..., Any], info: Any) -> Callable[..., Any]:
    """View deriver: read the form, or refuse it with a sentence, once the person is known to be permitted."""
    if info.exception_only:
        return view

    def view_of_a_form(context: Any, request: Request) -> Any:
        if request.method not in SAFE_METHODS:
            read_form(request)
        return view(context, request)

    return view_of_a_form


def includeme(config: Any) -> None:
    """Add the tween and the deriver, and keep the retrying execution policy from reading what will be refused."""
    config.registry.settings.setdefault("retry.activate_hook", "batchbook.web.limits.retry_attempts")
    config.add_tween(
        "batchbook.web.limits.limits_tween_factory",
        under="batchbook.web.request.guard_tween_factory",
        over=("pyramid_tm.tm_tween_factory", "pyramid.tweens.excview_tween_factory"),
    )
    config.add_view_deriver(readable_form, "readable_form", under="secured_view", over="csrf_view")
