"""Blob triggers: which blobs are meant, five attempts each, then the poison queue.

scan (polling source) -+
                       +-> blob_work -> attempts, bounded -> receipt (polled) | poison queue
Event Grid webhook ----+
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.functions.meta import Datum
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue.aio import QueueClient

from devhost.functions import AppFunction
from devhost.invoker import Invocation, Invoke
from devhost.records import BlobWork, Records
from devhost.settings import HostConfig, resolve, setting

log = logging.getLogger("devhost")

POISON_QUEUE = "webjobs-blobtrigger-poison"
STORAGE_PAUSE_S = 2.0
CAPTURE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class BlobPattern:
    """The container, and the names inside it, that a trigger's path means."""

    container: str
    name: re.Pattern[str]

    @classmethod
    def from_path(cls, path: str) -> BlobPattern:
        """Read `container/{name}`; a capture takes anything, slashes too.

        Example:
            >>> BlobPattern.from_path("landing/{flow}/{name}.csv").captures("trips/2024/a.csv")
            {'flow': 'trips/2024', 'name': 'a'}
        """
        container, _, rest = path.partition("/")
        literals = CAPTURE.split(rest or "{name}")
        parts = [f"(?P<{text}>.*)" if index % 2 else re.escape(text) for index, text in enumerate(literals)]
        return cls(container, re.compile("".join(parts), re.DOTALL))

    def captures(self, blob: str) -> dict[str, str] | None:
        """What the pattern captures from that name; None if it does not match."""
        match = self.name.fullmatch(blob)
        return match.groupdict() if match else None


class BlobTrigger:
    """One blob-triggered function with its storage account."""

    def __init__(self, function: AppFunction, invoke: Invoke, records: Records, config: HostConfig) -> None:
        where = f"Function {function.name!r}"
        self.function = function
        self.pattern = BlobPattern.from_path(resolve(function.trigger["path"], where))
        source = resolve(str(function.trigger.get("source") or "LogsAndContainerScan"), where)
        self.is_polled = source != "EventGrid"
        self._connection_name = str(function.trigger.get("connection") or "AzureWebJobsStorage")
        self._connection = setting(self._connection_name, where)
        self._service = BlobServiceClient.from_connection_string(self._connection)
        self._invoke, self._records, self._config = invoke, records, config
        self._slots = asyncio.Semaphore(config.blob_parallelism)
        self._attempts: set[asyncio.Task[None]] = set()

    async def run(self, poll_interval_s: float) -> None:
        """What waited goes on; with a polling source new versions follow until cancelled."""
        try:
            for work in self._records.list_work(self.function.name):
                self._spawn(self._work_off(work))
            while self.is_polled:
                await self._scan_safely()
                await asyncio.sleep(poll_interval_s)
            await asyncio.Event().wait()
        finally:
            for attempt in self._attempts:
                attempt.cancel()
            await asyncio.gather(*self._attempts, return_exceptions=True)
            await self._service.close()

    async def accept(self, container: str, blob: str, etag: str | None) -> None:
        """The blob's version waits for the function, unless it is not meant; without `etag`, the present one."""
        if container != self.pattern.container or self.pattern.captures(blob) is None:
            return
        if etag is None:
            properties = await self._properties(container, blob)
            if properties is None:
                return
            etag = properties.etag
        self._enqueue(container, blob, _unquoted(etag), is_polled=False)

    async def fire(self, path: str) -> None:
        """The function is called once for the blob at `container/name`."""
        container, _, blob = path.partition("/")
        properties = await self._properties(container, blob)
        if properties is None:
            log.warning("Blob '%s' does not exist", path)
            return
        work = BlobWork(0, self.function.name, container, blob, _unquoted(properties.etag), False, 0)
        await self._invoke(await self._invocation(work, properties))

    async def _scan_safely(self) -> None:
        try:
            await self._scan()
        except ResourceNotFoundError:
            log.debug("Container '%s' does not exist yet", self.pattern.container)
        except AzureError as error:
            log.warning("Scanning container '%s' failed: %s", self.pattern.container, type(error).__name__)

    async def _scan(self) -> None:
        container = self.pattern.container
        async for found in self._service.get_container_client(container).list_blobs():
            etag = _unquoted(found.etag)
            if self.pattern.captures(found.name) is None or {".", ".."} & set(found.name.split("/")):
                continue  # clients resolve the dots between slashes, and would ask for another blob
            if not self._records.is_known(self.function.name, container, found.name, etag):
                self._enqueue(container, found.name, etag, is_polled=True)

    def _enqueue(self, container: str, blob: str, etag: str, *, is_polled: bool) -> None:
        work = self._records.add_work(self.function.name, container, blob, etag, is_polled=is_polled)
        self._spawn(self._work_off(work))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._attempts.add(task)
        task.add_done_callback(self._attempts.discard)

    async def _work_off(self, work: BlobWork) -> None:
        failures = work.failures
        while failures < self._config.blob_attempts:
            async with self._slots:
                if await self._attempt(work):
                    break
            failures = self._records.note_failure(work)
        else:
            await self._until_storage_answers(lambda: self._send_to_poison(work))
        self._records.finish_work(work)

    async def _attempt(self, work: BlobWork) -> bool:
        properties = await self._until_storage_answers(lambda: self._properties(work.container, work.blob))
        if properties is None or _unquoted(properties.etag) != work.etag:
            return True  # gone or overwritten: a newer version has its own turn
        try:
            await self._invoke(await self._invocation(work, properties))
        except Exception:  # noqa: BLE001  the invoker has logged it, and it was one of the attempts
            return False
        return True

    async def _until_storage_answers(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        while True:
            try:
                return await ask()
            except AzureError as error:
                log.warning("Storage '%s' does not answer: %s", self._connection_name, type(error).__name__)
                await asyncio.sleep(STORAGE_PAUSE_S)

    async def _invocation(self, work: BlobWork, properties: Any) -> Invocation:
        metadata = {
            "BlobTrigger": Datum(f"{work.container}/{work.blob}", "string"),
            "Uri": Datum(json.dumps(self._blob(work.container, work.blob).url), "json"),
            "Properties": Datum(json.dumps({"ETag": properties.etag, "ContentLength": properties.size}), "json"),
            "Metadata": Datum(json.dumps(properties.metadata), "json"),
        }
        captures: Mapping[str, str] = self.pattern.captures(work.blob) or {}
        metadata |= {name: Datum(value, "string") for name, value in captures.items()}
        if self.function.is_deferred:
            return Invocation(self.function, self._reference(work), metadata)
        content = await (await self._blob(work.container, work.blob).download_blob()).readall()
        return Invocation(self.function, Datum(content, "bytes"), metadata)

    def _reference(self, work: BlobWork) -> Datum:
        content = {"Connection": self._connection_name, "ContainerName": work.container, "BlobName": work.blob}
        reference = SimpleNamespace(
            version="1.0",
            source="AzureStorageBlobs",
            content_type="application/json",
            content=json.dumps(content),
        )
        return Datum(reference, "model_binding_data")

    async def _send_to_poison(self, work: BlobWork) -> None:
        message = {
            "FunctionId": f"Host.Functions.{work.function}",
            "BlobType": "BlockBlob",
            "ContainerName": work.container,
            "BlobName": work.blob,
            "ETag": work.etag,
        }
        log.error(
            "Blob '%s/%s' failed %d times; its message goes to the queue '%s'",
            work.container,
            work.blob,
            self._config.blob_attempts,
            POISON_QUEUE,
        )
        async with QueueClient.from_connection_string(self._connection, POISON_QUEUE) as queue:
            with suppress(ResourceExistsError):
                await queue.create_queue()
            await queue.send_message(base64.b64encode(json.dumps(message).encode()).decode())

    async def _properties(self, container: str, blob: str) -> Any:
        try:
            return await self._blob(container, blob).get_blob_properties()
        except ResourceNotFoundError:
            return None

    def _blob(self, container: str, blob: str) -> Any:
        return self._service.get_blob_client(container, blob)


def _unquoted(etag: str) -> str:
    return etag.strip('"')
