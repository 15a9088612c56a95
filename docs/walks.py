"""Trace three requests from their routes to SQL and write the functions on the way into ``docs/architecture.md``.

No function is chosen by hand. The application runs on a temporary SQLite database with the demo data, and actions run in
the request. While a request is answered, the stack of calls is recorded wherever

- a statement that changes data is executed, unless the session flushes objects by it,
- an object of the ORM is added to the session, or one in the session is changed, or
- the text of an uploaded file is split into cells.

The walk consists of the function that declares the route and every function of Batchbook between the view and such a
place, in the order in which they are first reached. Functions that are called on the way and return before the change,
such as a check of a permission, are left out; in how many files those with queries are is counted beside it.

``python docs/walks.py`` writes the walks; with ``--print`` it prints them instead.
"""

from __future__ import annotations

import csv
import inspect
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session
from sqlalchemy.orm.state import InstanceState
from structure import DOCUMENT, replace_section
from webtest import TestApp, Upload

import batchbook
from batchbook import demo
from batchbook.db.engine import make_engine
from batchbook.db.transactions import transaction_scope
from batchbook.demo.demo_data import LOGINS, PRICE_LIST
from batchbook.migrate import upgrade

SOURCE = Path(batchbook.__file__).parent
PATH = "/batches/price-change"
CHANGES = re.compile(
    r"\s*(INSERT|UPDATE|DELETE|CREATE|DROP|WITH .*?\b(INSERT|UPDATE|DELETE))\b", re.IGNORECASE | re.DOTALL
)
ORM_CHANGE = InstanceState._modified_event.__code__
FLUSH = Session._flush.__code__


@dataclass(frozen=True)
class Step:
    """A function on the way, by its file below ``src/batchbook`` and its qualified name."""

    file: str
    function: str


@dataclass
class Walk:
    """What a request went through."""

    steps: list[Step] = field(default_factory=list)
    #: The files between the view and any statement, queries included.
    queried: set[str] = field(default_factory=set)
    #: Every file of Batchbook in which anything ran, from the first to the last byte of the request.
    ran: set[str] = field(default_factory=set)

    @property
    def files(self) -> list[str]:
        """The files of the steps, in the order in which they are first reached."""
        return list(dict.fromkeys(step.file for step in self.steps))


class Tracer:
    """Observes what a request does from its views on."""

    def __init__(self, views: set[CodeType]) -> None:
        self.views = views
        self.walk = Walk()
        self._known: set[Step] = set()

    def profile(self, frame: FrameType, what: str, argument: Any) -> None:
        """Handle an event of the interpreter: a call of a function of Python or C."""
        if what == "call":
            if file := _file(frame.f_code):
                self.walk.ran.add(file)
            elif frame.f_code is ORM_CHANGE and frame.f_locals["self"].session_id is not None:
                self.note(self.codes(frame))
        elif what == "c_call" and argument is csv.reader:
            self.note(self.codes(frame))

    def executed(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        """Handle a statement that is about to be executed."""
        codes = self.codes(sys._getframe())
        self.walk.queried.update(step.file for step in map(_step, codes) if step)
        if CHANGES.match(statement):
            self.note(codes)

    def added(self, *_arguments: Any) -> None:
        """Handle an object that was added to the session."""
        self.note(self.codes(sys._getframe()))

    def codes(self, frame: FrameType | None) -> list[CodeType]:
        """Return the code of the functions between the view and ``frame``; none if the session flushes between them."""
        codes: list[CodeType] = []
        length = 0
        while frame is not None:
            codes.append(frame.f_code)
            if frame.f_code in self.views:
                length = len(codes)
            frame = frame.f_back
        return [] if FLUSH in codes else codes[:length][::-1]

    def note(self, codes: list[CodeType]) -> None:
        """Keep the functions of Batchbook among ``codes`` as steps of the walk."""
        steps = [step for step in map(_step, codes) if step and step not in self._known]
        self._known.update(steps)
        self.walk.steps += dict.fromkeys(steps)


def _step(code: CodeType) -> Step | None:
    file = _file(code)
    return Step(file, code.co_qualname.partition(".<locals>")[0]) if file else None


def _file(code: CodeType) -> str | None:
    if not code.co_filename.startswith(str(SOURCE)) or code.co_name == "<module>":
        return None
    return Path(code.co_filename).relative_to(SOURCE).as_posix()


def _views(app: Any, path: str) -> tuple[set[CodeType], Step]:
    """Return the code of all views of the route that matches a POST to ``path``, and where the route is declared."""
    introspector = app.registry.introspector
    request = Request.blank(path, method="POST")
    route = app.registry.queryUtility(IRoutesMapper)(request)["route"]
    declared = introspector.get("routes", route.name)
    codes = set()
    for entry in introspector.get_category("views"):
        view = entry["introspectable"]
        if view["route_name"] == route.name:
            target = getattr(view["callable"], view["attr"] or "__call__")
            codes.add(inspect.unwrap(target).__code__)
    info = declared.action_info
    return codes, Step(Path(info.file).relative_to(SOURCE).as_posix(), info.function)


@contextmanager
def tracing(app: Any, path: str) -> Iterator[Walk]:
    """Trace the request to ``path`` that is sent inside the context."""
    codes, route = _views(app, path)
    tracer = Tracer(codes)
    tracer.walk.steps.append(route)
    event.listen(Engine, "before_cursor_execute", tracer.executed)
    event.listen(Session, "transient_to_pending", tracer.added)
    sys.setprofile(tracer.profile)
    try:
        yield tracer.walk
    finally:
        sys.setprofile(None)
        event.remove(Engine, "before_cursor_execute", tracer.executed)
        event.remove(Session, "transient_to_pending", tracer.added)


# --- The three requests ----------------------------------------------------------------------------------------------


def upload(app: Any, client: TestApp) -> tuple[Walk, str]:
    """Send a price list by the form for a new batch; return the walk and the batch's address."""
    page = client.get(f"{PATH}/new")
    form = next(form for form in page.forms.values() if "file" in form.fields)
    form["file"] = Upload(PRICE_LIST.name, PRICE_LIST.read_bytes())
    with tracing(app, form.action or page.request.path) as walk:
        response = form.submit(status=303)
    return walk, response.headers["Location"].removeprefix("http://localhost")


def edit(app: Any, client: TestApp, batch: str) -> Walk:
    """Change a price in the grid, as the page's module does it."""
    token = client.get(batch).html.find("meta", {"name": "csrf-token"})["content"]
    address = f"{batch}/rows/1/cell"
    with tracing(app, address) as walk:
        client.post(
            address,
            {"field": "new_price", "value": "2.35", "version": "1"},
            headers={"Accept": "application/json", "X-CSRF-Token": token},
            status=200,
        )
    return walk


def execute(app: Any, client: TestApp, batch: str) -> Walk:
    """Mark the batch complete, and execute it."""
    _form(client.get(batch), "/complete").submit(status=303)
    form = _form(client.get(batch), "/execute")
    for warning in form.fields.get("confirm", []):
        warning.checked = True
    with tracing(app, form.action) as walk:
        form.submit(status=303)
    return walk


def _form(page: Any, end: str) -> Any:
    return next(form for form in page.forms.values() if form.action.split("?")[0].endswith(end))


def trace() -> dict[str, Walk]:
    """Return the three walks by name."""
    with tempfile.TemporaryDirectory() as place:
        app = _application(f"sqlite:///{place}/walks.sqlite3")
        client = TestApp(app, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
        form = next(form for form in client.get("/login").forms.values() if "password" in form.fields)
        form["name"], form["password"] = "admin", LOGINS[0].password
        form.submit(status=303)
        # The first batch with codes that the catalogue lacks indexes the catalogue, once; the walk is that of any other.
        upload(app, client)
        uploaded, batch = upload(app, client)
        return {"edit": edit(app, client, batch), "execute": execute(app, client, batch), "upload": uploaded}


def _application(url: str) -> Any:
    engine = make_engine(url)
    upgrade(engine)
    with transaction_scope(engine) as session:
        demo.load(session)
    engine.dispose()
    settings = {
        "sqlalchemy.url": url,
        "batchbook.development": "true",
        "batchbook.secure_cookies": "false",
        "batchbook.jobs": "inline",
    }
    return batchbook.main({}, **settings)


# --- The document ----------------------------------------------------------------------------------------------------


def markdown(walk: Walk) -> str:
    """Return a walk as a Markdown list: one line a file, with its functions."""
    lines = []
    for file in walk.files:
        names = dict.fromkeys(step.function for step in walk.steps if step.file == file)
        lines.append(f"1. `{file}` → {', '.join(f'`{name}`' for name in names)}")
    lines.append(
        f"\n{len(walk.files)} files to read, {len(walk.queried | set(walk.files))} if all queries are followed as well;"
        f" code of {len(walk.ran)} files runs in all."
    )
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Write the walks into the document, or print them."""
    text = DOCUMENT.read_text()
    for name, walk in trace().items():
        if "--print" in arguments:
            print(f"<!-- walk: {name} -->\n{markdown(walk)}\n<!-- end of walk: {name} -->")
        text = replace_section(text, f"walk: {name}", markdown(walk))
    if "--print" not in arguments:
        DOCUMENT.write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])
