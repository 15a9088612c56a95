"""Pages outside a request: what a job does for somebody is what the page would do that the job was asked for on.

So nothing has to be written twice, and what a view or a plug-in shows on a page, a job finds in the same way. Only the
address is kept with a job; who may see it is asked anew whenever the page is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pyramid.interfaces import IRequestFactory, IRoutesMapper, ISecurityPolicy
from pyramid.request import Request, apply_request_extensions
from pyramid.threadlocal import RequestContext
from sqlalchemy import select
from sqlalchemy.orm import Session

from batchbook.errors import Missing, Refused
from batchbook.grid import GridState
from batchbook.master import Page
from batchbook.master.links import href
from batchbook.security.identity import Identity, identity_of_user
from batchbook.security.models import User


def address_of(request: Any, state: GridState) -> dict[str, Any]:
    """Return the address of the page of ``request``, whose grid is in ``state``, as plain data to keep with a job."""
    query = href("", state.at_page(1)).removeprefix("?")
    return {"route": request.matched_route.name, "match": dict(request.matchdict), "query": query}


def identity_of(session: Session, name: str) -> Identity:
    """Return the identity of the user called ``name`` as it is now; raise ``Refused`` if there is none, or no longer."""
    user = session.scalar(select(User).where(User.name == name))
    if user is None or not user.active:
        raise Refused(f"{name} may not sign in any more. Nothing was changed.")
    return identity_of_user(user)


@contextmanager
def page_at(
    registry: Any,
    session: Session,
    identity: Identity,
    address: Mapping[str, Any],
    job_id: int | None = None,
) -> Iterator[Any]:
    """Yield the page at an address for ``identity``; what it reads and writes, it does in ``session``.

    ``job_id`` is the job that it is needed for: what that one holds is not kept from it.

    Raises ``Refused`` if that may not be seen, and ``Missing`` if it is not there, any more or in this installation.
    """
    route = registry.getUtility(IRoutesMapper).get_route(address["route"])
    page_class = _page_class(registry, address["route"])
    if route is None or page_class is None:
        raise Missing("The page that this was asked for on is not there any more. Nothing was done.")
    request = _request(registry, address, route)
    registry.getUtility(ISecurityPolicy).act_as(request, identity)
    request.db, request.job_id = session, job_id
    with RequestContext(request):
        page = page_class(route.factory(request), request)
        if not request.has_permission(page.view.permission(page.permission), page.context):
            raise Refused(f"{identity.name} may not see this any more. Nothing was done.")
        yield page


def _request(registry: Any, address: Mapping[str, Any], route: Any) -> Any:
    make = registry.queryUtility(IRequestFactory, default=Request)
    request = make.blank(f"/?{address['query']}")
    request.registry = registry
    request.matched_route, request.matchdict = route, dict(address["match"])
    apply_request_extensions(request)
    return request


def _page_class(registry: Any, route: str) -> type[Page] | None:
    prefix, _, name = route.rpartition(".")
    known = registry.introspector.get("master views", prefix)
    pages = known["view"].pages if known is not None else ()
    return next((page for page in pages if page.name == name), None)
