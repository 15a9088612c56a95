"""Files that commands send to Batchbook: opened if they are not too large, and called as they are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from batchbook.cli.site import Site
from batchbook.errors import TooLarge
from batchbook.web.settings import MAX_UPLOAD_BYTES


def open_to_send(site: Site, path: Path, outcome: str) -> BinaryIO:
    """Return the open file at ``path``; raise ``TooLarge``, with ``outcome`` as last sentence, as pages would."""
    size, limit = path.stat().st_size, MAX_UPLOAD_BYTES.whole(site.settings)
    if size > limit:
        raise TooLarge(
            f"“{name_to_send(path)}” has {size:,} bytes; the setting {MAX_UPLOAD_BYTES.name} allows {limit:,}. {outcome}"
        )
    return path.open("rb")


def name_to_send(path: Path) -> str:
    """Return the name of the file at ``path`` as a text: a file system takes names that are none."""
    return os.fsencode(path.name).decode(errors="replace")
