"""Serves an application on a free port of this machine, and stops again without a trace."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from waitress import wasyncore
from waitress.server import create_server


@contextmanager
def serving(app: Any, threads: int = 4, port: int = 0, **options: Any) -> Iterator[str]:
    """Serve ``app`` by Waitress, with so many ``threads`` and its ``options``, inside the block, and yield its address.

    It has the ``port``, or a free one.
    """
    sockets: dict[int, Any] = {}
    server = create_server(app, map=sockets, host="127.0.0.1", port=port, threads=threads, **options)
    loop = threading.Thread(target=server.run, daemon=True)
    loop.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        # Whoever answers may finish. The sockets are closed by the loop itself, between two looks at them: closed from
        # here, they would be gone while it waits for them, and for answers that want to wake it.
        server.task_dispatcher.shutdown()
        with suppress(OSError):  # An answer that woke the loop in between has had the sockets closed already.
            server.trigger.pull_trigger(lambda: _close(server, sockets))
        loop.join(timeout=5)


def _close(server: Any, sockets: dict[int, Any]) -> None:
    # Closing its socket alone would leave the files open that a connection was still sending.
    for channel in list(server.active_channels.values()):
        channel.handle_close()
    wasyncore.close_all(sockets)
