"""The soak on several hosts in its short form; ``make soak NETWORK=1`` is the long one."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def project(monkeypatch: pytest.MonkeyPatch) -> None:
    """The project's folder, in which the soak is: it is no part of the installed package."""
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.fixture
def hosts_allowed(project: None) -> None:
    """Skip where there can be no network namespaces, and say why."""
    from soak.network.hosts import obstacle

    if (why := obstacle()) is not None:
        pytest.skip(f"Hosts on a network of their own can't be made here. {why}")


def test_a_worker_that_is_cut_off_loses_and_doubles_nothing(hosts_allowed: None, tmp_path: Path) -> None:
    from soak.network.harm import CUT
    from soak.network.run import TAKEN_UP, Plan, soak_network

    plan = Plan(
        rows=6_000, meanwhile=2, webs=1, workers=2, harms=(CUT,), timed=False, links=False, seconds=150
    )
    figures = soak_network(plan, tmp_path / "log")
    assert figures.complaints == []
    assert figures.imports == 2
    assert len(figures.overtaken) == 1
    assert figures.overtaken[0] <= TAKEN_UP
    assert f"cut: job {figures.harmed[0].job} taken up" in str(figures)


def reaches_gateway(host: Any) -> bool:
    """Whether the host can open a connection to this machine."""
    with socket.create_server((host.gateway, 0)) as server:
        script = f"import socket; socket.create_connection(('{host.gateway}', {server.getsockname()[1]}), 1)"
        command = host.command(sys.executable, "-c", script)
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_hosts_reach_this_machine_until_their_link_is_cut(hosts_allowed: None) -> None:
    from soak.network.hosts import hosts

    with hosts(2) as (one, two):
        assert reaches_gateway(one)
        one.cut()
        assert not reaches_gateway(one)
        assert reaches_gateway(two)
        one.mend()
        assert reaches_gateway(one)
        assert "2mbit" in two.slow_down()
        assert reaches_gateway(two)
        two.speed_up()
    left = subprocess.run(("ip", "netns", "list"), capture_output=True, text=True, check=True).stdout
    assert one.name not in left


@pytest.mark.parametrize(("command", "why"), [("tc", "install iproute2"), ("ip", "install iproute2")])
def test_a_machine_without_the_commands_says_so(
    monkeypatch: pytest.MonkeyPatch, command: str, why: str
) -> None:
    from soak.network import hosts

    monkeypatch.setattr(hosts.shutil, "which", lambda name: None if name == command else name)
    assert hosts.obstacle() == f"There is no command {command}: {why}."


def test_a_machine_that_does_not_allow_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from soak.network import hosts

    refused = subprocess.CalledProcessError(
        1, ("ip", "netns", "add", "x"), stderr="Operation not permitted\n"
    )

    def refuse(*_words: object) -> None:
        raise refused

    monkeypatch.setattr(hosts.Host, "_run", refuse)
    monkeypatch.setattr(hosts.shutil, "which", lambda name: name)
    assert hosts.obstacle() == "This machine does not allow “ip netns add x”: Operation not permitted."
