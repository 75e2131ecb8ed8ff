"""One turn of an orchestrator: what it is shown, and what follows from its answer. Pure.

A turn ends in one of four ways: the orchestrator waits, it is done, it failed, or it continues as new.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from devhost.durable.history import Event, EventType, event, failure, started
from devhost.durable.instances import Instance, Parent, Status
from devhost.durable.replay import ActionUnsupported, Command, NonDeterminism, simulate
from devhost.failures import Failure

STATE_MARK = "\n\n$OutOfProcData$:"


@dataclass(frozen=True)
class Answer:
    """What the SDK's handler gave back: its state, or the error it raised with its state inside."""

    state: dict[str, Any]
    error: str | None = None


@dataclass(frozen=True)
class Turn:
    """What one turn leads to."""

    instance: Instance
    events: tuple[Event, ...]
    commands: tuple[Command, ...] = ()
    cancelled_timers: frozenset[int] = frozenset()
    continues_with: tuple[Any] | None = None


def show(instance: Instance, past: list[Event], new: list[Event]) -> str:
    """The text that the SDK's orchestrator handler is called with."""
    history = [{**happened, "IsPlayed": True} for happened in past] + new
    context = {
        "history": history,
        "input": instance.input,
        "instanceId": instance.instance_id,
        "isReplaying": bool(past),
        "parentInstanceId": instance.parent.instance_id if instance.parent else None,
        "upperSchemaVersion": 1,
        "upperSchemaVersionNew": 2,
        "maximumShortTimerDuration": "6.00:00:00",
        "longRunningTimerIntervalDuration": "3.00:00:00",
    }
    return json.dumps(context)


def read_answer(text: str) -> Answer:
    """The state that the handler returned."""
    return Answer(json.loads(text))


def read_error(error: BaseException) -> Answer:
    """The state inside the error that the handler raised; none if it failed outside user code."""
    failed = Failure.of(error)
    message, mark, state = failed.message.rpartition(STATE_MARK)
    if not mark:
        return Answer({"actions": [[]]}, failed.message or failed.kind)
    return Answer(json.loads(state), message or failed.message)


def conclude(instance: Instance, past: list[Event], new: list[Event], answer: Answer, now: datetime) -> Turn:
    """What follows from the answer to this history."""
    actions = [action for group in answer.state.get("actions", []) for action in group]
    instance = replace(
        instance,
        status=Status.RUNNING,
        updated_at=now,
        custom_status=answer.state.get("customStatus", instance.custom_status),
    )
    try:
        simulation = simulate(actions, [*past, *new])
    except (NonDeterminism, ActionUnsupported) as fault:
        return fail(instance, new, str(fault), now)
    events = (*new, *(_scheduling(instance, command, now) for command in simulation.new_commands))
    turn = Turn(instance, (*events, _end(now)), simulation.new_commands, simulation.cancelled_timers)
    if not simulation.is_drained:
        return turn
    if answer.error is not None:
        return fail(instance, list(events), f"Orchestrator function '{instance.name}' failed: {answer.error}", now)
    if simulation.continues_as_new_with is not None:
        return replace(turn, continues_with=simulation.continues_as_new_with)
    if answer.state.get("isDone"):
        return _finish(turn, answer.state.get("output"), now)
    return turn


def fail(instance: Instance, events: list[Event], reason: str, now: datetime) -> Turn:
    """The instance has failed for that reason."""
    failed = replace(instance, status=Status.FAILED, output=reason, updated_at=now)
    return Turn(failed, (*events, event(EventType.EXECUTION_FAILED, now, Reason=reason, Details=None), _end(now)))


def terminate(instance: Instance, events: list[Event], reason: str | None, now: datetime) -> Turn:
    """The instance is terminated; the reason is its output."""
    ended = replace(instance, status=Status.TERMINATED, output=reason, updated_at=now)
    return Turn(ended, (*events, _end(now)))


def result_for_parent(instance: Instance, task_id: int, now: datetime) -> Event:
    """What the waiting orchestrator hears about a sub-orchestration that has ended."""
    if instance.status is Status.COMPLETED:
        kind, result = EventType.SUB_ORCHESTRATION_COMPLETED, json.dumps(instance.output)
        return event(kind, now, TaskScheduledId=task_id, Result=result)
    reason = f"Sub-orchestration '{instance.instance_id}' ended as {instance.status}: {instance.output}"
    return failure(EventType.SUB_ORCHESTRATION_FAILED, now, task_id, reason)


def begun(instance: Instance) -> Event:
    """The first message of every execution."""
    return started(instance.name, instance.updated_at, instance.version, instance.input)


def child_of(parent: Instance, command: Command, now: datetime) -> Instance:
    """The sub-orchestration that the command asks for."""
    return Instance(
        instance_id=_sub_instance_id(parent, command),
        execution_id=uuid.uuid4().hex,
        name=command.name,
        version=command.version or parent.version,
        input=command.input,
        created_at=now,
        updated_at=now,
        parent=Parent(parent.instance_id, parent.execution_id, command.id),
    )


def _sub_instance_id(instance: Instance, command: Command) -> str:
    # The one asked for, or one that every replay finds again.
    return command.instance_id or f"{instance.execution_id}:{command.id:04x}"


def _finish(turn: Turn, output: Any, now: datetime) -> Turn:
    done = replace(turn.instance, status=Status.COMPLETED, output=output)
    *events, end = turn.events
    completed = event(EventType.EXECUTION_COMPLETED, now, Result=json.dumps(output))
    return replace(turn, instance=done, events=(*events, completed, end))


def _scheduling(instance: Instance, command: Command, now: datetime) -> Event:
    fields: dict[str, Any] = {"Name": command.name or None, "Input": command.input}
    if command.fire_at is not None:
        fields["FireAt"] = command.fire_at.isoformat()
    if command.kind is EventType.SUB_ORCHESTRATION_CREATED:
        fields |= {"InstanceId": _sub_instance_id(instance, command), "Version": command.version}
    return event(command.kind, now, event_id=command.id, **fields)


def _end(now: datetime) -> Event:
    return event(EventType.ORCHESTRATOR_COMPLETED, now)
