"""Hosts: network namespaces, each with one link to this machine, which can be cut and slowed down."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

#: The rate of a slow link, what passes at once, and how long the rest waits at the most before it is dropped.
SLOW_RATE = "2mbit"
_SLOW = ("tbf", "rate", SLOW_RATE, "burst", "16kb", "latency", "2s")
#: Where the kernel can delay packets, a slow link is also a far one.
SLOW_DELAY = "100ms"
_FAR = ("netem", "rate", SLOW_RATE, "delay", SLOW_DELAY)


class Host:
    """A host called ``name``: its own ``address``, and the ``gateway``, this machine's address on the link between them."""

    def __init__(self, name: str, link: str, network: str) -> None:
        self.name, self._link, self._far_link = name, f"{link}h", f"{link}n"
        self.gateway, self.address = f"{network}.1", f"{network}.2"
        self._run("ip", "netns", "add", name)
        self._run(
            "ip", "link", "add", self._link, "type", "veth", "peer", "name", self._far_link, "netns", name
        )
        self._run("ip", "address", "add", f"{self.gateway}/30", "dev", self._link)
        self._run("ip", "link", "set", self._link, "up")
        self._inside("ip", "address", "add", f"{self.address}/30", "dev", self._far_link)
        for link in ("lo", self._far_link):
            self._inside("ip", "link", "set", link, "up")

    def command(self, *words: str) -> Sequence[str]:
        """Return the command that runs ``words`` on this host; its process is that of ``words``."""
        return ("ip", "netns", "exec", self.name, *words)

    def cut(self) -> None:
        """Cut the link: nothing that is sent arrives, and neither end is told."""
        self._run("ip", "link", "set", self._link, "down")

    def mend(self) -> None:
        """Restore the link after a cut."""
        self._run("ip", "link", "set", self._link, "up")

    def slow_down(self) -> str:
        """Make the link slow in both directions, and far where the kernel can; return how it is now."""
        try:
            self._shape(_FAR)
        except subprocess.CalledProcessError:
            self._shape(_SLOW)
            return SLOW_RATE
        return f"{SLOW_RATE}, {SLOW_DELAY} away"

    def speed_up(self) -> None:
        """Undo what :meth:`slow_down` did."""
        self._run("tc", "qdisc", "del", "dev", self._link, "root")
        self._inside("tc", "qdisc", "del", "dev", self._far_link, "root")

    def close(self) -> None:
        """Remove the host, and its link with it."""
        self._run("ip", "netns", "del", self.name)
        # The kernel removes the link as well, but later.
        subprocess.run(("ip", "link", "del", self._link), capture_output=True, check=False)

    def _shape(self, how: Sequence[str]) -> None:
        self._run("tc", "qdisc", "replace", "dev", self._link, "root", *how)
        self._inside("tc", "qdisc", "replace", "dev", self._far_link, "root", *how)

    def _inside(self, *words: str) -> None:
        self._run(*self.command(*words))

    def _run(self, *words: str) -> None:
        subprocess.run(words, capture_output=True, check=True, text=True, timeout=20)


@contextmanager
def hosts(number: int) -> Iterator[Sequence[Host]]:
    """Yield so many hosts; processes on them must have ended at the end of the block."""
    mark = os.getpid() % 10_000
    made: list[Host] = []
    try:
        names = (
            (f"soak-{mark}-{index}", f"sk{mark}-{index}", f"{_network()}.{index}") for index in range(number)
        )
        made.extend(Host(*name) for name in names)  # One by one, so that those that were made are removed.
        yield made
    finally:
        for host in made:
            host.close()


def network() -> str:
    """Return the network of all hosts, different for processes that run at the same time."""
    return f"{_network()}.0.0/16"


def _network() -> str:
    return f"10.{128 + os.getpid() % 100}"


def obstacle() -> str | None:
    """Return why there can be no hosts on this machine, found out by making one, or ``None`` if there can."""
    if not sys.platform.startswith("linux"):
        return "Network namespaces exist on Linux only."
    if missing := [name for name in ("ip", "tc") if shutil.which(name) is None]:
        return f"There is no command {' or '.join(missing)}: install iproute2."
    try:
        with hosts(1) as (host,):
            host.slow_down()
            host.speed_up()
    except subprocess.CalledProcessError as error:
        return f"This machine does not allow “{' '.join(error.cmd[:4])}”: {error.stderr.strip()}."
    return None
