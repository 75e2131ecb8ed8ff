"""The triggers that run by themselves: blobs, queues and timers of one app."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from typing import Any

from devhost.admin import Fire
from devhost.blob_trigger import BlobTrigger
from devhost.clock import Clock
from devhost.functions import AppFunction, of_kind
from devhost.invoker import Invoke
from devhost.queue_trigger import QueueTrigger
from devhost.records import Records
from devhost.settings import HostConfig
from devhost.timer_trigger import TimerTrigger

log = logging.getLogger("devhost")


class Triggers:
    """Starts and stops them, and knows which can be fired from outside."""

    def __init__(
        self, functions: Iterable[AppFunction], invoke: Invoke, records: Records, config: HostConfig, clock: Clock
    ) -> None:
        functions = list(functions)
        self._blobs = [BlobTrigger(one, invoke, records, config) for one in of_kind(functions, "blobTrigger")]
        self._queues = [QueueTrigger(one, invoke, config) for one in of_kind(functions, "queueTrigger")]
        self._timers = [TimerTrigger(one, invoke, records, clock) for one in of_kind(functions, "timerTrigger")]
        self._running: list[asyncio.Task[None]] = []

    @property
    def subscribed(self) -> dict[str, BlobTrigger]:
        """The blob triggers that Event Grid feeds, by name."""
        return {trigger.function.name: trigger for trigger in self._blobs if not trigger.is_polled}

    @property
    def fires(self) -> dict[str, Fire]:
        """How each function is fired by hand: a blob by its path, a queue by a message's text."""
        fires: dict[str, Fire] = {}
        fires |= {trigger.function.name: trigger.fire for trigger in self._blobs}
        fires |= {trigger.function.name: trigger.fire for trigger in self._queues}
        fires |= {trigger.function.name: trigger.fire_by_hand for trigger in self._timers}
        return fires

    def start(self, poll_interval_s: float) -> None:
        """Every trigger watches from now on."""
        for blobs in self._blobs:
            self._spawn(blobs.run(poll_interval_s))
        for queue in self._queues:
            self._spawn(queue.run(poll_interval_s))
        for timer in self._timers:
            self._spawn(timer.run())

    async def stop(self) -> None:
        """No trigger fires any more."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _spawn(self, watch: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(watch)
        task.add_done_callback(_tell_of_a_broken_trigger)
        self._running.append(task)


def _tell_of_a_broken_trigger(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("A trigger of the local host broke", exc_info=error)
