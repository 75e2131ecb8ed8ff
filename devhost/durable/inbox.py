"""Which undelivered messages an instance takes into its next turn. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from devhost.durable.history import Event, EventType
from devhost.durable.instances import Instance, Status
from devhost.durable.store import Message


@dataclass
class Delivery:
    """The messages of one turn; what is in none of the lists waits on."""

    is_suspended: bool
    taken: list[Message] = field(default_factory=list)
    stale: list[Message] = field(default_factory=list)
    termination: Event | None = None
    has_news: bool = False

    @property
    def events(self) -> list[Event]:
        """What the orchestrator has not seen yet."""
        return [message.event for message in self.taken]


def sort_messages(instance: Instance, messages: Iterable[Message]) -> Delivery:
    """Take what the instance may see now; a suspended one sees nothing until it is resumed or terminated."""
    delivery = Delivery(is_suspended=instance.status is Status.SUSPENDED)
    for message in messages:
        if message.execution_id not in (None, instance.execution_id):
            delivery.stale.append(message)
        else:
            _take(delivery, message)
    return delivery


def _take(delivery: Delivery, message: Message) -> None:
    kind = message.event["EventType"]
    if kind == EventType.EXECUTION_SUSPENDED:
        delivery.is_suspended = True
    elif kind == EventType.EXECUTION_RESUMED:
        delivery.is_suspended = False
    elif kind == EventType.EXECUTION_TERMINATED:
        delivery.termination = message.event
    elif delivery.is_suspended:
        return
    else:
        delivery.has_news = True
    delivery.taken.append(message)
