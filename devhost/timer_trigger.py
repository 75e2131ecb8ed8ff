"""Timer triggers: NCRONTAB schedules whose last run outlives the host."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime

from azure.functions.meta import Datum
from croniter import CroniterError, croniter  # type: ignore[import-untyped]  # ships no types

from devhost.clock import Clock
from devhost.errors import AppBroken
from devhost.functions import AppFunction
from devhost.invoker import Invocation, Invoke
from devhost.records import Records
from devhost.settings import resolve

log = logging.getLogger("devhost")

FIELDS = (5, 6)
LONGEST_NAP_S = 1.0


class Schedule:
    """An NCRONTAB expression: six fields, seconds first, or five without them."""

    def __init__(self, expression: str, where: str) -> None:
        self._expression = expression
        self._has_seconds = len(expression.split()) == max(FIELDS)
        if len(expression.split()) not in FIELDS:
            raise AppBroken(
                f"{where}: the schedule {expression!r} is not NCRONTAB: five fields, or six with seconds first."
            )
        try:
            self.after(datetime.now(UTC))
        except CroniterError as error:
            raise AppBroken(f"{where}: the schedule {expression!r} cannot be read: {error}") from None

    def after(self, moment: datetime) -> datetime:
        """The first occurrence after that moment.

        Example:
            >>> Schedule("0 */15 9 * * Mon", "here").after(datetime(2024, 1, 1, 9, 20))
            datetime.datetime(2024, 1, 1, 9, 30)
        """
        # Day of month *and* day of week must fit, unlike in Unix cron.
        occurrences = croniter(self._expression, moment, day_or=False, second_at_beginning=self._has_seconds)
        found: datetime = occurrences.get_next(datetime)
        return found


class TimerTrigger:
    """One timer-triggered function with its schedule."""

    def __init__(self, function: AppFunction, invoke: Invoke, records: Records, clock: Clock) -> None:
        where = f"Function {function.name!r}"
        self.function = function
        self.schedule = Schedule(resolve(function.trigger["schedule"], where), where)
        self._invoke, self._records, self._clock = invoke, records, clock
        self._is_monitored = function.trigger.get("useMonitor") is not False

    async def run(self) -> None:
        """The function fires on its schedule until cancelled; first of all if it missed its time."""
        planned = self._records.read_timer(self.function.name)
        is_past_due = self._is_monitored and planned is not None and planned[1] <= self._clock.now()
        if is_past_due or self.function.trigger.get("runOnStartup"):
            await self.fire(is_past_due=is_past_due)
        while True:
            due = self.schedule.after(self._clock.now())
            # In short naps: a clock that skips time, or a laptop that slept, must not be overslept.
            while (missing := (due - self._clock.now()).total_seconds()) > 0:
                await asyncio.sleep(min(missing, LONGEST_NAP_S))
            await self.fire()

    async def fire_by_hand(self, _: str) -> None:
        """The function has run once, whatever its schedule."""
        await self.fire()

    async def fire(self, *, is_past_due: bool = False) -> None:
        """The function has run once, whether it failed or not."""
        before = self._records.read_timer(self.function.name)
        now = self._clock.now()
        following = self.schedule.after(now)
        status = {"Last": before[0].isoformat() if before else "", "Next": following.isoformat(), "LastUpdated": ""}
        info = {"IsPastDue": is_past_due, "ScheduleStatus": status, "Schedule": {"AdjustForDST": True}}
        try:
            await self._invoke(Invocation(self.function, Datum(json.dumps(info), "json")))
        except Exception:  # noqa: BLE001  the invoker has logged the rest; the next time comes all the same
            log.info("Timer '%s' fires again at %s", self.function.name, following.isoformat())
        if self._is_monitored:
            self._records.write_timer(self.function.name, now, following)
