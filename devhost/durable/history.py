"""The events of an orchestration's history, as the SDK reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

Event = dict[str, Any]

NOT_SCHEDULED = -1


class EventType(IntEnum):
    """The numbers that the protocol gives to events."""

    EXECUTION_STARTED = 0
    EXECUTION_COMPLETED = 1
    EXECUTION_FAILED = 2
    EXECUTION_TERMINATED = 3
    TASK_SCHEDULED = 4
    TASK_COMPLETED = 5
    TASK_FAILED = 6
    SUB_ORCHESTRATION_CREATED = 7
    SUB_ORCHESTRATION_COMPLETED = 8
    SUB_ORCHESTRATION_FAILED = 9
    TIMER_CREATED = 10
    TIMER_FIRED = 11
    ORCHESTRATOR_STARTED = 12
    ORCHESTRATOR_COMPLETED = 13
    EVENT_RAISED = 15
    CONTINUE_AS_NEW = 16
    EXECUTION_SUSPENDED = 19
    EXECUTION_RESUMED = 20


SCHEDULING = {EventType.TASK_SCHEDULED, EventType.SUB_ORCHESTRATION_CREATED, EventType.TIMER_CREATED}
SUCCEEDING = {EventType.TASK_COMPLETED, EventType.SUB_ORCHESTRATION_COMPLETED, EventType.TIMER_FIRED}
FAILING = {EventType.TASK_FAILED, EventType.SUB_ORCHESTRATION_FAILED}


def event(kind: EventType, at: datetime, *, event_id: int = NOT_SCHEDULED, **fields: Any) -> Event:
    """One event that the SDK accepts; `fields` carry what is special to its kind."""
    return {"EventType": int(kind), "EventId": event_id, "IsPlayed": False, "Timestamp": as_text(at), **fields}


def started(name: str, at: datetime, version: str | None, input_: Any) -> Event:
    """The event every execution begins with."""
    # The SDK reads `Version` without asking whether it is there.
    return event(EventType.EXECUTION_STARTED, at, Name=name, Version=version, Input=input_)


def failure(kind: EventType, at: datetime, task_id: int, reason: str, details: str | None = None) -> Event:
    """A task has failed; the SDK raises the reason and the details in the orchestrator."""
    return event(kind, at, TaskScheduledId=task_id, Reason=reason, Details=details)


def completed_id(happened: Event) -> int:
    """The id of the task that a completion belongs to."""
    key = "TimerId" if happened["EventType"] == EventType.TIMER_FIRED else "TaskScheduledId"
    return int(happened[key])


def as_text(at: datetime) -> str:
    """A moment as the protocol writes it: UTC, microseconds, Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_text(text: str) -> datetime:
    """The moment that `as_text` wrote."""
    return datetime.fromisoformat(text)
