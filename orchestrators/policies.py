"""How long a plan keeps trying: growing waits, what a service asked for, and a cap.

Durable's own `RetryOptions` knows neither back-off nor `Retry-After`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from azure.durable_functions import DurableOrchestrationContext
from azure.durable_functions.models.Task import TaskBase

from orchestrators.errors import SluiceError, retry_after_in
from orchestrators.messages import Message

_MAX_DOUBLINGS = 20  # far past every cap; a long wait must not overflow

Steps = Generator[Any, Any, Any]


@dataclass(frozen=True)
class RetryPolicy:
    """`attempts` tries; waits start at `first`, double each time, and never pass `cap`."""

    first: timedelta
    cap: timedelta
    attempts: int

    def pause(self, failures: int, asked_s: float | None = None) -> timedelta:
        """The wait after so many failures; never shorter than what the service asked for.

        Example:
            >>> [STORAGE.pause(failures).total_seconds() for failures in (1, 2, 3)]
            [2.0, 4.0, 8.0]
            >>> STORAGE.pause(1, asked_s=30).total_seconds()
            30.0
        """
        return max(self.growing(failures), timedelta(seconds=asked_s or 0))

    def growing(self, failures: int) -> timedelta:
        """The wait that the policy itself wants after so many failures."""
        doublings = min(failures - 1, _MAX_DOUBLINGS)
        return min(self.first * (1 << doublings), self.cap)


STORAGE = RetryPolicy(first=timedelta(seconds=2), cap=timedelta(minutes=2), attempts=6)
TRANSFORM = RetryPolicy(first=timedelta(seconds=5), cap=timedelta(minutes=2), attempts=6)
PIPELINE = RetryPolicy(first=timedelta(seconds=5), cap=timedelta(minutes=5), attempts=6)
REPORT = RetryPolicy(first=timedelta(seconds=2), cap=timedelta(minutes=10), attempts=20)
CALLBACK = RetryPolicy(first=timedelta(seconds=5), cap=timedelta(minutes=10), attempts=60)
"""About nine hours: a caller that waits for longer asks for the status instead."""

POLLING = RetryPolicy(first=timedelta(seconds=1), cap=timedelta(minutes=5), attempts=0)
"""Waits between two looks at a running pipeline; the flow's `wait` is what ends it."""


class GaveUpError(SluiceError):
    """An activity kept failing until its policy was used up."""


class StoppedError(SluiceError):
    """The run was cancelled, or its deadline has passed; nothing of it is under way any more."""

    def __init__(self, *, is_overdue: bool) -> None:
        self.is_overdue = is_overdue
        super().__init__(
            "the run was not over at its deadline (RUN_DEADLINE_S)" if is_overdue else "a caller cancelled the run"
        )


class Stop:
    """What ends a run before its time: a caller who cancels it, or its deadline, once that is known."""

    def __init__(self, cancelled: TaskBase) -> None:
        self._cancelled = cancelled
        self._deadline: TaskBase | None = None
        self.deadline: datetime | None = None

    @property
    def tasks(self) -> list[TaskBase]:
        """What to wait for besides one's own."""
        return [self._cancelled, *([self._deadline] if self._deadline is not None else [])]

    def comes_at(self, context: DurableOrchestrationContext, moment: datetime) -> None:
        """The run has a deadline from now on."""
        self.deadline = moment
        self._deadline = context.create_timer(moment)

    def let_go(self) -> None:
        """Nobody waits for the deadline any more: a plan is over only when its timers are."""
        if self._deadline is not None and not self._deadline.is_completed:
            self._deadline.cancel()

    def raise_if_it_came(self) -> None:
        """Nothing ended the run yet.

        Raises:
            StoppedError: something did.
        """
        if self._cancelled.is_completed:
            raise StoppedError(is_overdue=False)
        if self._deadline is not None and self._deadline.is_completed:
            raise StoppedError(is_overdue=True)


def steadily(
    context: DurableOrchestrationContext,
    activity: str,
    message: Message,
    policy: RetryPolicy,
    stop: Stop | None = None,
) -> Steps:
    """The activity's answer, however many tries it took within the policy.

    Raises:
        GaveUpError: every try failed; the text is the last failure's.
        StoppedError: `stop` happened before there was an answer to go on with.
    """
    answers = yield from steadily_all(context, activity, [message], policy, stop)
    return answers[0]


def steadily_all(
    context: DurableOrchestrationContext,
    activity: str,
    messages: Sequence[Message],
    policy: RetryPolicy,
    stop: Stop | None = None,
) -> Steps:
    """The activity's answer to each message, all of them asked for at once; those that fail are tried again together.

    An activity that is under way is let finish: a half-done effect is worse than a late end.

    Raises:
        GaveUpError: every try failed; the text is the last failure's.
        StoppedError: `stop` happened before there were answers to go on with.
    """
    answers: dict[int, Any] = {}
    failures = 0
    while True:
        missing = [place for place in range(len(messages)) if place not in answers]
        troubles = yield from _try(context, activity, {place: messages[place] for place in missing}, answers, stop)
        if not troubles:
            return [answers[place] for place in range(len(messages))]
        failures += 1
        if failures >= policy.attempts:
            raise GaveUpError(f"{activity} failed {failures} times; the last time: {troubles[-1]}")
        yield from sleep(context, max(policy.pause(failures, retry_after_in(told)) for told in troubles), stop)


def _try(
    context: DurableOrchestrationContext,
    activity: str,
    messages: Mapping[int, Message],
    answers: dict[int, Any],
    stop: Stop | None,
) -> Steps:
    """What went wrong; `answers` has what did not."""
    if stop is not None:
        stop.raise_if_it_came()
    tasks = {place: context.call_activity(activity, message.to_dict()) for place, message in messages.items()}
    yield begun(context, *tasks.values(), stop=stop)
    troubles = []
    for place, task in tasks.items():
        try:
            answers[place] = yield task
        except Exception as trouble:  # noqa: BLE001 - a failed activity reaches its plan as a bare Exception
            troubles.append(str(trouble))
    return troubles


def begun(context: DurableOrchestrationContext, *tasks: TaskBase, stop: Stop | None) -> TaskBase:
    """To be yielded: the tasks have begun, beside each other.

    `stop` is among them from the first turn on: Durable keeps an event that nobody waits for, but warns of it. And
    no `task_all`: the SDK stumbles where one task of it fails and another one succeeds afterwards.
    """
    return context.task_any([*tasks, *(stop.tasks if stop is not None else [])])


def sleep(context: DurableOrchestrationContext, pause: timedelta, stop: Stop | None = None) -> Steps:
    """The pause is over.

    Raises:
        StoppedError: `stop` happened first.
    """
    if stop is not None:
        stop.raise_if_it_came()
    timer = context.create_timer(context.current_utc_datetime + pause)
    if stop is None:
        yield timer
        return
    yield context.task_any([timer, *stop.tasks])
    if not timer.is_completed:
        timer.cancel()
    stop.raise_if_it_came()
