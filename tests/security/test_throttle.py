from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import func, select, update

from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.security.models import LoginAttempt
from batchbook.security.throttle import LoginAttemptStorage, LoginThrottle

from .harness import WebHarness


def _let_windows_pass(harness: WebHarness) -> None:
    with transaction_scope(harness.engine) as db:
        db.execute(update(LoginAttempt).values(expires_at=utc_now() - timedelta(seconds=1)))


def test_a_counter_counts_within_its_window(harness: WebHarness) -> None:
    storage = LoginAttemptStorage(harness.engine)
    assert [storage.incr("a", 60), storage.incr("a", 60, 5), storage.incr("b", 60)] == [1, 6, 1]
    assert (storage.get("a"), storage.get("b"), storage.get("c")) == (6, 1, 0)
    assert abs(storage.get_expiry("a") - utc_now().timestamp() - 60) < 5
    assert storage.check()


def test_a_counter_starts_anew_when_its_window_is_over(harness: WebHarness) -> None:
    storage = LoginAttemptStorage(harness.engine)
    storage.incr("a", 60, 5)
    _let_windows_pass(harness)
    assert storage.get("a") == 0
    assert storage.incr("a", 60) == 1
    assert storage.get_expiry("a") > utc_now().timestamp() + 50


def test_more_attempts_do_not_prolong_a_window(harness: WebHarness) -> None:
    storage = LoginAttemptStorage(harness.engine)
    storage.incr("a", 60)
    end = storage.get_expiry("a")
    storage.incr("a", 6000)
    assert storage.get_expiry("a") == end


def test_counters_of_the_past_are_removed(harness: WebHarness) -> None:
    storage = LoginAttemptStorage(harness.engine)
    for number in range(5):
        storage.incr(f"old {number}", 60)
    _let_windows_pass(harness)
    storage.incr("new", 60)
    assert harness.stored(select(func.count()).select_from(LoginAttempt)) == [1]


def test_counters_can_be_forgotten(harness: WebHarness) -> None:
    storage = LoginAttemptStorage(harness.engine)
    for key in ("a", "b", "c"):
        storage.incr(key, 60)
    storage.clear("a")
    assert (storage.get("a"), storage.get("b")) == (0, 1)
    assert storage.reset() == 2
    assert storage.get("b") == 0


def test_attempts_at_once_are_all_counted(harness: WebHarness) -> None:
    storage = LoginAttemptStorage(harness.engine)
    with ThreadPoolExecutor(4) as pool:
        sums = list(pool.map(lambda _: storage.incr("a", 60), range(20)))
    assert sorted(sums) == list(range(1, 21))


def _throttle(
    harness: WebHarness, attempts: int = 100, per_name: int = 100, per_address: int = 100
) -> LoginThrottle:
    return LoginThrottle(harness.engine, attempts=attempts, per_name=per_name, per_address=per_address)


def test_a_name_has_few_attempts_from_one_address(harness: WebHarness) -> None:
    throttle = _throttle(harness, attempts=3)
    answers = [throttle.admit(name, "10.0.0.1") for name in ("anna", "Anna", " ANNA ", "anna")]
    assert answers == [True, True, True, False]
    assert throttle.admit("bert", "10.0.0.1")


def test_nobody_locks_somebody_out_from_one_address(harness: WebHarness) -> None:
    throttle = _throttle(harness, attempts=3, per_name=5)
    assert [throttle.admit("anna", "10.0.0.1") for _ in range(20)] == [True] * 3 + [False] * 17
    assert throttle.admit("anna", "10.0.0.2")


def test_a_name_has_its_limit_wherever_it_is_tried_from(harness: WebHarness) -> None:
    throttle = _throttle(harness, per_name=3)
    answers = [
        throttle.admit(name, f"10.0.0.{i}") for i, name in enumerate(["anna", "Anna", " ANNA ", "anna"])
    ]
    assert answers == [True, True, True, False]
    assert throttle.admit("bert", "10.0.0.1")


def test_a_name_is_not_mistaken_for_another_with_an_address(harness: WebHarness) -> None:
    throttle = _throttle(harness, attempts=1)
    assert throttle.admit("anna/10.0.0.1", "10.0.0.2")
    assert throttle.admit("anna", "10.0.0.1/10.0.0.2")


def test_an_address_has_its_limit_whatever_name_it_tries(harness: WebHarness) -> None:
    throttle = _throttle(harness, per_address=3)
    assert [throttle.admit(f"user{i}", "10.0.0.1") for i in range(4)] == [True, True, True, False]
    assert throttle.admit("user9", "10.0.0.2")


def test_a_blocked_address_does_not_lock_a_name(harness: WebHarness) -> None:
    throttle = _throttle(harness, per_name=2, per_address=1)
    assert [throttle.admit("anna", "10.0.0.1") for _ in range(5)] == [True, *[False] * 4]
    assert throttle.admit("anna", "10.0.0.2")


def test_a_network_of_ipv6_counts_as_one_address(harness: WebHarness) -> None:
    throttle = _throttle(harness, per_address=2)
    addresses = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"]
    assert [throttle.admit(f"u{i}", address) for i, address in enumerate(addresses)] == [
        True,
        True,
        False,
        True,
    ]


def test_an_address_of_ipv4_is_the_same_behind_a_listener_for_both(harness: WebHarness) -> None:
    throttle = _throttle(harness, per_address=2)
    addresses = ["::ffff:10.0.0.1", "10.0.0.1", "::ffff:10.0.0.1", "::ffff:10.0.0.2", "::FFFF:a00:3"]
    assert [throttle.admit(f"u{i}", address) for i, address in enumerate(addresses)] == [
        True,
        True,
        False,
        True,
        True,
    ]


def test_success_forgives_the_name_there_and_one_attempt_of_the_address(harness: WebHarness) -> None:
    throttle = _throttle(harness, attempts=2, per_address=3)
    assert throttle.admit("anna", "10.0.0.1")
    assert throttle.admit("anna", "10.0.0.1")
    throttle.forgive("Anna", "10.0.0.1")
    assert throttle.admit("anna", "10.0.0.1")
    assert throttle.admit("anna", "10.0.0.1")
    assert not throttle.admit("bert", "10.0.0.1")


def test_success_gives_the_name_one_attempt_back_elsewhere(harness: WebHarness) -> None:
    throttle = _throttle(harness, per_name=2)
    assert throttle.admit("anna", "10.0.0.1")
    assert throttle.admit("anna", "10.0.0.2")
    throttle.forgive("anna", "10.0.0.2")
    assert [throttle.admit("anna", "10.0.0.3") for _ in range(2)] == [True, False]


def test_what_was_typed_is_not_stored(harness: WebHarness) -> None:
    _throttle(harness).admit("my password, in the wrong field", "10.0.0.1")
    assert all(
        len(key) == 64 and set(key) <= set("0123456789abcdef")
        for key in harness.stored(select(LoginAttempt.key))
    )
