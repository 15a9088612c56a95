"""The first page of a process, beside the fastest of ten: ``python -m benchmarks.parts.first_page URL``.

It imports no more than a server does, because what is imported at the first request is what is measured.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from time import perf_counter

from sqlalchemy import Engine
from webtest import TestApp

from batchbook.application import configure
from batchbook.services import services_of


def main(arguments: Sequence[str]) -> int:
    """Print by how many seconds the first request of a page in this process is slower than the fastest of ten."""
    settings = {"sqlalchemy.url": arguments[0], "batchbook.development": "true", "batchbook.jobs": "inline"}
    application = configure(settings).make_wsgi_app()
    client = TestApp(application)
    times = []
    for _ in range(10):
        began = perf_counter()
        client.get("/login")
        times.append(perf_counter() - began)
    services_of(application.registry).get(Engine).dispose()
    print(json.dumps(times[0] - min(times)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
