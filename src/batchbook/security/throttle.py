"""Rate limits for sign-in attempts: counters in a table of our own, with the library ``limits``."""

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
    """A storage for ``limits`` in the table ``login_attempt``; every call is a transaction of its own."""

    STORAGE_SCHEME = None

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """No errors to translate: all are raised as they are."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add ``amount`` to the counter, which starts again at 0 when its window is over; return the sum.

        ``expiry`` is the length of a window in seconds. Other counters whose window is over are deleted.
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
        # A single statement, so that parallel attempts are all counted.
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
        """Return the count of the current window."""
        counter = self._counter(key)
        return counter.count if counter else 0

    def get_expiry(self, key: str) -> float:
        """Return the end of the current window in seconds since the epoch; the present time if there is none."""
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
        """Delete all counters; return how many there were."""
        with transaction_scope(self._engine) as db:
            return cast("CursorResult[Any]", db.execute(delete(LoginAttempt))).rowcount

    def clear(self, key: str) -> None:
        """Delete one counter."""
        with transaction_scope(self._engine) as db:
            db.execute(delete(LoginAttempt).where(LoginAttempt.key == _hash(key)))


class LoginThrottle:
    """Limits on sign-in attempts in windows of 15 minutes: per address, per name and address, and per name.

    The limit per name is much higher than that per name and address, so that a single attacker cannot lock a user out;
    see docs/decisions/0013. An attempt is counted before its password is checked, so that parallel attempts gain
    nothing, and is given back if it succeeds.
    """

    def __init__(self, engine: Engine, *, attempts: int, per_name: int, per_address: int) -> None:
        self._engine = engine
        self._storage = LoginAttemptStorage(engine)
        self._limiter = FixedWindowRateLimiter(self._storage)
        self._per_pair = RateLimitItemPerMinute(attempts, WINDOW_MINUTES)
        self._per_name = RateLimitItemPerMinute(per_name, WINDOW_MINUTES)
        self._per_address = RateLimitItemPerMinute(per_address, WINDOW_MINUTES)

    def admit(self, name: str, address: str) -> bool:
        """Count an attempt; return whether it is within all limits.

        An attempt that exceeds the limit of its address does not count against the name, so it cannot lock the user out.
        """
        return all(self._limiter.hit(limit, *key) for limit, key in self._counters(name, address))

    def refused(self, name: str, address: str) -> int:
        """Return how many attempts exceeded the limit that refused the last one; 0 if none did."""
        for limit, key in self._counters(name, address):
            over = self._storage.get(limit.key_for(*key)) - limit.amount
            if over > 0:
                return over
        return 0

    def forgive(self, name: str, address: str) -> None:
        """Take back the count of a successful attempt: all attempts of the name at this address, and one elsewhere.

        So a valid password does not buy new attempts on other accounts.
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
        # In this order: an attempt that the first refuses does not count for the others.
        network, name = _network(address), normal_name(name)
        return (
            (self._per_address, ("address", network)),
            (self._per_pair, ("pair", network, name)),
            (self._per_name, ("name", name)),
        )


def throttle_of(request: Any) -> LoginThrottle:
    """Return the throttle. Raises ``RuntimeError`` if the request's transaction has begun, which would block the counters."""
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
    # Of one length whatever was typed; and a password that is typed into the wrong field is not stored.
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def _network(address: str) -> str:
    # A single customer commonly has a whole /64 of IPv6 addresses. A dual-stack listener shows IPv4 addresses as IPv6,
    # all of them in one /64.
    try:
        long = IPv6Address(address)
        return str(long.ipv4_mapped or IPv6Network((long, 64), strict=False))
    except (AddressValueError, ValueError):
        return address
