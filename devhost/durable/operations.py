"""What clients may do to orchestrations, and why they are refused."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from devhost.durable.engine import Engine
from devhost.durable.history import Event, EventType, event
from devhost.durable.instances import Instance

FORBIDDEN_IN_IDS = re.compile(r"[/\\?#\x00-\x1f\x7f-\x9f]")
LONGEST_ID = 100


class Refused(Exception):
    """The operation cannot be done; `status` is the HTTP answer that says so."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Query:
    """Which instances are meant; None means any."""

    created_from: datetime | None = None
    created_to: datetime | None = None
    statuses: Collection[str] | None = None
    prefix: str = ""

    def matches(self, instance: Instance) -> bool:
        """Whether the instance is meant."""
        return (
            (self.created_from is None or instance.created_at >= self.created_from)
            and (self.created_to is None or instance.created_at <= self.created_to)
            and (self.statuses is None or instance.status in self.statuses)
            and instance.instance_id.startswith(self.prefix)
        )


class Operations:
    """The client's operations; each is done, or raises `Refused`."""

    def __init__(self, engine: Engine, *, replaces_running: bool, default_version: str | None) -> None:
        self._engine = engine
        self._store = engine.store
        self._replaces_running = replaces_running
        self._default_version = default_version

    def start(self, name: str, instance_id: str | None, input_: Any, version: str | None = None) -> Instance:
        """A new instance waits for its first turn; a finished one of that id is replaced."""
        if name not in self._engine.orchestrators:
            known = ", ".join(sorted(self._engine.orchestrators)) or "none"
            message = f"The function '{name}' doesn't exist, is disabled, or is not an orchestrator function."
            raise Refused(HTTPStatus.BAD_REQUEST, f"{message} Known here: {known}")
        instance_id = instance_id or uuid.uuid4().hex
        _check_id(instance_id)
        existing = self._store.find(instance_id)
        if existing is not None and existing.is_live and not self._replaces_running:
            message = f"An Orchestration instance with the status {existing.status} already exists: '{instance_id}'."
            raise Refused(HTTPStatus.CONFLICT, message)
        now = self._engine.clock.now()
        version, execution_id = version or self._default_version, uuid.uuid4().hex
        instance = Instance(instance_id, execution_id, name, version, input_, created_at=now, updated_at=now)
        self._engine.forget_timers(instance_id)
        with self._store.transaction():
            self._engine.admit(instance)
        self._engine.wake(instance_id)
        return instance

    def get(self, instance_id: str) -> Instance:
        """The instance of that id."""
        if instance := self._store.find(instance_id):
            return instance
        raise Refused(HTTPStatus.NOT_FOUND, f"No instance with ID '{instance_id}' found.")

    def history(self, instance_id: str) -> list[Event]:
        """The events of the instance's present execution."""
        return self._store.read_history(instance_id)

    def find_all(self, query: Query) -> list[Instance]:
        """The instances that match, oldest first."""
        return [instance for instance in self._store.list_all() if query.matches(instance)]

    def raise_event(self, instance_id: str, name: str, data: str) -> None:
        """The instance hears of the event; `data` is JSON text."""
        self._tell(instance_id, EventType.EVENT_RAISED, Name=name, Input=data)

    def terminate(self, instance_id: str, reason: str | None) -> None:
        """The instance ends before it does anything else."""
        self._tell(instance_id, EventType.EXECUTION_TERMINATED, Reason=reason)

    def suspend(self, instance_id: str, reason: str | None) -> None:
        """The instance hears of nothing until it is resumed."""
        self._tell(instance_id, EventType.EXECUTION_SUSPENDED, Reason=reason)

    def resume(self, instance_id: str, reason: str | None) -> None:
        """The instance hears again of everything, and of what it missed."""
        self._tell(instance_id, EventType.EXECUTION_RESUMED, Reason=reason)

    def restart(self, instance_id: str, *, with_new_id: bool) -> Instance:
        """The same orchestrator begins again with the same input."""
        before = self._store.find(instance_id)
        if before is None:
            raise Refused(HTTPStatus.BAD_REQUEST, f"No instance with ID '{instance_id}' found.")
        return self.start(before.name, None if with_new_id else instance_id, before.input, before.version)

    def purge(self, instance_id: str) -> None:
        """Nothing is left of the finished instance."""
        if self.get(instance_id).is_live:
            raise Refused(HTTPStatus.PRECONDITION_FAILED, f"Instance '{instance_id}' has not finished.")
        with self._store.transaction():
            self._store.delete(instance_id)

    def purge_all(self, query: Query) -> int:
        """Nothing is left of the finished instances that match; gives their number."""
        finished = [instance for instance in self.find_all(query) if not instance.is_live]
        for instance in finished:
            self.purge(instance.instance_id)
        return len(finished)

    def _tell(self, instance_id: str, kind: EventType, **fields: Any) -> None:
        if not self.get(instance_id).is_live:
            raise Refused(HTTPStatus.GONE, f"Instance '{instance_id}' has finished.")
        self._engine.deliver(instance_id, event(kind, self._engine.clock.now(), **fields))


def _check_id(instance_id: str) -> None:
    if len(instance_id) > LONGEST_ID or instance_id.startswith("@") or FORBIDDEN_IN_IDS.search(instance_id):
        raise Refused(
            HTTPStatus.BAD_REQUEST,
            f"Instance id {instance_id!r} is not allowed: at most {LONGEST_ID} characters, none of / \\ ? # or "
            "control characters, and no @ in front.",
        )
