from __future__ import annotations

from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient

from tests.azurite import Azurite


def test_two_accounts_keep_their_blobs_apart(azurite: Azurite) -> None:
    first, second = azurite.new_account(), azurite.new_account()
    with BlobServiceClient.from_connection_string(first.connection_string) as client:
        client.create_container("landing").upload_blob("a.csv", b"1")
        assert [one.name for one in client.list_containers()] == ["landing"]
    with BlobServiceClient.from_connection_string(second.connection_string) as client:
        assert list(client.list_containers()) == []


def test_queues_and_tables_are_served_too(azurite: Azurite) -> None:
    connection = azurite.new_account().connection_string
    with QueueClient.from_connection_string(connection, "work") as queue:
        queue.create_queue()
        queue.send_message("hello")
        message = queue.receive_message()
        assert message is not None
        assert message.content == "hello"
    with TableServiceClient.from_connection_string(connection) as tables:
        tables.create_table("outcomes")
        assert [table.name for table in tables.list_tables()] == ["outcomes"]
