"""A limit on how slowly a request may arrive, for the server waitress.

Waitress closes a connection over which nothing has come for ``channel_timeout`` seconds. A client that sends a byte now and
then would keep its connection for good, and enough of such clients all connections that the server may have. So a request
has ``channel_timeout`` seconds to arrive, and more in proportion to what has arrived: a large file over a slow line is no
attack.
"""

from __future__ import annotations

from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer

#: The number of bytes for which a request gets one more second to arrive.
LEAST_RATE = 1_000


class TimedChannel(HTTPChannel):
    """A connection whose last activity is not later than the data that it has brought allows."""

    _began: float | None = None
    _arrived = 0

    def received(self, data: bytes) -> bool:
        """Take ``data`` as waitress does, and note how much of an incomplete request has arrived, and since when."""
        accepted = bool(super().received(data))
        if self.request is None:  # It is complete, and the next one begins anew.
            self._began, self._arrived = None, 0
            return accepted
        if self._began is None:
            self._began = self.last_activity
        self._arrived += len(data)
        # The server closes the connection ``channel_timeout`` seconds after this.
        self.last_activity = min(self.last_activity, allowed_activity(self._began, self._arrived))
        return accepted


def allowed_activity(began: float, arrived: int) -> float:
    """Return the time up to which a request that ``began`` then may count as active, with the bytes that ``arrived``.

    Both times are in seconds since the epoch, as waitress counts them.
    """
    return began + arrived / LEAST_RATE


def limit_slow_requests() -> None:
    """Have the servers that this process creates from now on close connections over which a request arrives too slowly."""
    server: Any = BaseWSGIServer
    server.channel_class = TimedChannel
