"""Queue triggers: a message is tried until it succeeds or has used up its attempts."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from contextlib import suppress
from typing import Any

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.functions.meta import Datum
from azure.storage.queue.aio import QueueClient

from devhost.functions import AppFunction
from devhost.invoker import Invocation, Invoke
from devhost.settings import HostConfig, resolve, setting

log = logging.getLogger("devhost")

INVISIBLE_S = 600
POISON_SUFFIX = "-poison"


class QueueTrigger:
    """One queue-triggered function with its queue."""

    def __init__(self, function: AppFunction, invoke: Invoke, config: HostConfig) -> None:
        where = f"Function {function.name!r}"
        self.function = function
        self._connection = setting(str(function.trigger.get("connection") or "AzureWebJobsStorage"), where)
        self._name = resolve(function.trigger["queueName"], where).lower()
        self._queue = QueueClient.from_connection_string(self._connection, self._name)
        self._invoke, self._config = invoke, config

    async def run(self, poll_interval_s: float) -> None:
        """Messages are taken until cancelled."""
        async with self._queue:
            while True:
                if not await self._take_batch():
                    await asyncio.sleep(poll_interval_s)

    async def fire(self, text: str) -> None:
        """The function is called with that text, as if it were a message."""
        await self._invoke(Invocation(self.function, Datum(text, "string"), {"Id": Datum("manual", "string")}))

    async def _take_batch(self) -> bool:
        try:
            batch = self._config.queue_batch
            received = self._queue.receive_messages(max_messages=batch, visibility_timeout=INVISIBLE_S)
            messages = [message async for message in received]
            await asyncio.gather(*(self._work_off(message) for message in messages))
        except ResourceNotFoundError:
            return False
        except AzureError as error:
            log.warning("Queue '%s' does not answer: %s", self._name, type(error).__name__)
            return False
        return bool(messages)

    async def _work_off(self, message: Any) -> None:
        try:
            invocation = self._invocation(message)
        except (binascii.Error, UnicodeDecodeError):
            log.error("A message of queue '%s' is not %s text", self._name, self._config.queue_encoding)
            await self._give_up(message)
            return
        try:
            await self._invoke(invocation)
        except Exception:  # noqa: BLE001  the invoker has logged it, and it was one of the attempts
            await self._set_aside(message)
        else:
            await self._queue.delete_message(message)

    async def _set_aside(self, message: Any) -> None:
        if message.dequeue_count >= self._config.queue_attempts and not self._name.endswith(POISON_SUFFIX):
            await self._give_up(message)
        else:
            await self._queue.update_message(message, visibility_timeout=0)

    async def _give_up(self, message: Any) -> None:
        async with QueueClient.from_connection_string(self._connection, self._name + POISON_SUFFIX) as poison:
            with suppress(ResourceExistsError):
                await poison.create_queue()
            await poison.send_message(message.content)
        await self._queue.delete_message(message)

    def _invocation(self, message: Any) -> Invocation:
        text = message.content
        if self._config.queue_encoding == "base64":
            text = base64.b64decode(text, validate=True).decode()
        metadata = {
            "Id": Datum(message.id, "string"),
            "DequeueCount": Datum(message.dequeue_count, "int"),
            "InsertionTime": Datum(message.inserted_on.isoformat(), "string"),
            "ExpirationTime": Datum(message.expires_on.isoformat(), "string"),
            "NextVisibleTime": Datum(message.next_visible_on.isoformat(), "string"),
            "PopReceipt": Datum(message.pop_receipt, "string"),
        }
        return Invocation(self.function, Datum(text, "string"), metadata)
