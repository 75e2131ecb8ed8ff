from __future__ import annotations

from typing import Any

import pytest

from devhost.host import LocalHost
from tests.azurite import StorageAccount
from tests.devhost.conftest import Recorder, StartHost
from tests.devhost.storage import upload
from tests.devhost.visitor import Answer, Visitor
from tests.waiting import wait_for


def created(blob: str, container: str = "events", kind: str = "Microsoft.Storage.BlobCreated") -> dict[str, Any]:
    """The event, in Event Grid's own schema."""
    subject = f"/blobServices/default/containers/{container}/blobs/{blob}"
    return {"eventType": kind, "subject": subject, "id": "1", "data": {"api": "PutBlob"}, "dataVersion": ""}


def as_cloud_event(event: dict[str, Any]) -> dict[str, Any]:
    return {"type": event["eventType"], "subject": event["subject"], "specversion": "1.0", "data": event["data"]}


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def host(start_host: StartHost, recorder: Recorder, storage_account: StorageAccount) -> LocalHost:
    upload(storage_account, "events", "a.csv", b"1")
    return start_host(invoke=recorder)


def post(host: LocalHost, body: Any, function: str = "on_event", key: str | None = None) -> Answer:
    path = f"/runtime/webhooks/blobs?functionName=Host.Functions.{function}&code={key or host.keys.blobs}"
    return Visitor(host.url, "").call("POST", path, body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(created("a.csv"), id="one event"),
        pytest.param([created("a.csv")], id="an array"),
        pytest.param(as_cloud_event(created("a.csv")), id="a cloud event"),
    ],
)
def test_an_event_fires_its_function(host: LocalHost, recorder: Recorder, body: Any) -> None:
    assert post(host, body).status == 202
    wait_for(lambda: recorder.count("on_event"), "the event")


def test_an_event_that_names_a_version_fires_for_that_one_alone(
    host: LocalHost, recorder: Recorder, storage_account: StorageAccount
) -> None:
    versions = [upload(storage_account, "events", "b.csv", content) for content in (b"old", b"new")]
    for etag in versions:
        event = created("b.csv")
        assert post(host, {**event, "data": {**event["data"], "eTag": etag}}).status == 202
    post(host, created("a.csv"))
    wait_for(lambda: recorder.count("on_event") >= 2, "the newer version, and the event after it")
    fired = [call.metadata["BlobTrigger"].value for call in recorder.calls]
    assert sorted(fired) == ["events/a.csv", "events/b.csv"]


def test_a_repeated_event_reaches_the_function_each_time(host: LocalHost, recorder: Recorder) -> None:
    for _ in range(10):
        post(host, created("a.csv"))
    wait_for(lambda: recorder.count("on_event") == 10, "every one of the ten deliveries")


def test_what_is_not_meant_does_not_fire(host: LocalHost, recorder: Recorder) -> None:
    others = [
        created("a.txt"),
        created("gone.csv"),
        created("a.csv", container="elsewhere"),
        created("a.csv", kind="Microsoft.Storage.BlobDeleted"),
    ]
    assert post(host, [*others, created("a.csv")]).status == 202
    wait_for(lambda: recorder.count("on_event"), "the one that is meant")
    assert recorder.count("on_event") == 1


def test_a_failing_event_goes_to_the_poison_queue(
    host: LocalHost, recorder: Recorder, storage_account: StorageAccount
) -> None:
    upload(storage_account, "events", "bad.csv", b"bad")
    post(host, created("bad.csv"))
    wait_for(lambda: recorder.count("on_poison"), "the poison message")
    assert recorder.count("on_event") == 5


def test_an_upload_alone_does_not_fire(host: LocalHost, recorder: Recorder, storage_account: StorageAccount) -> None:
    upload(storage_account, "events", "b.csv", b"1")
    upload(storage_account, "landing", "marker.csv", b"1")
    wait_for(lambda: recorder.count("on_upload"), "the polled container's blob")
    assert recorder.count("on_event") == 0
    assert host.url


def test_answers_both_handshakes(host: LocalHost) -> None:
    validation = {
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "subject": "",
        "data": {"validationCode": "512d38b6"},
    }
    assert post(host, [validation]).json == {"validationResponse": "512d38b6"}
    path = f"/runtime/webhooks/blobs?functionName=Host.Functions.on_event&code={host.keys.blobs}"
    shaken = Visitor(host.url, "").call("OPTIONS", path, **{"WebHook-Request-Origin": "eventgrid.azure.net"})
    assert shaken.headers["WebHook-Allowed-Origin"] == "eventgrid.azure.net"


@pytest.mark.parametrize(
    ("body", "function", "status"),
    [
        pytest.param(created("a.csv"), "nobody", 404, id="unknown function"),
        pytest.param(created("a.csv"), "on_upload", 404, id="a function that polls"),
        pytest.param(b"{", "on_event", 400, id="not JSON"),
        pytest.param([1], "on_event", 400, id="not an event"),
        pytest.param({"subject": "x"}, "on_event", 400, id="an event without a type"),
    ],
)
def test_refuses_what_it_cannot_use(host: LocalHost, body: Any, function: str, status: int) -> None:
    assert post(host, body, function).status == status


def test_is_closed_without_its_key(host: LocalHost) -> None:
    assert post(host, created("a.csv"), key=host.keys.function).status == 401
    assert post(host, created("a.csv"), key=host.keys.master).status == 202
