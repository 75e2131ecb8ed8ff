"""Secrets planted wherever an app meets them, and a run in which much goes wrong: afterwards they are found nowhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient

from demo.makers.recording import Asked, RecordingService, Reply, recording_service, reply
from devhost.clock import SkippingClock
from tests.azurite import KEY
from tests.end_to_end.conftest import READINGS, World
from tests.faults.proxy import FaultyStorage
from tests.faults.test_storage import IN_CLIENT, READ_UPLOAD

NAME, BAD = "readings/monday.csv", "readings/tuesday.csv"
BEARER, SIGNATURE, CALLBACK = "dapi0planted1bearer2", "pl4nted5ignature", "planted-callback-token"
THEN = """
then:
  pipeline: http
  url: ${FLOW_TRAINING_URL}
  auth: {header: Authorization, setting: FLOW_TOKEN}
  parameters: {training_data: "{output_url}", run_id: "{run_id}"}
  wait: 10m
"""


@pytest.fixture
def gossip() -> Iterator[RecordingService]:
    """A service that repeats whatever it was asked, when it refuses it."""

    def repeat(asked: Asked) -> Reply:
        said = f"{asked.method} {asked.path} {asked.headers} {asked.body!r}"
        return reply(401 if len(service.asked) > 2 else 503, {"error": said, "message": said})

    with recording_service() as service:
        service.rule = repeat
        yield service


def planted(world: World) -> dict[str, str]:
    """Every secret of this world, by what it is."""
    assert world.visitor
    return {
        "account key": KEY,
        "bearer token": BEARER,
        "signature of a URL": SIGNATURE,
        "callback's token": CALLBACK,
        "host key": world.visitor.key,
        "key of the status links": world.settings["STATUS_URL_KEY"],
    }


def everything_kept(world: World) -> Iterator[tuple[str, bytes]]:
    """Everything that the app wrote to storage, and the files in which the host keeps histories."""
    for container in world.storage.list_containers():
        client = world.storage.get_container_client(container.name)
        for blob in client.list_blobs():
            yield f"{container.name}/{blob.name}", blob.name.encode() + client.download_blob(blob.name).readall()
    with TableServiceClient.from_connection_string(world.account.connection_string) as tables:
        for table in tables.list_tables():
            for entity in tables.get_table_client(table.name).list_entities():
                yield f"table {table.name}", repr(dict(entity)).encode()
    for file in Path(world.folder / "state").glob("*.sqlite*"):
        yield file.name, file.read_bytes()


def everything_told(world: World) -> Iterator[tuple[str, bytes]]:
    """Every answer of the API about what went wrong."""
    paths = ["runs", "uploads", "flows", "flows/readings", "health", "openapi.json"]
    paths += [f"runs/{run['run_id']}{more}" for run in world.runs() for more in ("", "/quarantine")]
    for path in paths:
        answer = world.get(path)
        yield f"GET {path}", answer.text.encode() + str(answer.headers).encode()


def test_planted_secrets_are_found_nowhere_after_a_run_in_which_much_goes_wrong(
    world: World, storage: FaultyStorage, gossip: RecordingService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world.settings |= {
        "FLOW_TRAINING_URL": f"{gossip.url}?sv=2024&sig={SIGNATURE}",
        "FLOW_TOKEN": f"Bearer {BEARER}",
        "BLOB_TRIGGER_SOURCE": "EventGrid",
    }
    world.declare(READINGS + THEN)
    storage.will(READ_UPLOAD, "503", IN_CLIENT)
    storage.will(r"^PUT .*/manifest\.json", "reset after the effect", IN_CLIENT)
    world.start(clock=SkippingClock())
    world.drop(NAME)
    world.drop(BAD, b"id,kwh\nx,y\n")
    for name in (NAME, BAD):
        asked = {"uploads": [name], "callBackUri": f"{gossip.origin}/back?token={CALLBACK}"}
        assert world.post("flows/readings/runs", asked).status == 202
    published, rejected = world.finished(NAME), world.finished(BAD)
    assert (published["status"], published["pipeline"]["status"], rejected["status"]) == (
        "published",
        "failed",
        "rejected",
    )
    assert [asked.path for asked in gossip.asked if BEARER in asked.headers.get("Authorization", "")]
    for run in (published, rejected):
        assert world.visitor
        world.visitor.finished(run["run_id"])  # callers were told, or it was given up
    places = [*everything_told(world), *everything_kept(world), ("the log", caplog.text.encode())]
    found = [(where, what) for where, text in places for what, one in planted(world).items() if one.encode() in text]
    assert found == []
    # What is no secret is found by the very same search.
    known = {where.removesuffix("-wal") for where, text in places if published["run_id"].encode() in text}
    assert {"the log", "durable.sqlite", "table sluiceruns", "GET runs"} <= known
