"""Forms that an error page keeps, so that they can be sent again, and the way back to the pages that they come from."""

from __future__ import annotations

from urllib.parse import urlsplit

from batchbook.errors import BatchbookError
from batchbook.security.kept_forms import SIGN_IN_BYTES, KeptForm, NotKept, local_path
from batchbook.web import WebSettings
from batchbook.web.form_parsing import read_form
from batchbook.web.formatting import bytesize
from batchbook.web.limits import STRANGERS_BYTES
from batchbook.web.request import Request, prefers_json

_LOST = "It can't be kept here: a password was typed into it, or it does not come from a page of this site. Sign in, then fill it in again."


def kept_form(request: Request) -> KeptForm | NotKept:
    """Return the posted form, to be kept over a sign-in, or why it can't be kept."""
    try:
        read_form(request)
        kept = KeptForm.of(request) if request.method == "POST" and not prefers_json(request) else None
    except BatchbookError as error:
        return NotKept(error.message)
    if kept is None:
        return NotKept(_LOST)
    most = _most_kept(request)
    if kept.size > most:
        return NotKept(
            f"It can't be kept here: it has {bytesize(kept.size)}, and the limit is {bytesize(most)}."
            " Sign in in another tab, then go back in this one and send it again."
        )
    return kept


def _most_kept(request: Request) -> int:
    """Return the limit in bytes for a form that the page can send along with the sign-in, and after it."""
    settings: WebSettings = request.services.get(WebSettings)
    most = settings.max_form_bytes
    return (most if request.session_cookie.is_known else min(most, STRANGERS_BYTES)) - SIGN_IN_BYTES


def back_url(request: Request) -> str:
    """Return the path of the referring page if it is another page of this site, or else that of the start page."""
    home = f"{request.script_name}/"
    referrer = urlsplit(request.referrer or "")
    this_page = (
        request.script_name + request.environ.get("PATH_INFO", "") if request.method == "GET" else None
    )
    if f"{referrer.scheme}://{referrer.netloc}" != request.host_url or referrer.path == this_page:
        return home
    return local_path(referrer._replace(scheme="", netloc="", fragment="").geturl(), home)


def page_url(request: Request) -> str:
    """Return the path of the page that the user wanted, or of the one from which the user sent a form."""
    if request.method != "GET":
        return back_url(request)
    try:
        return str(request.path_qs)
    except UnicodeDecodeError:  # The address itself may be the error.
        return f"{request.script_name}/"
