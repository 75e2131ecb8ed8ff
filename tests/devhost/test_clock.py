from __future__ import annotations

import asyncio
from datetime import timedelta

from devhost.clock import SkippingClock


def test_skips_to_each_sleeper_in_order_of_time() -> None:
    woken: list[str] = []

    async def sleep(clock: SkippingClock, days: int) -> None:
        await clock.wait_until(clock.now() + timedelta(days=days))
        woken.append(f"after {days} days")

    async def run() -> timedelta:
        clock = SkippingClock()
        began = clock.now()
        await asyncio.gather(sleep(clock, 20), sleep(clock, 1), sleep(clock, 3))
        return clock.now() - began

    passed = asyncio.run(run())
    assert woken == ["after 1 days", "after 3 days", "after 20 days"]
    assert timedelta(days=20) <= passed < timedelta(days=21)


def test_does_not_skip_while_something_runs() -> None:
    async def run() -> list[bool]:
        clock = SkippingClock()
        clock.work_begins()
        sleeper = asyncio.create_task(clock.wait_until(clock.now() + timedelta(days=1)))
        for _ in range(10):
            await asyncio.sleep(0)
        seen = [sleeper.done()]
        clock.work_ends()
        await sleeper
        return [*seen, sleeper.done()]

    assert asyncio.run(run()) == [False, True]


def test_a_cancelled_sleeper_does_not_hold_up_the_next() -> None:
    async def run() -> timedelta:
        clock = SkippingClock()
        began = clock.now()
        clock.work_begins()
        first = asyncio.create_task(clock.wait_until(began + timedelta(days=1)))
        second = asyncio.create_task(clock.wait_until(began + timedelta(days=2)))
        await asyncio.sleep(0)
        first.cancel()
        clock.work_ends()
        await second
        return clock.now() - began

    assert asyncio.run(run()) >= timedelta(days=2)


def test_who_was_woken_goes_on_before_anybody_else_is() -> None:
    async def run() -> timedelta:
        clock = SkippingClock()
        began = clock.now()

        async def retry() -> timedelta:
            await clock.wait_until(began + timedelta(minutes=1))
            clock.work_begins()
            await asyncio.sleep(0)
            return clock.now() - began

        deadline = asyncio.create_task(clock.wait_until(began + timedelta(days=1)))
        clock.work_begins()
        again = asyncio.create_task(retry())
        await asyncio.sleep(0)
        for _ in range(3):
            clock.work_begins()
            clock.work_ends()
        clock.work_ends()
        passed = await again
        deadline.cancel()
        return passed

    assert asyncio.run(run()) < timedelta(hours=1)
