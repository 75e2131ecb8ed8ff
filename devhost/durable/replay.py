"""Which commands follow from an orchestrator's action list and its history. Pure.

The SDK answers every episode with the list of *all* its actions. The extension walks that list in
lock-step with the history: it begins an action when the one before it is complete, and gives each scheduled
thing the next number of one counter. A history that disagrees with the walk is non-determinism.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any

from devhost.durable.history import FAILING, SCHEDULING, SUCCEEDING, Event, EventType, completed_id, from_text

Action = Mapping[str, Any]


class ActionType(IntEnum):
    """The numbers that the protocol gives to actions."""

    CALL_ACTIVITY = 0
    CALL_ACTIVITY_WITH_RETRY = 1
    CALL_SUB_ORCHESTRATOR = 2
    CALL_SUB_ORCHESTRATOR_WITH_RETRY = 3
    CONTINUE_AS_NEW = 4
    CREATE_TIMER = 5
    WAIT_FOR_EXTERNAL_EVENT = 6
    CALL_ENTITY = 7
    CALL_HTTP = 8
    SIGNAL_ENTITY = 9
    WHEN_ANY = 11
    WHEN_ALL = 12


class NonDeterminism(Exception):
    """The orchestrator does not ask for what its own history says it asked for."""


class ActionUnsupported(Exception):
    """The orchestrator asks for something this emulator does not have."""


@dataclass(frozen=True)
class Command:
    """Something the orchestrator scheduled: an activity, a sub-orchestration or a timer."""

    kind: EventType
    id: int
    name: str = ""
    input: str | None = None
    instance_id: str | None = None
    version: str | None = None
    fire_at: datetime | None = None

    def __str__(self) -> str:
        what = {EventType.TASK_SCHEDULED: "activity", EventType.SUB_ORCHESTRATION_CREATED: "sub-orchestration"}
        return f"{what[self.kind]} {self.name!r}" if self.kind in what else "a timer"


@dataclass(frozen=True)
class Simulation:
    """Where an orchestrator stands after its history."""

    new_commands: tuple[Command, ...]
    cancelled_timers: frozenset[int]
    is_drained: bool
    continues_as_new_with: tuple[str | None] | None = None


def simulate(actions: Iterable[Action], history: Iterable[Event]) -> Simulation:
    """Walk the actions along the history; what the history lacks is new.

    Raises:
        NonDeterminism: the history schedules something else than the actions do.
        ActionUnsupported: an action needs entities or durable HTTP calls.
    Source:
        OutOfProcOrchestrationShim of the Durable extension, second replay schema.
    Example:
        >>> from devhost.durable.history import event, started
        >>> at = datetime(2024, 1, 1, tzinfo=UTC)
        >>> begun = [event(EventType.ORCHESTRATOR_STARTED, at), started("plan", at, None, None)]
        >>> simulate([{"actionType": 0, "functionName": "load", "input": "1"}], begun).new_commands
        (Command(kind=<EventType.TASK_SCHEDULED: 4>, id=0, name='load', input='1', ...),)
    """
    walk = _Walk(list(actions))
    for happened in history:
        walk.meet(happened)
    new = tuple(command for command in walk.commands.values() if command.id not in walk.scheduled)
    return Simulation(new, frozenset(walk.cancelled), walk.is_drained, walk.continuation)


@dataclass
class _Promise:
    """A task of the walk; calls back once it is done."""

    is_done: bool = False
    has_failed: bool = False
    listeners: list[Callable[[], None]] = field(default_factory=list)

    def then(self, listener: Callable[[], None]) -> None:
        if self.is_done:
            listener()
        else:
            self.listeners.append(listener)

    def finish(self, *, has_failed: bool = False) -> None:
        if not self.is_done:
            self.is_done, self.has_failed = True, has_failed
            for listener in self.listeners:
                listener()


class _Walk:
    def __init__(self, actions: list[Action]) -> None:
        self.actions = actions
        self.position = 0
        self.now = datetime.min.replace(tzinfo=UTC)
        self.commands: dict[int, Command] = {}
        self.open: dict[int, _Promise] = {}
        self.scheduled: set[int] = set()
        self.cancelled: set[int] = set()
        self.waiting: defaultdict[str, list[_Promise]] = defaultdict(list)
        self.raised_early: defaultdict[str, deque[None]] = defaultdict(deque)
        self.continuation: tuple[str | None] | None = None
        self.is_drained = False

    def meet(self, happened: Event) -> None:
        kind = EventType(happened["EventType"])
        if kind is EventType.ORCHESTRATOR_STARTED:
            self.now = max(self.now, from_text(happened["Timestamp"]))
        elif kind is EventType.EXECUTION_STARTED:
            self._go_on()
        elif kind in SCHEDULING:
            self._compare(kind, happened)
        elif kind in SUCCEEDING or kind in FAILING:
            self._complete(completed_id(happened), has_failed=kind in FAILING)
        elif kind is EventType.EVENT_RAISED:
            self._raise(happened["Name"])

    def _go_on(self) -> None:
        while self.position < len(self.actions):
            promise = self._begin(self.actions[self.position])
            self.position += 1
            if not promise.is_done:
                promise.then(self._go_on)
                return
        self.is_drained = True

    def _begin(self, action: Action) -> _Promise:
        try:
            begin = _BEGINNINGS[ActionType(action["actionType"])]
        except (KeyError, ValueError):
            raise ActionUnsupported(
                f"The local host has no entities and no durable HTTP calls (action type {action['actionType']}). "
                "Call an activity instead, or run this app with `func start`."
            ) from None
        return begin(self, action)

    def _schedule(self, kind: EventType, **what: Any) -> tuple[int, _Promise]:
        number, promise = len(self.commands), _Promise()
        self.commands[number] = Command(kind, number, **what)
        self.open[number] = promise
        return number, promise

    def _compare(self, kind: EventType, happened: Event) -> None:
        number = int(happened["EventId"])
        command = self.commands.get(number)
        recorded = Command(kind, number, name=happened.get("Name") or "")
        if command is None or command.kind is not kind or command.name != recorded.name:
            raise NonDeterminism(
                f"Non-deterministic orchestrator: its history has {recorded} as number {number}, but the code now "
                f"asks for {command or 'nothing'} there. Orchestrator code must do the same on every replay: no "
                "clock, no randomness, no environment, no I/O; and code that has running instances must not change."
            )
        self.scheduled.add(number)

    def _complete(self, number: int, *, has_failed: bool) -> None:
        if promise := self.open.pop(number, None):
            promise.finish(has_failed=has_failed)

    def _raise(self, name: str) -> None:
        if self.waiting[name]:
            self.waiting[name].pop().finish()
        else:
            self.raised_early[name].append(None)

    def _call(self, action: Action) -> _Promise:
        return self._schedule(EventType.TASK_SCHEDULED, name=action["functionName"], input=action.get("input"))[1]

    def _call_sub_orchestrator(self, action: Action) -> _Promise:
        wanted = {"instance_id": action.get("instanceId"), "version": action.get("version")}
        what = {"name": action["functionName"], "input": action.get("input"), **wanted}
        return self._schedule(EventType.SUB_ORCHESTRATION_CREATED, **what)[1]

    def _create_timer(self, action: Action) -> _Promise:
        number, promise = self._schedule(EventType.TIMER_CREATED, fire_at=from_text(action["fireAt"]))
        if action.get("isCanceled"):
            self.cancelled.add(number)
            promise.finish(has_failed=True)
        return promise

    def _wait_for_event(self, action: Action) -> _Promise:
        name, promise = action["externalEventName"], _Promise()
        if self.raised_early[name]:
            self.raised_early[name].popleft()
            promise.finish()
        else:
            self.waiting[name].append(promise)
        return promise

    def _continue_as_new(self, action: Action) -> _Promise:
        self.continuation = (action.get("input"),)
        return _Promise(is_done=True)

    def _when_all(self, action: Action) -> _Promise:
        together, children = _Promise(), [self._begin(child) for child in action["compoundActions"]]
        missing = len(children)

        def count() -> None:
            nonlocal missing
            missing -= 1
            if not missing:
                together.finish(has_failed=any(child.has_failed for child in children))

        return _joined(together, children, count)

    def _when_any(self, action: Action) -> _Promise:
        together, children = _Promise(), [self._begin(child) for child in action["compoundActions"]]
        return _joined(together, children, together.finish)

    def _with_retry(self, once: Callable[[_Walk, Action], _Promise], action: Action) -> _Promise:
        options, outcome = action["retryOptions"], _Promise()
        pause = timedelta(milliseconds=options["firstRetryIntervalInMilliseconds"])

        def attempt(number: int) -> None:
            tried = once(self, action)
            tried.then(lambda: outcome.finish() if not tried.has_failed else wait(number))

        def wait(number: int) -> None:
            # A timer follows the last failure too: the SDK counts on it.
            _, timer = self._schedule(EventType.TIMER_CREATED, fire_at=self.now + pause)
            is_last = number >= options["maxNumberOfAttempts"]
            timer.then(lambda: outcome.finish(has_failed=True) if is_last else attempt(number + 1))

        attempt(1)
        return outcome


def _joined(together: _Promise, children: list[_Promise], on_each: Callable[[], None]) -> _Promise:
    if not children:
        together.finish()
    for child in children:
        child.then(on_each)
    return together


_BEGINNINGS: dict[ActionType, Callable[[_Walk, Action], _Promise]] = {
    ActionType.CALL_ACTIVITY: _Walk._call,
    ActionType.CALL_ACTIVITY_WITH_RETRY: lambda walk, action: walk._with_retry(_Walk._call, action),
    ActionType.CALL_SUB_ORCHESTRATOR: _Walk._call_sub_orchestrator,
    ActionType.CALL_SUB_ORCHESTRATOR_WITH_RETRY: (
        lambda walk, action: walk._with_retry(_Walk._call_sub_orchestrator, action)
    ),
    ActionType.CONTINUE_AS_NEW: _Walk._continue_as_new,
    ActionType.CREATE_TIMER: _Walk._create_timer,
    ActionType.WAIT_FOR_EXTERNAL_EVENT: _Walk._wait_for_event,
    ActionType.WHEN_ANY: _Walk._when_any,
    ActionType.WHEN_ALL: _Walk._when_all,
}
