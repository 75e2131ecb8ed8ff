"""The host's clocks: the real one, and one for tests that skips the time in which nothing happens."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Protocol

LONGEST_NAP_S = 60.0


class Clock(Protocol):
    """Tells the time and waits for it; hears when the host has work, so that it may skip when it has none."""

    def now(self) -> datetime:
        """The present moment, UTC."""

    async def wait_until(self, at: datetime) -> None:
        """Return when `now()` is at or past `at`."""

    def work_begins(self) -> None:
        """Something runs from now on that may change what happens next."""

    def work_ends(self) -> None:
        """One thing that ran has ended."""


class RealClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """The present moment, UTC."""
        return datetime.now(UTC)

    async def wait_until(self, at: datetime) -> None:
        """Return when `at` has come, also when the machine slept meanwhile."""
        while (missing := (at - self.now()).total_seconds()) > 0:
            await asyncio.sleep(min(missing, LONGEST_NAP_S))

    def work_begins(self) -> None:
        """The real clock does not care."""

    def work_ends(self) -> None:
        """The real clock does not care."""


class SkippingClock:
    """Jumps to the next durable timer as soon as nothing runs: twenty days pass at once."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)
        self._running = 0
        self._order = count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The present moment, with all that was skipped."""
        return datetime.now(UTC) + self._ahead

    async def wait_until(self, at: datetime) -> None:
        """Return when everything that runs has ended and no earlier sleeper is left."""
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (at, next(self._order), woken))
        self._look_soon()
        try:
            await woken
        finally:
            if not woken.cancelled():
                self.work_ends()

    def work_begins(self) -> None:
        """No time is skipped until this work has ended."""
        self._running += 1

    def work_ends(self) -> None:
        """Time may be skipped once this was the last work."""
        self._running -= 1
        self._look_soon()

    def _look_soon(self) -> None:
        # After the callbacks already queued: whoever was just woken gets to begin its work first.
        asyncio.get_running_loop().call_soon(self._skip)

    def _skip(self) -> None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        if self._running or not self._sleepers:
            return
        at, _, woken = heapq.heappop(self._sleepers)
        self._ahead += max(at - self.now(), timedelta(0))
        # Until the woken one has gone on, a second look must not wake the next one, however far away that is.
        self.work_begins()
        woken.set_result(None)
