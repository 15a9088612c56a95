"""A process that runs jobs and does nothing else, to be killed: ``python -m soak.process URL MODE``.

``embedded`` is the application as a web server holds it, ``workers`` what ``batchbook worker`` starts.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import Any

import batchbook
from batchbook.application import configure
from batchbook.jobs.worker import Worker
from batchbook.services import services_of


def settings(url: str, mode: str) -> dict[str, Any]:
    """Return the settings with which all processes of a soak run."""
    return {
        "sqlalchemy.url": url,
        "batchbook.development": "true",
        "batchbook.secure_cookies": "false",
        "batchbook.jobs": mode,
        "batchbook.jobs.dead_seconds": "1.5",
        "batchbook.jobs.poll_seconds": "0.2",
        "batchbook.jobs.attempts": "4",
    }


def main() -> None:
    """Run jobs until killed."""
    url, mode = sys.argv[1:]
    logging.basicConfig(level=logging.WARNING, format="%(process)d %(name)s %(message)s")
    if mode == "embedded":
        batchbook.main({}, **settings(url, mode))
    else:
        Worker(services_of(configure(settings(url, mode)).registry)).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
