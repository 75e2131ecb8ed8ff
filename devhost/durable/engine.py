"""Drives orchestrations: takes turns, runs activities, arms timers, and picks all of it up after a crash.

Everything happens on one asyncio loop, so there are no locks. What a turn leads to is committed in one
transaction before anything of it begins, and everything that was begun and has not ended can be read from
the history: a killed host only has to begin it again.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from azure.functions.meta import Datum

from devhost.clock import Clock
from devhost.durable import episode
from devhost.durable.history import Event, EventType, event, failure
from devhost.durable.inbox import Delivery, sort_messages
from devhost.durable.instances import Instance, Status
from devhost.durable.recovery import read_unfinished
from devhost.durable.replay import Command
from devhost.durable.store import Store
from devhost.failures import Failure, WorkerEnded
from devhost.functions import AppFunction, of_kind
from devhost.invoker import Invocation, Invoke

log = logging.getLogger("devhost")

TaskKey = tuple[str, str, int]


@dataclass(frozen=True)
class Limits:
    """How much may run at once."""

    orchestrators: int
    activities: int


class Engine:
    """All orchestrations of one host."""

    def __init__(
        self, store: Store, invoke: Invoke, functions: Iterable[AppFunction], clock: Clock, limits: Limits
    ) -> None:
        functions = list(functions)
        self.store, self.clock = store, clock
        self.orchestrators = {one.durable_name: one for one in of_kind(functions, "orchestrationTrigger")}
        self.activities = {one.durable_name: one for one in of_kind(functions, "activityTrigger")}
        self._invoke = invoke
        self._turns = asyncio.Semaphore(limits.orchestrators)
        self._slots = asyncio.Semaphore(limits.activities)
        self._driven: set[str] = set()
        self._timers: dict[TaskKey, asyncio.Task[None]] = {}
        self._work: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Every live instance goes on where the last host left it."""
        for instance in self.store.list_live():
            log.info("Orchestration '%s' (id=%s): goes on", instance.name, instance.instance_id)
            self._begin(instance, read_unfinished(self.store, instance))
            self.wake(instance.instance_id)

    async def stop(self) -> None:
        """Nothing is begun any more; what runs is left to the next host."""
        tasks = [*self._work, *self._timers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self, instance_id: str) -> None:
        """The instance takes turns until it has seen all its messages."""
        if instance_id not in self._driven:
            self._driven.add(instance_id)
            self._spawn(self._drive(instance_id))

    def admit(self, instance: Instance) -> None:
        """Inside a transaction: the instance replaces whatever had its id, and waits to be woken."""
        self.store.delete(instance.instance_id)
        self.store.put(instance)
        self.store.send(instance.instance_id, episode.begun(instance), instance.execution_id)

    def deliver(self, instance_id: str, happened: Event, execution_id: str | None = None) -> None:
        """The instance hears of it, if it still wants to."""
        with self.store.transaction():
            instance = self.store.find(instance_id)
            if instance is None or not instance.is_live or execution_id not in (None, instance.execution_id):
                return
            self.store.send(instance_id, happened, execution_id)
        self.wake(instance_id)

    def forget_timers(self, instance_id: str) -> None:
        """No timer of the instance fires any more."""
        for key in [key for key in self._timers if key[0] == instance_id]:
            self._timers.pop(key).cancel()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.clock.work_begins()
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work_ended)

    def _work_ended(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        self.clock.work_ends()
        if not task.cancelled() and (error := task.exception()):
            log.error("The local host itself failed", exc_info=error)

    async def _drive(self, instance_id: str) -> None:
        try:
            while await self._take_turn(instance_id):
                pass
        finally:
            self._driven.discard(instance_id)

    async def _take_turn(self, instance_id: str) -> bool:
        async with self._turns:
            instance = self.store.find(instance_id)
            if instance is None or not instance.is_live:
                return False
            delivery = sort_messages(instance, self.store.read_inbox(instance_id))
            if not delivery.taken:
                return False
            turn = await self._turn(instance, delivery)
            now_stored = self.store.find(instance_id)
            # Purged or replaced while it was thinking: nobody wants the answer.
            if now_stored is not None and now_stored.execution_id == instance.execution_id:
                self._commit(instance, delivery, turn)
            return True

    async def _turn(self, instance: Instance, delivery: Delivery) -> episode.Turn:
        now = self.clock.now()
        new = [event(EventType.ORCHESTRATOR_STARTED, now), *delivery.events]
        if delivery.termination is not None:
            return episode.terminate(instance, new, delivery.termination["Reason"], now)
        if not delivery.has_news:
            status = Status.SUSPENDED if delivery.is_suspended else Status.RUNNING
            return episode.Turn(replace(instance, status=status, updated_at=now), tuple(delivery.events))
        past = self.store.read_history(instance.instance_id)
        answer = await self._ask(instance, past, new)
        turn = episode.conclude(instance, past, new, answer, now)
        if unknown := self._unknown_name(turn.commands):
            turn = episode.fail(instance, new, unknown, now)
        if delivery.is_suspended and turn.instance.is_live:
            turn = replace(turn, instance=replace(turn.instance, status=Status.SUSPENDED))
        return turn

    async def _ask(self, instance: Instance, past: list[Event], new: list[Event]) -> episode.Answer:
        if instance.name not in self.orchestrators:
            return episode.Answer({"actions": [[]]}, f"the app has no orchestrator named '{instance.name}' any more")
        function, shown = self.orchestrators[instance.name], Datum(episode.show(instance, past, new), "string")
        while True:
            try:
                text = await self._invoke(Invocation(function, shown, instance_id=instance.instance_id))
            except WorkerEnded:
                # Asked again, as by the real host: most likely another function ended the process.
                continue
            except Exception as error:  # noqa: BLE001  whatever the app's code raises is its answer
                return episode.read_error(error)
            return episode.read_answer(text)

    def _unknown_name(self, commands: Iterable[Command]) -> str | None:
        known = {
            EventType.TASK_SCHEDULED: ("an activity", self.activities),
            EventType.SUB_ORCHESTRATION_CREATED: ("an orchestrator", self.orchestrators),
        }
        for command in commands:
            what, names = known.get(command.kind, ("", {command.name: None}))
            if command.name not in names:
                return (
                    f"The function '{command.name}' doesn't exist, is disabled, or is not {what} function. "
                    f"Known here: {', '.join(sorted(names)) or 'none'}"
                )
        return None

    def _commit(self, before: Instance, delivery: Delivery, turn: episode.Turn) -> None:
        after = turn.instance
        children = [
            episode.child_of(after, command, self.clock.now())
            for command in turn.commands
            if command.kind is EventType.SUB_ORCHESTRATION_CREATED
        ]
        with self.store.transaction():
            self.store.drop_messages([*delivery.taken, *delivery.stale])
            self.store.append_history(after.instance_id, turn.events)
            self.store.put(after)
            if turn.continues_with:
                self._begin_anew(after, turn.continues_with[0])
            for child in children:
                self._admit_child(child)
            if not after.is_live and after.parent:
                result = episode.result_for_parent(after, after.parent.task_id, self.clock.now())
                self.store.send(after.parent.instance_id, result, after.parent.execution_id)
        self._follow(before, turn, children)

    def _follow(self, before: Instance, turn: episode.Turn, children: list[Instance]) -> None:
        after = turn.instance
        if after.status is not before.status:
            log.info("Orchestration '%s' (id=%s): %s", after.name, after.instance_id, after.status)
        self._begin(after, turn.commands)
        for number in turn.cancelled_timers:
            if timer := self._timers.pop((after.instance_id, after.execution_id, number), None):
                timer.cancel()
        if not after.is_live or turn.continues_with:
            self.forget_timers(after.instance_id)
        for child in children:
            self.wake(child.instance_id)
        if not after.is_live and after.parent:
            self.wake(after.parent.instance_id)

    def _begin_anew(self, instance: Instance, input_: Any) -> None:
        again = replace(instance, execution_id=uuid.uuid4().hex, input=input_)
        self.store.forget_history(again.instance_id)
        self.store.put(again)
        self.store.send(again.instance_id, episode.begun(again), again.execution_id)

    def _admit_child(self, child: Instance) -> None:
        taken = self.store.find(child.instance_id)
        if taken is None or not taken.is_live:
            self.admit(child)
        elif child.parent:
            reason = f"An orchestration with the id '{child.instance_id}' is running already."
            refusal = failure(EventType.SUB_ORCHESTRATION_FAILED, self.clock.now(), child.parent.task_id, reason)
            self.store.send(child.parent.instance_id, refusal, child.parent.execution_id)

    def _begin(self, instance: Instance, commands: Iterable[Command]) -> None:
        for command in commands:
            key = (instance.instance_id, instance.execution_id, command.id)
            if command.kind is EventType.TASK_SCHEDULED:
                self._spawn(self._run_activity(key, command))
            elif command.fire_at is not None:
                timer = asyncio.get_running_loop().create_task(self._fire(key, command.fire_at))
                self._timers[key] = timer

    async def _fire(self, key: TaskKey, fire_at: datetime) -> None:
        await self.clock.wait_until(fire_at)
        self._timers.pop(key, None)
        fired = event(EventType.TIMER_FIRED, self.clock.now(), TimerId=key[2], FireAt=fire_at.isoformat())
        self.deliver(key[0], fired, key[1])

    async def _run_activity(self, key: TaskKey, command: Command) -> None:
        async with self._slots:
            happened = await self._call_activity(key[0], command)
        self.deliver(key[0], happened, key[1])

    async def _call_activity(self, instance_id: str, command: Command) -> Event:
        given = Datum(command.input, "string")
        try:
            function = self.activities[command.name]
            result = await self._invoke(Invocation(function, given, instance_id=instance_id))
        except Exception as error:  # noqa: BLE001  whatever the app's code raises is the activity's result
            failed = Failure.of(error)
            reason = f"Activity function '{command.name}' failed: {failed}"
            return failure(EventType.TASK_FAILED, self.clock.now(), command.id, reason, failed.traceback)
        return event(EventType.TASK_COMPLETED, self.clock.now(), TaskScheduledId=command.id, Result=result)
