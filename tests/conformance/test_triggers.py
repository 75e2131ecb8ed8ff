"""What is neither HTTP nor durable: blobs, the timer, the poison queue.

The library makes the `BlobClient` itself, from a reference as the host sends it, with a connection string. Managed
identity, which it would use for `LakeStorage__blobServiceUri`, is not covered: there is none to ask outside Azure.
"""

from __future__ import annotations

import base64
import json

import pytest
from azure.storage.queue import QueueClient

from orchestrators import poison
from tests.conformance.referee import Referee
from tests.end_to_end.conftest import World
from tests.waiting import wait_for

POISONED = {"FunctionId": "Host.Functions.upload_landed", "ContainerName": "landing", "BlobName": "a.csv", "ETag": "1"}


def fire(world: World, function: str, given: str) -> None:
    """Fire a function by hand, as the real host lets the holder of the master key do."""
    assert world.visitor
    assert world.visitor.call("POST", f"/admin/functions/{function}", {"input": given}).status == 202


@pytest.mark.parametrize(
    ("function", "given", "failure"),
    [
        pytest.param("sweep_uploads", "", "", id="timer"),
        pytest.param("upload_landed", "landing/nobody/knows.csv", "", id="blob that no flow matches"),
        pytest.param("upload_poisoned", json.dumps(POISONED), "", id="poison message"),
        pytest.param("upload_poisoned", "{}", "KeyError: 'ContainerName'", id="message that names no blob"),
        pytest.param("upload_poisoned", "no JSON", "JSONDecodeError: Expecting value", id="message that is no JSON"),
    ],
)
def test_both_answer_alike(world: World, referee: Referee, function: str, given: str, failure: str) -> None:
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.drop("nobody/knows.csv")
    world.start(invoke=referee.ask_both)
    fire(world, function, given)
    (judgement,) = wait_for(lambda: referee.of(function), f"the end of {function}")
    assert judgement.library == judgement.local
    assert judgement.library.failure.startswith(failure)
    assert bool(judgement.library.failure) == bool(failure)


def test_the_library_makes_the_blob_client_from_a_reference(world: World, referee: Referee) -> None:
    world.start(invoke=referee.ask_library)
    world.drop("nobody/knows.csv")
    assert world.settled("nobody/knows.csv")["status"] == "ignored"


def test_the_library_lets_the_timer_find_what_no_event_told(world: World, referee: Referee) -> None:
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start(invoke=referee.ask_library)
    world.drop("nobody/knows.csv")
    fire(world, "upload_landed", "landing/nobody/knows.csv")
    world.settled("nobody/knows.csv")  # from the first upload on, the sweep looks for lost ones
    world.drop("readings/monday.csv")
    fire(world, "sweep_uploads", "")
    assert world.finished("readings/monday.csv")["status"] == "published"


def test_the_library_puts_a_poisoned_upload_on_record(world: World, referee: Referee) -> None:
    world.start(invoke=referee.ask_library)
    with QueueClient.from_connection_string(world.account.connection_string, poison.QUEUE) as queue:
        queue.create_queue()
        queue.send_message(base64.b64encode(json.dumps(POISONED).encode()).decode())
    assert world.settled("a.csv")["status"] == "failed"
