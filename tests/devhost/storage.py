"""What the trigger tests do to a storage account."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from typing import Any

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient

from tests.azurite import StorageAccount


def upload(account: StorageAccount, container: str, name: str, content: bytes) -> str:
    """Upload a blob, its container too if need be; gives its ETag without quotes."""
    with BlobServiceClient.from_connection_string(account.connection_string) as service:
        with suppress(ResourceExistsError):
            service.create_container(container)
        done = service.get_blob_client(container, name).upload_blob(content, overwrite=True)
        return str(done["etag"]).strip('"')


def send(account: StorageAccount, queue: str, text: str) -> None:
    """Send a message as the Functions host expects it, in Base64."""
    send_raw(account, queue, base64.b64encode(text.encode()).decode())


def send_raw(account: StorageAccount, queue: str, content: str) -> None:
    with QueueClient.from_connection_string(account.connection_string, queue) as client:
        with suppress(ResourceExistsError):
            client.create_queue()
        client.send_message(content)


def peek(account: StorageAccount, queue: str) -> list[str]:
    """The contents of the messages in a queue; nothing if there is no queue."""
    with (
        QueueClient.from_connection_string(account.connection_string, queue) as client,
        suppress(ResourceNotFoundError),
    ):
        return [str(message.content) for message in client.peek_messages(32)]
    return []


def decoded(message: str) -> Any:
    return json.loads(base64.b64decode(message))
