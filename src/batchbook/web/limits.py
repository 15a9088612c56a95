"""Limits of requests: bodies that are too large and invalid requests are refused before anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from pyramid.httpexceptions import HTTPLengthRequired

from batchbook.errors import BadInput, TooLarge
from batchbook.web import WebSettings
from batchbook.web.form_parsing import MULTIPART, read_form
from batchbook.web.formatting import bytesize
from batchbook.web.request import Request, keep_format_of_form
from batchbook.words import is_storable

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

#: The limit in bytes for browsers on which nobody has ever signed in: signing in needs no more, and parsing costs time
#: before any check. On the others a form may come from somebody who was signed out while writing it, and is kept.
STRANGERS_BYTES = 64_000

# Python refuses to parse numbers of thousands of digits, with an error of its own.
_MOST_DIGITS = 18


def limits_tween_factory(handler: Callable[[Request], Any], _registry: Any) -> Callable[[Request], Any]:
    """Return the tween that checks a request's host, length and address before its body is read."""

    def check_limits(request: Request) -> Any:
        _check_host(request)
        _check_length(request)
        _check_address(request)
        return handler(request)

    return check_limits


def retry_attempts(request: Request) -> int | None:
    """Return how often ``pyramid_retry`` may try the request; ``None`` for the usual number.

    It reads the body of a request that it may try again. One that the tween will refuse is tried once, so that its body
    stays unread.
    """
    length = _stated_length(request)
    refused = length is None or length > _limit(request)
    return 1 if refused or "HTTP_TRANSFER_ENCODING" in request.environ else None


def _stated_length(request: Request) -> int | None:
    text = request.environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _check_host(request: Request) -> None:
    allowed = request.services.get(WebSettings).allowed_hosts
    if allowed and _host_name(request) not in allowed:
        raise BadInput(
            "This site is not served under the name in the address. Check the address, or ask your administrator for it."
        )


def _host_name(request: Request) -> str | None:
    try:
        return urlsplit(f"//{request.host}").hostname
    except ValueError:  # Such as for an opening bracket alone.
        return None


def _check_length(request: Request) -> None:
    if "HTTP_TRANSFER_ENCODING" in request.environ:
        # The server normally resolves this. If it does not, the length of the body is unknown.
        raise HTTPLengthRequired
    length = _stated_length(request)
    if length is None:
        raise BadInput("The request states no valid length, so it was not read. Please try again.")
    limit = _limit(request)
    if length > limit:
        raise TooLarge(
            f"What you sent has {bytesize(length)}; the limit is {bytesize(limit)}. Nothing was saved. "
            "Send less at a time, for example by splitting the file."
        )
    most = request.services.get(WebSettings).max_form_bytes
    if not request.session_cookie.is_known:
        most = min(most, STRANGERS_BYTES)
    # The identity is loaded only if it matters.
    if length > most and request.identity is None:
        raise TooLarge(
            f"You are not signed in, so the limit is {bytesize(most)}; what you sent has {bytesize(length)}. "
            "Nothing was saved. Sign in in another tab, then go back in this one and send it again."
        )


def _limit(request: Request) -> int:
    settings: WebSettings = request.services.get(WebSettings)
    return settings.max_upload_bytes if request.content_type == MULTIPART else settings.max_form_bytes


def _check_address(request: Request) -> None:
    try:
        texts = [request.path_info, *(text for pair in request.GET.items() for text in pair)]
    except UnicodeDecodeError as error:
        raise BadInput("The address is not valid UTF-8. Check it, or go to the start page.") from error
    if not all(map(is_storable, texts)):
        raise BadInput(
            "The address contains a character that cannot be stored, such as a null character. Check it, or go to the start page."
        )


def readable_form(view: Callable[..., Any], info: Any) -> Callable[..., Any]:
    """View deriver: parse the form, or refuse it with a sentence, after the permission was checked."""
    if info.exception_only:
        return view

    def parse_and_call(context: Any, request: Request) -> Any:
        if request.method not in SAFE_METHODS:
            read_form(request)
            keep_format_of_form(request)
        return view(context, request)

    return parse_and_call


def includeme(config: Any) -> None:
    """Add the tween and the deriver, and keep the retrying execution policy from reading bodies that will be refused."""
    config.registry.settings.setdefault("retry.activate_hook", "batchbook.web.limits.retry_attempts")
    config.add_tween(
        "batchbook.web.limits.limits_tween_factory",
        under="batchbook.web.request.guard_tween_factory",
        over=("pyramid_tm.tm_tween_factory", "pyramid.tweens.excview_tween_factory"),
    )
    config.add_view_deriver(readable_form, "readable_form", under="secured_view", over="csrf_view")
