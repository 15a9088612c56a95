from __future__ import annotations

import json

from batchbook.statuses import Severity, Status


class Ripeness(Status):
    """How ripe a fruit is."""

    RIPE = "ripe", "Ripe", Severity.SUCCESS, "="
    NOT_YET = "not_yet", "", Severity.WARNING
    UNKNOWN = "unknown"


def test_a_status_is_its_stored_text_and_carries_its_words() -> None:
    assert (Ripeness.RIPE, f"{Ripeness.RIPE}", Ripeness("ripe")) == ("ripe", "ripe", Ripeness.RIPE)
    assert (Ripeness.RIPE.label, Ripeness.RIPE.severity, Ripeness.RIPE.sign) == (
        "Ripe",
        Severity.SUCCESS,
        "=",
    )
    assert json.dumps({Ripeness.RIPE: Ripeness.NOT_YET}) == '{"ripe": "not_yet"}'


def test_what_is_left_out_has_a_default() -> None:
    assert (Ripeness.NOT_YET.label, Ripeness.NOT_YET.severity, Ripeness.NOT_YET.sign) == (
        "Not yet",
        Severity.WARNING,
        "",
    )
    assert (Ripeness.UNKNOWN.label, Ripeness.UNKNOWN.severity) == ("Unknown", Severity.NEUTRAL)
