"""Scripts of the application that are tried by themselves: imported by an empty page under the policy of all pages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import batchbook

_STATIC = Path(batchbook.__file__).parent / "static"
_POLICY = "default-src 'self'"


class _Files(SimpleHTTPRequestHandler):
    """The scripts, and ``/``, a page with nothing on it."""

    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript"}  # noqa: RUF012 - The server reads it.

    def do_GET(self) -> None:
        """Answer the page, or a file."""
        if self.path.startswith("/js/"):
            super().do_GET()
            return
        page = b'<!doctype html><html lang="en"><title>Modules</title>' if self.path == "/" else b""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page)

    def end_headers(self) -> None:
        """Add the policy to every answer."""
        self.send_header("Content-Security-Policy", _POLICY)
        super().end_headers()

    def log_message(self, *_arguments: Any) -> None:
        """Log nothing."""


@contextmanager
def static_files() -> Iterator[str]:
    """Serve the static files inside the block, and yield their address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(_STATIC))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
