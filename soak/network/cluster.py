"""An installation on several hosts: web servers and workers as their commands start them, and one PostgreSQL for all."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.databases import Postgresql
from benchmarks.load.servers import COMMAND, INI, await_answer, reap
from sqlalchemy import URL

from soak.network.hosts import Host, hosts, network

#: The port of the web servers and that of PostgreSQL.
PORT, _POSTGRESQL = 6543, 5432


@dataclass(frozen=True)
class Node:
    """A process and the host on which it runs alone."""

    host: Host
    process: subprocess.Popen[str]

    def pause(self) -> None:
        """Stop the process without its noticing; its host answers for its connections."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let the process go on."""
        os.kill(self.process.pid, signal.SIGCONT)


@dataclass(frozen=True)
class Cluster:
    """The processes of an installation."""

    webs: Sequence[Node]
    workers: Sequence[Node]

    def worker_called(self, owner: str | None) -> Node | None:
        """Return the worker that calls itself ``owner``; a name ends with the id of its process and a mark."""
        words = (owner or "").rsplit("-", 2)
        return next((node for node in self.workers if words[1:2] == [str(node.process.pid)]), None)

    @property
    def ended(self) -> int:
        """The number of processes that have ended by themselves."""
        return sum(node.process.poll() is not None for node in (*self.webs, *self.workers))


@contextmanager
def cluster(
    server: Postgresql, url: URL, folder: Path, log_file: Path, webs: int, workers: int
) -> Iterator[Cluster]:
    """Run so many web servers and workers, each on a host of its own, on the database at ``url`` of ``server``."""
    with hosts(webs + workers) as machines, log_file.open("w") as log:
        server.listen([host.gateway for host in machines], network())
        processes: list[subprocess.Popen[str]] = []
        try:
            for number, host in enumerate(machines):
                words = ("serve", "--listen", f"{host.address}:{PORT}") if number < webs else ("worker",)
                ini = _settings(url, host, folder)
                command = host.command(*COMMAND, "-c", str(ini), *words)
                processes.append(subprocess.Popen(command, stdout=log, stderr=log, text=True))
            nodes = [Node(*pair) for pair in zip(machines, processes, strict=True)]
            for node in nodes[:webs]:
                await_answer(node.host.address, PORT, processes, log_file)
            yield Cluster(nodes[:webs], nodes[webs:])
        finally:
            for process in processes:
                process.send_signal(signal.SIGCONT)
                process.terminate()
            for process in processes:
                reap(process)


def _settings(url: URL, host: Host, folder: Path) -> Path:
    there = url.set(host=host.gateway, port=_POSTGRESQL, query={})
    path = folder / f"{host.name}.ini"
    address = there.render_as_string(hide_password=False).replace("%", "%%")
    path.write_text(INI.format(url=address, jobs="workers"))
    return path
