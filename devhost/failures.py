"""How a function failed, told alike wherever it ran: here it raises, a worker process sends words.

FunctionFailed    the function raised in a worker process
WorkerEnded       its worker process ended first; nobody knows how far it came
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """What is told of an exception; every exception can be told, and not every one can be pickled."""

    kind: str
    message: str
    traceback: str

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """What the function raised, whether it reached the host as it was or as words."""
        if isinstance(error, FunctionFailed):
            return error.failure
        # Not str(error): what the app's own exceptions make of that may raise itself.
        told = traceback.TracebackException.from_exception(error)
        return cls(type(error).__name__, str(told), "".join(told.format()))

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


class FunctionFailed(Exception):
    """The function raised in a worker process."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class WorkerEnded(Exception):
    """The worker process ended while it called the function."""
