"""Reports kept as JSON."""

from __future__ import annotations

import json

from tests.tables.reports import inspected

from batchbook.tables.report import Report


def test_a_report_can_be_kept_as_json() -> None:
    report = inspected("item,price", "007,(1.50)", "008,#REF!", "Total,1.50")
    assert Report.from_json(json.loads(json.dumps(report.to_json()))) == report
