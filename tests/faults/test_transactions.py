"""How often a run talks to storage: each transaction is paid for, and each is one more that can fail."""

from __future__ import annotations

import pytest

from demo.makers.recording import RecordingService, reply
from orchestrators.azure_table import AzureTableLedger
from orchestrators.ledger import Query
from orchestrators.settings import read_settings
from tests.devhost.visitor import DURABLE
from tests.end_to_end.conftest import READINGS, THEN, World
from tests.faults.proxy import FaultyStorage
from tests.waiting import wait_for

FIRST, NAME = "readings/monday.csv", "readings/tuesday.csv"
POISON = "webjobs-blobtrigger-poison"
LOOKED_UP_BY_THE_HOST = 1
"""The host asks which version is there before it calls the function."""


def is_settled(world: World, name: str) -> bool:
    """True when the upload and its plan have ended; asked of the real account, past what counts."""
    ledger = AzureTableLedger(read_settings({**world.settings, "LakeStorage": world.account.connection_string}))
    found = [record for record in ledger.uploads(Query()).items if record.upload.name == name]
    assert world.visitor
    plans = world.visitor.call("GET", f"{DURABLE}/instances").json
    return (
        bool(found) and found[0].status == "published" and all(plan["runtimeStatus"] == "Completed" for plan in plans)
    )


def transactions_of(world: World, storage: FaultyStorage) -> list[str]:
    """What the app asked of storage for one upload, once it had taken another one."""
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    assert world.visitor
    for name in (FIRST, NAME):
        world.drop(name)
        storage.asked.clear()
        world.visitor.call("POST", "/admin/functions/upload_landed", {"input": f"landing/{name}"})
        wait_for(lambda name=name: is_settled(world, name), f"the end of {name}")  # type: ignore[misc]  # bound now
    return [request for request in storage.asked if POISON not in request][LOOKED_UP_BY_THE_HOST:]


@pytest.mark.parametrize(
    ("flow", "at_most"),
    [
        pytest.param(READINGS, 18, id="with a plan"),
        pytest.param(READINGS + THEN, 24, id="with a plan and a pipeline"),
        pytest.param(READINGS + "run: direct\n", 13, id="direct"),
    ],
)
def test_a_run_talks_to_storage_no_more_than_it_must(
    world: World, storage: FaultyStorage, pipeline: RecordingService, flow: str, at_most: int
) -> None:
    pipeline.will(*[reply(200, {"status": "succeeded"})] * 2)
    world.declare(flow)
    asked = transactions_of(world, storage)
    assert len(asked) <= at_most, "\n".join(asked)
