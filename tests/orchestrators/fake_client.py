"""A durable client that only remembers which plans were started, and what they were told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from azure.durable_functions import DurableOrchestrationClient, OrchestrationRuntimeStatus


class FakeClient(DurableOrchestrationClient):  # type: ignore[misc]  # it has no types
    """Plans by instance id; each runs until a test lets it end."""

    def __init__(self) -> None:
        self.plans: dict[str, tuple[str, Any]] = {}
        self.ended: set[str] = set()
        self.told: list[str] = []

    async def get_status(self, instance_id: str, *_: Any, **__: Any) -> Any:
        if instance_id not in self.plans:
            return None
        ended = instance_id in self.ended
        status = OrchestrationRuntimeStatus.Completed if ended else OrchestrationRuntimeStatus.Running
        return SimpleNamespace(runtime_status=status)

    async def start_new(self, plan: str, instance_id: str | None = None, client_input: Any = None, *_: Any) -> str:
        assert instance_id
        assert instance_id not in self.plans or instance_id in self.ended
        self.plans[instance_id] = (plan, client_input)
        self.ended.discard(instance_id)
        return instance_id

    async def raise_event(self, instance_id: str, event_name: str, *_: Any, **__: Any) -> None:
        if instance_id in self.ended:
            raise Exception("Instance has finished")
        self.told.append(event_name)

    def started(self, plan: str) -> list[Any]:
        """What the plans of that name were started with."""
        return [given for name, given in self.plans.values() if name == plan]
