"""Demo data: real products, a price list to try, and one user for each role, with passwords that everybody knows.

For trying Batchbook only. ``batchbook init`` loads it if the setting ``batchbook.demo`` is true and the database is
empty; production.ini never sets it.
"""

from __future__ import annotations

from batchbook.demo.loader import CATALOG, DEMO, LOGINS, PRICE_LIST, Login, is_empty, load, logins

__all__ = ["CATALOG", "DEMO", "LOGINS", "PRICE_LIST", "Login", "is_empty", "load", "logins"]
