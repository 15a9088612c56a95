"""Firefox without a window, driven by Marionette, the protocol that it has built in.

Playwright's own build of Firefox is no package of any distribution, and the one that people use needs no driver for this.
Messages are described in Firefox' source, `remote/marionette/driver.sys.mjs`; they are those of WebDriver.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

_START_SECONDS, _WAIT_SECONDS = 60, 20

#: Keys as WebDriver writes them, see https://www.w3.org/TR/webdriver2/#keyboard-actions.
ENTER, TAB, ESCAPE, SHIFT, CONTROL = "\ue007", "\ue004", "\ue00c", "\ue008", "\ue009"
UP, DOWN, RIGHT, HOME, DELETE, F2 = "\ue013", "\ue015", "\ue014", "\ue011", "\ue017", "\ue032"


class Firefox:
    """A Firefox that listens on ``port``."""

    def __init__(self, port: int) -> None:
        self._socket = _connected(port)
        self._number = 0
        self._buffer = b""
        self._read()  # It greets first.
        self._send("WebDriver:NewSession", capabilities={"alwaysMatch": {}})
        self._send("WebDriver:SetWindowRect", width=1440, height=900)

    def close(self) -> None:
        """Let go of the browser."""
        self._socket.close()

    def goto(self, url: str) -> None:
        """Open a page, and wait until it is loaded."""
        self._send("WebDriver:Navigate", url=url)

    def run(self, script: str, *arguments: Any) -> Any:
        """Return what ``script``, the body of a function of ``arguments``, returns in the page."""
        return self._send("WebDriver:ExecuteScript", script=script, args=list(arguments))["value"]

    def wait_for(self, script: str, *arguments: Any) -> Any:
        """Run ``script`` until it returns something true, and return that."""
        end = time.monotonic() + _WAIT_SECONDS
        while not (found := self.run(script, *arguments)):
            assert time.monotonic() < end, f"never true: {script} {arguments}"
            time.sleep(0.05)
        return found

    def press(self, *keys: str, holding: str = "") -> None:
        """Press ``keys`` one after the other, while those in ``holding`` are down."""
        actions = [{"type": "keyDown", "value": key} for key in holding]
        for key in keys:
            actions += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        actions += [{"type": "keyUp", "value": key} for key in reversed(holding)]
        self._send(
            "WebDriver:PerformActions", actions=[{"type": "key", "id": "keyboard", "actions": actions}]
        )

    def click(self, selector: str) -> None:
        """Click the middle of the first element that ``selector`` finds."""
        place = self.wait_for(
            "const box = document.querySelector(arguments[0])?.getBoundingClientRect();"
            "return box && {x: Math.round(box.x + box.width / 2), y: Math.round(box.y + box.height / 2)};",
            selector,
        )
        actions = [
            {"type": "pointerMove", "duration": 0, **place},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._send(
            "WebDriver:PerformActions", actions=[{"type": "pointer", "id": "mouse", "actions": actions}]
        )

    def _send(self, command: str, **parameters: Any) -> Any:
        self._number += 1
        text = json.dumps([0, self._number, command, parameters]).encode()
        self._socket.sendall(str(len(text)).encode() + b":" + text)
        _, number, error, result = self._read()
        assert (number, error) == (self._number, None), f"{command}: {error}"
        return result

    def _read(self) -> Any:
        length, self._buffer = self._until(lambda: b":" in self._buffer).split(b":", 1)
        text = self._until(lambda: len(self._buffer) >= int(length))
        self._buffer = text[int(length) :]
        return json.loads(text[: int(length)])

    def _until(self, is_enough: Any) -> bytes:
        while not is_enough():
            self._buffer += self._socket.recv(65_536)
        return self._buffer


def _connected(port: int) -> socket.socket:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=_START_SECONDS)
        except OSError:
            assert time.monotonic() < end, "Firefox does not listen"
            time.sleep(0.1)


@contextmanager
def firefox(program: str, profile: Path) -> Iterator[Firefox]:
    """Start ``program`` with an empty ``profile``, and end it behind the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (profile / "user.js").write_text(
        f'user_pref("marionette.port", {port});\n'
        'user_pref("app.update.enabled", false);\nuser_pref("datareporting.policy.dataSubmissionEnabled", false);\n'
    )
    command = [program, "--headless", "--marionette", "--no-remote", "--profile", str(profile)]
    with ExitStack() as stack:
        process = stack.enter_context(
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
        stack.callback(process.kill)
        window = Firefox(port)
        stack.callback(window.close)
        yield window
