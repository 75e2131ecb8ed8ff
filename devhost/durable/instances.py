"""One orchestration instance, as it is stored and as clients see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """The runtime status of an instance, in the words of the HTTP API."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUSPENDED = "Suspended"
    COMPLETED = "Completed"
    FAILED = "Failed"
    TERMINATED = "Terminated"


LIVE = frozenset({Status.PENDING, Status.RUNNING, Status.SUSPENDED})


@dataclass(frozen=True)
class Parent:
    """Which task of which execution waits for this instance."""

    instance_id: str
    execution_id: str
    task_id: int


@dataclass(frozen=True)
class Instance:
    """One orchestration: where it stands, and what it was given and gave."""

    instance_id: str
    execution_id: str
    name: str
    version: str | None
    input: Any
    created_at: datetime
    updated_at: datetime
    status: Status = Status.PENDING
    custom_status: Any = None
    output: Any = None
    parent: Parent | None = None

    @property
    def is_live(self) -> bool:
        """Whether anything can still happen to it."""
        return self.status in LIVE
