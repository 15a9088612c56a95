"""The routes of jobs are those that their package lists."""

from __future__ import annotations

import re
from typing import Any

from batchbook import jobs


def test_the_listed_routes_are_those_of_the_application(app: Any) -> None:
    listed = dict(re.findall(r"^(job\S+) +(/\S+) ", jobs.__doc__ or "", re.MULTILINE))
    found = {
        entry["introspectable"]["name"]: entry["introspectable"]["pattern"]
        for entry in app.registry.introspector.get_category("routes")
        if entry["introspectable"]["name"].startswith(("jobs.", "job_groups."))
    }
    assert listed == found
