"""The processes of a soak: always as many as wanted, whatever happens to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO


class Crew:
    """Keeps ``size`` processes alive that run jobs on the database at ``url``."""

    def __init__(self, url: str, mode: str, size: int, log: IO[str]) -> None:
        self._command = [sys.executable, "-m", "soak.process", url, mode]
        self._log = log
        self._lock = threading.Lock()
        self._members: dict[int, subprocess.Popen[str]] = {}
        self.killed = self.stopped = 0
        for _ in range(size):
            self._hire()

    def _hire(self) -> None:
        member = subprocess.Popen(self._command, cwd=Path(__file__).parents[1], stderr=self._log, text=True)
        self._members[member.pid] = member

    def kill(self, owner: str | None) -> None:
        """Kill the process that is called ``owner`` so that it notices nothing, and start another one."""
        with self._lock:
            member = self._members.pop(_pid(owner), None)
            if member is None:
                return
            member.kill()
            member.wait()
            self.killed += 1
            self._hire()

    def stop(self, owner: str | None, overtaken: Callable[[], bool]) -> None:
        """Stop the process that is called ``owner`` until that is ``overtaken``; then let it go on."""
        pid = _pid(owner)
        with self._lock:
            if pid not in self._members:
                return
            os.kill(pid, signal.SIGSTOP)
        try:
            self.stopped += overtaken()
        finally:
            with self._lock:
                if pid in self._members:
                    os.kill(pid, signal.SIGCONT)

    def close(self) -> None:
        """Kill all."""
        with self._lock:
            for member in self._members.values():
                member.kill()
            for member in self._members.values():
                member.wait()
            self._members.clear()


def _pid(owner: str | None) -> int:
    # The name of a process that runs jobs ends with its number and something random.
    return int((owner or "-0-").rsplit("-", 2)[1])
