"""Keys of views that a process keeps."""

from __future__ import annotations

from array import array
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

from batchbook.grid.key_cache import MOST_WAITING, KeptKeys, KeyCache


def ten() -> KeptKeys:
    return KeptKeys(array("q", range(10)), 10)


def test_keys_of_a_part_are_found_by_their_positions() -> None:
    part = KeptKeys([30, 31, 32], 100, first=30)
    assert list(part.between(31, 40)) == [31, 32]
    assert [part.has(*ends) for ends in ((30, 33), (29, 33), (31, 34))] == [True, False, False]
    last = KeptKeys([97, 98, 99], 100, first=97)
    assert last.has(98, 200)
    assert (part.is_whole, ten().is_whole, ten().has(50, 60)) == (False, True, True)


def test_the_least_used_keys_are_dropped_first_and_old_ones_are_not_used() -> None:
    cache = KeyCache(most_bytes=250)
    for token in ("a", "b", "c"):
        cache.put(token, ten())
        cache.get("a")
    cache.put("d", ten())
    assert [token for token in "abcd" if cache.get(token) is not None] == ["a", "c", "d"]
    old = KeyCache(max_age=-1)
    old.put("a", ten())
    assert old.get("a") is None


def test_several_that_want_all_keys_at_once_list_them_once() -> None:
    cache, together, calls = KeyCache(), Barrier(3), []
    cache.put("a", KeptKeys([0, 1], 10))

    def listed() -> KeptKeys:
        calls.append(1)
        return ten()

    def ask() -> KeptKeys | None:
        together.wait()
        return cache.all_keys("a", listed)

    with ThreadPoolExecutor(3) as threads:
        found = [asked.result() for asked in [threads.submit(ask) for _ in range(3)]]
    assert {id(one) for one in found} == {id(cache.get("a"))}
    assert calls == [1]


def test_keys_are_listed_ahead_once_and_a_failure_is_left_to_who_wants_them() -> None:
    cache, may, calls = KeyCache(), Event(), []

    def listed() -> KeptKeys:
        calls.append(1)
        may.wait(10)
        if len(calls) == 1:
            raise RuntimeError("The database is away.")
        return ten()

    cache.list_in_background("a", listed)
    cache.list_in_background("a", listed)
    may.set()
    while cache._waiting:
        pass
    assert (cache.get("a"), calls) == (None, [1])
    cache.list_in_background("a", listed)
    while cache._waiting:
        pass
    assert cache.get("a") is not None
    cache.list_in_background("b", lambda: None)
    while cache._waiting:
        pass
    assert cache.get("b") is None


def test_only_some_views_wait_to_be_listed_ahead() -> None:
    cache, may = KeyCache(), Event()

    def listed() -> KeptKeys:
        may.wait(10)
        return ten()

    tokens = [f"view {number}" for number in range(MOST_WAITING + 3)]
    for token in tokens:
        cache.list_in_background(token, listed)
    may.set()
    while cache._waiting:
        pass
    assert [token for token in tokens if cache.get(token)] == tokens[:MOST_WAITING]
