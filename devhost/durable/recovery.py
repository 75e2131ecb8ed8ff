"""What a killed host left begun: read from the history, so that the next host can begin it again."""

from __future__ import annotations

from devhost.durable.history import FAILING, SUCCEEDING, Event, EventType, completed_id, from_text
from devhost.durable.instances import Instance
from devhost.durable.replay import Command
from devhost.durable.store import Store

BEGUN_BY_US = (EventType.TASK_SCHEDULED, EventType.TIMER_CREATED)


def read_unfinished(store: Store, instance: Instance) -> list[Command]:
    """The activities and timers that neither the history nor the inbox has ended."""
    history = store.read_history(instance.instance_id)
    delivered = [message.event for message in store.read_inbox(instance.instance_id)]
    ended = {completed_id(one) for one in [*history, *delivered] if one["EventType"] in SUCCEEDING | FAILING}
    begun = [one for one in history if one["EventType"] in BEGUN_BY_US]
    return [_command(one) for one in begun if one["EventId"] not in ended]


def _command(scheduled: Event) -> Command:
    return Command(
        kind=EventType(scheduled["EventType"]),
        id=scheduled["EventId"],
        name=scheduled["Name"] or "",
        input=scheduled["Input"],
        fire_at=from_text(scheduled["FireAt"]) if "FireAt" in scheduled else None,
    )
