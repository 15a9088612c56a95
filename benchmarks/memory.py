"""How much memory a phase takes at its peak, above that of the idle process with the application loaded.

Each phase runs in a process of its own (``python -m benchmarks.memory URL PHASE BATCH FILE``), because a peak never
falls again.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from pathlib import Path

from sqlalchemy import URL, make_url

import batchbook
from benchmarks.data import Input
from benchmarks.databases import DatabaseServer
from benchmarks.ours import Ours
from benchmarks.race import PHASES

#: What Linux tells of a process, and where it is told to start its peak anew.
_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peaks(server: DatabaseServer, given: Input) -> dict[str, int]:
    """Return by phase how many bytes its process took at its peak above what it took before."""
    url = server.fresh()
    found: dict[str, int] = {}
    batch_id = 0
    try:
        for phase in PHASES:
            batch_id, found[phase] = _in_own_process(url, phase, batch_id, given.price_list)
    finally:
        server.drop(url)
    return found


def _in_own_process(url: URL, phase: str, batch_id: int, price_list: Path) -> tuple[int, int]:
    address = url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "benchmarks.memory", address, phase, str(batch_id), str(price_list)]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=root)
    batch_id, taken = map(int, done.stdout.split())
    return batch_id, taken


def _measure(url: str, phase: str, batch_id: int, price_list: Path) -> tuple[int, int]:
    # The whole application is loaded, though only its engine is used: idle is what a server is before its first action.
    batchbook.main({}, **{"sqlalchemy.url": url, "batchbook.development": "true", "batchbook.jobs": "inline"})
    runner = Ours(make_url(url))
    runner.batch_id = batch_id
    if phase == "execute":
        runner.complete()
    idle = forget_peak()
    getattr(runner, phase)(price_list)
    taken = peak() - idle
    runner.close()
    return runner.batch_id, taken


def forget_peak() -> int:
    """Return what the process has now, in bytes, and have its peak start anew from there.

    Loading the application takes more for a moment (hashing a password, 64 MB), behind which a phase could hide.
    """
    if not _STATUS.exists():
        return peak()
    _RESET.write_text("5")
    return _status("VmRSS")


def peak() -> int:
    """Return the most memory that this process had so far, in bytes."""
    if _STATUS.exists():
        # On Linux getrusage() counts in what the process was forked from; this does not.
        return _status("VmHWM")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _status(name: str) -> int:
    match = re.search(rf"{name}:\s+([0-9]+) kB", _STATUS.read_text())
    assert match is not None
    return int(match[1]) * 1024


if __name__ == "__main__":
    print(*_measure(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])))
