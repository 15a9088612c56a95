"""Where a visitor may be sent on: to pages of this site only."""

from __future__ import annotations

import re

# One slash, then anything but another; browsers take a backslash for a slash, and drop tabs and line breaks. A header
# takes ASCII only, as which paths write all other characters.
_LOCAL = re.compile(r"/(?!/)[!-\[\]-~]*")


def local_path(text: str, default: str = "/") -> str:
    """Return ``text`` if it is a path (with query) of this site, else ``default``."""
    return text if _LOCAL.fullmatch(text) else default
