from __future__ import annotations


def test_work_that_would_end_too_late_is_left_out_with_a_sentence() -> None:
    from benchmarks.budget import Budget

    budget = Budget(100)
    assert budget.allows(90, "short")
    assert not budget.allows(200, "long")
    assert not budget.allows(200)
    assert budget.left_out == ["long, for which about 200 s were needed"]


def test_a_part_has_its_share_of_what_is_left_and_tells_with_the_whole() -> None:
    from benchmarks.budget import Budget

    budget = Budget(100)
    part = budget.part(0.5)
    assert 49 < part.seconds <= 50
    assert not part.allows(51, "half")
    assert budget.left_out == ["half, for which about 51 s were needed"]
