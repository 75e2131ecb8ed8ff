"""Events come twice, late, or not at all: the same version is the same run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from demo.makers.recording import RecordingService, reply
from devhost.invoker import Invocation, Invoke
from orchestrators.services import now, services
from tests.end_to_end.conftest import GOOD, World
from tests.waiting import wait_for

NAME = "readings/monday.csv"
WEBHOOK = "/runtime/webhooks/blobs?functionName=Host.Functions.upload_landed"


def created(name: str, etag: str | None = None) -> dict[str, Any]:
    """The event that Event Grid sends for a new blob; without `etag` it is for whatever is there."""
    return {
        "id": "831e1650-001e-001b-66ab-eeb76e069631",
        "topic": "/subscriptions/0/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a",
        "subject": f"/blobServices/default/containers/landing/blobs/{name}",
        "eventType": "Microsoft.Storage.BlobCreated",
        "eventTime": "2013-01-31T06:00:00Z",
        "dataVersion": "",
        "metadataVersion": "1",
        "data": {
            "api": "PutBlob",
            **({"eTag": etag} if etag else {}),
            "contentLength": 20,
            "blobType": "BlockBlob",
            "url": f"https://a.blob.core.windows.net/landing/{name}",
            "sequencer": "00000000000004420000000000028963",
        },
    }


def test_ten_events_of_one_version_are_one_run(world: World, pipeline: RecordingService) -> None:
    pipeline.will(reply(200, {"status": "succeeded"}))
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    etag = world.drop(NAME)
    visitor = world.visitor
    assert visitor
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: visitor.call("POST", WEBHOOK, [created(NAME, etag)]), range(10)))
    assert {answer.status for answer in answers} <= {200, 202}
    run = world.finished(NAME)
    assert visitor.call("POST", WEBHOOK, [created(NAME, etag)]).status in {200, 202}  # late, after the end
    assert [found["run_id"] for found in world.runs()] == [run["run_id"]]
    assert len(world.manifests()) == 1
    assert len(pipeline.asked) == 1


def test_the_same_bytes_again_are_a_new_version_and_a_new_run(world: World) -> None:
    world.start()
    world.drop(NAME)
    first = world.finished(NAME)
    world.drop(NAME)
    world.settled(NAME, versions=2)
    assert len(world.manifests()) == 2
    assert first["run_id"] in {run["run_id"] for run in world.runs()}


def test_a_version_that_is_replaced_while_it_runs_is_superseded(world: World) -> None:
    replaced = False

    def replace_before_it_is_read(invoke: Invoke) -> Invoke:
        async def invoking(invocation: Invocation) -> Any:
            nonlocal replaced
            if invocation.function.name == "transform_uploads" and not replaced:
                replaced = True
                world.drop(NAME, GOOD + b"3,4.5\n")
            return await invoke(invocation)

        return invoking

    world.start(invoke=replace_before_it_is_read)
    world.drop(NAME)
    newer = world.settled(NAME, versions=2)
    older = next(item for item in world.uploads(NAME) if item["etag"] != newer["etag"])
    by_status = {item["status"]: item for item in (newer, older)}
    assert set(by_status) == {"published", "superseded"}
    superseded = world.get(f"runs/{by_status['superseded']['run_id']}")
    assert (superseded.status, superseded.json["status"]) == (409, "cancelled")
    published = world.get(f"runs/{by_status['published']['run_id']}")
    assert published.json["rows"]["published"] == 3
    assert len(world.manifests()) == 1


def test_a_lost_event_is_found_by_the_sweep(world: World) -> None:
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"  # so that nobody polls
    world.start()
    # Not by a sweep: one that is late, in another second, would take the upload for older than the deployment.
    services().ledger.first_deployed_at(now())
    world.drop(NAME)
    assert world.uploads() == []
    sweep(world)
    assert world.finished(NAME)["status"] == "published"


def test_a_mended_flow_gets_what_was_held(world: World) -> None:
    good = (world.folder / "flows/readings.yaml").read_text(encoding="utf-8")
    world.declare(good.replace("int64", "integer"))
    world.declare(good.replace("readings", "meters"), "meters.yaml")
    world.start()
    world.drop(NAME)
    world.drop("meters/monday.csv")
    assert world.settled(NAME)["status"] == "held"
    assert world.finished("meters/monday.csv")["status"] == "published"
    health = world.get("health")
    assert (health.status, health.json["broken_flows"]) == (503, ["readings"])
    (broken,) = [flow for flow in world.get("flows").json["items"] if flow["state"] == "broken"]
    assert "contract.columns.id" in broken["mistakes"][0]

    world.declare(good)
    world.start()
    assert world.get("health").status == 200
    sweep(world)
    wait_for(lambda: world.uploads(NAME)[0]["status"] == "published", "the held upload's dataset")


def sweep(world: World) -> None:
    """The sweep's timer fires now."""
    assert world.visitor
    answer = world.visitor.call("POST", "/admin/functions/sweep_uploads", {})
    assert answer.status == 202
