"""Throttling of sign-in attempts: counters in our own table, by the ``limits`` library."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from ipaddress import AddressValueError, IPv6Address, IPv6Network
from typing import Any, cast

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import CursorResult, Engine, case, delete, select, update

from batchbook.db import utc_now
from batchbook.db.functions import insert_into
from batchbook.db.transactions import transaction_scope
from batchbook.security.models import LoginAttempt, normal_name
from batchbook.security.settings import SecuritySettings

WINDOW_MINUTES = 15


class LoginAttemptStorage(Storage):
    """A ``limits`` storage in the table ``login_attempt``; every call is one transaction of its own."""

    STORAGE_SCHEME = None

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """Errors are passed on as they are."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add ``amount`` to the counter, starting anew when its window is over; return the sum.

        ``expiry`` is the length of a window in seconds. Counters whose window is over are removed on the way.
        """
        with transaction_scope(self._engine) as db:
            db.execute(
                delete(LoginAttempt).where(
                    LoginAttempt.expires_at <= utc_now(), LoginAttempt.key != _hash(key)
                )
            )
            counted: int = db.scalars(self._increment(_hash(key), timedelta(seconds=expiry), amount)).one()
        return counted

    def _increment(self, key: str, expiry: timedelta, amount: int) -> Any:
        # One statement, so that parallel attempts are all counted.
        now = utc_now()
        over = LoginAttempt.expires_at <= now
        return (
            insert_into(self._engine, LoginAttempt)
            .values(key=key, count=amount, expires_at=now + expiry)
            .on_conflict_do_update(
                index_elements=[LoginAttempt.key],
                set_={
                    "count": case((over, amount), else_=LoginAttempt.count + amount),
                    "expires_at": case((over, now + expiry), else_=LoginAttempt.expires_at),
                },
            )
            .returning(LoginAttempt.count)
        )

    def get(self, key: str) -> int:
        """Return the counter of the current window."""
        counter = self._counter(key)
        return counter.count if counter else 0

    def get_expiry(self, key: str) -> float:
        """Return when the current window ends, in seconds since the epoch; now if there is none."""
        counter = self._counter(key)
        return (counter.expires_at if counter else utc_now()).timestamp()

    def _counter(self, key: str) -> LoginAttempt | None:
        current = select(LoginAttempt).where(
            LoginAttempt.key == _hash(key), LoginAttempt.expires_at > utc_now()
        )
        with transaction_scope(self._engine, read_only=True) as db:
            return db.scalars(current).one_or_none()

    def check(self) -> bool:
        """Return whether the table can be read."""
        self._counter("")
        return True

    def reset(self) -> int:
        """Forget all counters; return how many there were."""
        with transaction_scope(self._engine) as db:
            return cast("CursorResult[Any]", db.execute(delete(LoginAttempt))).rowcount

    def clear(self, key: str) -> None:
        """Forget one counter."""
        with transaction_scope(self._engine) as db:
            db.execute(delete(LoginAttempt).where(LoginAttempt.key == _hash(key)))


class LoginThrottle:
    """Counts attempts to sign in, in windows of 15 minutes: per address, per user name there, and per user name.

    A name may be tried much more often from everywhere than from one address, so that nobody alone can lock its owner
    out; see docs/decisions/0013. An attempt is counted before its password is looked at, so that many at once gain nothing, and given back when
    it succeeds.
    """

    def __init__(self, engine: Engine, *, attempts: int, per_name: int, per_address: int) -> None:
        self._engine = engine
        self._limiter = FixedWindowRateLimiter(LoginAttemptStorage(engine))
        self._per_pair = RateLimitItemPerMinute(attempts, WINDOW_MINUTES)
        self._per_name = RateLimitItemPerMinute(per_name, WINDOW_MINUTES)
        self._per_address = RateLimitItemPerMinute(per_address, WINDOW_MINUTES)

    def admit(self, name: str, address: str) -> bool:
        """Count an attempt; return whether it is within all limits.

        One refused because of its address does not count against the name: it must not lock the user out.
        """
        return all(self._limiter.hit(limit, *key) for limit, key in self._counters(name, address))

    def forgive(self, name: str, address: str) -> None:
        """Take back what a successful attempt counted: the name's whole count at this address, and one of each other,
        so that somebody with a valid password can't buy new attempts on others by it.
        """
        address_key, pair_key, name_key = (
            _hash(limit.key_for(*key)) for limit, key in self._counters(name, address)
        )
        with transaction_scope(self._engine) as db:
            db.execute(delete(LoginAttempt).where(LoginAttempt.key == pair_key))
            db.execute(
                update(LoginAttempt)
                .where(LoginAttempt.key.in_((address_key, name_key)), LoginAttempt.count > 0)
                .values(count=LoginAttempt.count - 1)
            )

    def _counters(self, name: str, address: str) -> tuple[tuple[RateLimitItem, tuple[str, ...]], ...]:
        # In the order in which they are asked: what the first refuses does not count at the others.
        network, name = _network(address), normal_name(name)
        return (
            (self._per_address, ("address", network)),
            (self._per_pair, ("pair", network, name)),
            (self._per_name, ("name", name)),
        )


def throttle_of(request: Any) -> LoginThrottle:
    """Return the throttle; raise ``RuntimeError`` when the request's transaction has begun (see the module)."""
    if "db" in vars(request) and request.db.in_transaction():
        raise RuntimeError("Login attempts must be counted before the request's transaction begins.")
    settings = request.services.get(SecuritySettings)
    return LoginThrottle(
        request.services.get(Engine),
        attempts=settings.login_attempts,
        per_name=settings.name_attempts,
        per_address=settings.address_attempts,
    )


def _hash(key: str) -> str:
    # Of one length whatever was typed; and a password typed into the wrong field is not kept.
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def _network(address: str) -> str:
    # One customer commonly has a whole /64 of IPv6 addresses. A listener for both kinds shows those of IPv4 as IPv6,
    # all of them in one /64.
    try:
        long = IPv6Address(address)
        return str(long.ipv4_mapped or IPv6Network((long, 64), strict=False))
    except (AddressValueError, ValueError):
        return address
