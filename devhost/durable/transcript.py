"""A history as the status API shows it: ends joined with their beginnings, the machinery's own events left out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from devhost.durable.history import FAILING, SCHEDULING, SUCCEEDING, Event, EventType, completed_id

NAMES = {
    EventType.EXECUTION_STARTED: "ExecutionStarted",
    EventType.EXECUTION_COMPLETED: "ExecutionCompleted",
    EventType.EXECUTION_FAILED: "ExecutionFailed",
    EventType.EXECUTION_TERMINATED: "ExecutionTerminated",
    EventType.TASK_COMPLETED: "TaskCompleted",
    EventType.TASK_FAILED: "TaskFailed",
    EventType.SUB_ORCHESTRATION_COMPLETED: "SubOrchestrationInstanceCompleted",
    EventType.SUB_ORCHESTRATION_FAILED: "SubOrchestrationInstanceFailed",
    EventType.TIMER_FIRED: "TimerFired",
    EventType.EVENT_RAISED: "EventRaised",
    EventType.EXECUTION_SUSPENDED: "ExecutionSuspended",
    EventType.EXECUTION_RESUMED: "ExecutionResumed",
}


def transcribe(events: Iterable[Event], *, shows_results: bool) -> list[dict[str, Any]]:
    """What happened, oldest first; inputs and results only if asked for."""
    told: list[dict[str, Any]] = []
    begun: dict[int, Event] = {}
    for event in events:
        kind = EventType(event["EventType"])
        if kind in SCHEDULING:
            begun[event["EventId"]] = event
        elif kind in NAMES:
            told.append(_line(kind, event, begun, shows_results=shows_results))
    return told


def _line(kind: EventType, event: Event, begun: dict[int, Event], *, shows_results: bool) -> dict[str, Any]:
    line: dict[str, Any] = {"EventType": NAMES[kind], "Timestamp": event["Timestamp"]}
    if kind in SUCCEEDING | FAILING:
        beginning = begun[completed_id(event)]
        line["ScheduledTime"] = beginning["Timestamp"]
        if beginning["Name"]:
            line["FunctionName"] = beginning["Name"]
    elif event.get("Name"):
        line["FunctionName" if kind is EventType.EXECUTION_STARTED else "Name"] = event["Name"]
    for field in ("Reason", "Details", "FireAt"):
        if event.get(field):
            line[field] = event[field]
    if shows_results and event.get("Result") is not None:
        line["Result"] = json.loads(event["Result"])
    return line
