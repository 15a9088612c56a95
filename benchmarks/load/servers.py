"""Processes as an installation runs them: web servers, and workers where the database allows them."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from benchmarks.measuring import resident

#: The command of an installation.
COMMAND = (sys.executable, "-c", "from batchbook.cli import main; main()")
#: As in ``production.ini``, but for cookies over plain HTTP, a known secret, and ever more log.
INI = """
[app:main]
use = egg:batchbook
sqlalchemy.url = {url}
batchbook.development = true
batchbook.secure_cookies = false
batchbook.waiting_writers = 8
batchbook.jobs = {jobs}

[server:main]
use = egg:waitress#main
listen = 127.0.0.1:6543
threads = 12
connection_limit = 500
asyncore_use_poll = true
"""
#: The most seconds until a server answers.
_START = 120.0


class Servers:
    """Running processes: the ``ports`` at which web servers answer, and their memory."""

    def __init__(self, processes: Sequence[subprocess.Popen[str]], ports: Sequence[int]) -> None:
        self._processes, self.ports = processes, ports

    @property
    def memory(self) -> int:
        """The bytes of all processes together."""
        return sum(resident(process.pid) for process in self._processes)


@contextmanager
def serving(url: URL, folder: Path) -> Iterator[Servers]:
    """Run one web server on SQLite, which runs jobs too; on PostgreSQL two of them and a worker; yield them once they answer."""
    is_sqlite = url.get_backend_name() == "sqlite"
    ini = folder / "load.ini"
    address = url.render_as_string(hide_password=False).replace("%", "%%")
    ini.write_text(INI.format(url=address, jobs="embedded" if is_sqlite else "workers"))
    ports = [free_port() for _ in range(1 if is_sqlite else 2)]
    commands = [("serve", "--listen", f"127.0.0.1:{port}") for port in ports]
    commands += [] if is_sqlite else [("worker",)]
    with (folder / "load.log").open("w") as log:
        processes = [
            subprocess.Popen([*COMMAND, "-c", str(ini), *command], stdout=log, stderr=log, text=True)
            for command in commands
        ]
        try:
            for port in ports:
                await_answer("127.0.0.1", port, processes, folder / "load.log")
            yield Servers(processes, ports)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                reap(process)


def reap(process: subprocess.Popen[str]) -> None:
    """Wait for a process that was told to end, and kill it if it does not."""
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a port at which nobody listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port


def await_answer(host: str, port: int, processes: Sequence[subprocess.Popen[str]], log: Path) -> None:
    """Return once a server answers at ``port`` of ``host``; raise with the end of the ``log`` if one of the processes ends."""
    end = time.monotonic() + _START
    while time.monotonic() < end and all(process.poll() is None for process in processes):
        with socket.socket() as client:
            if client.connect_ex((host, port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"A server did not start. Its log ends with: {log.read_text()[-2_000:]}")
