"""``batchbook worker``: a process that runs jobs, beside the web server, on as many machines as wanted."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import click
import plaster

from batchbook.batches.types import BatchTypes
from batchbook.cli.parameters import TEXT
from batchbook.cli.signals import Signals, stop_well
from batchbook.cli.site import Site
from batchbook.errors import Conflict
from batchbook.health.readiness import Readiness
from batchbook.jobs.office import Jobs
from batchbook.jobs.settings import COMMON_QUEUE, QUEUE
from batchbook.jobs.worker import Worker
from batchbook.services import Services

log = logging.getLogger(__name__)


@click.command()
@click.option(
    "--threads",
    type=click.IntRange(1, 64),
    help="How many jobs to run at a time; by default as the setting batchbook.jobs.threads says.",
)
@click.option(
    "--type",
    "keys",
    metavar="TYPE",
    multiple=True,
    type=TEXT,
    help="Run only the jobs of batches of this type, which needs a queue of its own; may be repeated.",
)
@click.pass_obj
def worker(site: Site, threads: int | None, keys: tuple[str, ...]) -> None:
    """Run jobs until told to stop (SIGTERM or Ctrl-C): what runs may end in time, or is handed back; told twice, at once."""
    site.require_current()
    site.services.get(Readiness).refuse_faults()
    site.services.get(Jobs).refuse_inline("so there is nothing for a worker to do")
    own = queues_of(site.services, keys) if keys else None
    plaster.get_loader(site.ini, protocols=["wsgi"]).setup_logging()
    signals = Signals()
    running = Worker(site.services, threads, own)
    running.start()
    log.info("%s takes jobs from: %s.", running.executor, ", ".join(running.queues))
    log.info("%s came; no more jobs are taken.", signals.wait())
    stop_well(running, signals)


def queues_of(services: Services, keys: Sequence[str]) -> tuple[str, ...]:
    """Return the queues that carry the jobs of the batch types ``keys``, and of no other.

    Raises ``Missing`` for a type that there is not and ``Conflict`` for one that shares its queue.
    """
    types, settings = services.get(BatchTypes), services.get(Jobs).settings
    wanted = {types[key].key for key in keys}
    for key in sorted(wanted):
        queue = settings.queue_of(key)
        others = {one.key for one in types if settings.queue_of(one.key) == queue} - wanted
        if queue == COMMON_QUEUE or others:
            name = QUEUE.name.replace("<type>", key)
            raise Conflict(
                f"The jobs of {key} are on a queue that is not theirs alone, so no worker was started: give the type a"
                f" queue of its own by the setting {name}, such as “{name} = {key}”."
            )
    return tuple(sorted({settings.queue_of(key) for key in wanted}))
