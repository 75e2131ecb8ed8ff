"""How long a plan keeps trying: growing waits, what a service asked for, and a cap.

Durable's own `RetryOptions` knows neither back-off nor `Retry-After`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from azure.durable_functions import DurableOrchestrationContext

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
TRANSFORM = RetryPolicy(first=timedelta(seconds=5), cap=timedelta(minutes=2), attempts=4)
PIPELINE = RetryPolicy(first=timedelta(seconds=5), cap=timedelta(minutes=5), attempts=6)
REPORT = RetryPolicy(first=timedelta(seconds=2), cap=timedelta(minutes=10), attempts=20)

POLLING = RetryPolicy(first=timedelta(seconds=1), cap=timedelta(minutes=5), attempts=0)
"""Waits between two looks at a running pipeline; the flow's `wait` is what ends it."""


class GaveUpError(SluiceError):
    """An activity kept failing until its policy was used up."""


def steadily(context: DurableOrchestrationContext, activity: str, message: Message, policy: RetryPolicy) -> Steps:
    """The activity's answer, however many tries it took within the policy.

    Raises:
        GaveUpError: every try failed; the text is the last failure's.
    """
    failures = 0
    while True:
        try:
            return (yield context.call_activity(activity, message.to_dict()))
        except Exception as trouble:  # noqa: BLE001 - a failed activity reaches its plan as a bare Exception
            failures += 1
            if failures >= policy.attempts:
                raise GaveUpError(f"{activity} failed {failures} times; the last time: {trouble}") from None
            pause = policy.pause(failures, retry_after_in(str(trouble)))
        yield context.create_timer(context.current_utc_datetime + pause)
