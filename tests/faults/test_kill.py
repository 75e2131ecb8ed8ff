"""`kill -9` inside each activity, at each request to storage: a host that takes over completes the run once.

A run does nothing that can be half done between two of them, but its pipeline's call, which has a test of its own.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass

import pytest

from orchestrators.azure_table import AzureTableLedger
from orchestrators.ledger import Query
from orchestrators.settings import read_settings
from tests.end_to_end.conftest import READINGS, THEN, World
from tests.end_to_end.killing import DEADLINE_S, host_process, visitor_of
from tests.faults.auditing import Audited
from tests.faults.proxy import FaultyStorage, Harm
from tests.faults.test_storage import WRITE_MANIFEST
from tests.waiting import wait_for

NAME = "readings/monday.csv"
BEFORE: Harm = "reset"
AFTER: Harm = "reset after the effect"
OF_THE_RUN = r"^(?!GET \S*(/landing\?|/webjobs-))"
"""What the host asks for itself, again and again, is no part of the run."""

MOST_REQUESTS = 38
"""More than a run makes: the last of these hosts are killed once all is done."""

DIRECT = READINGS + THEN.replace("10m", "0") + "run: direct\n"


@dataclass(frozen=True)
class Fault:
    """How a host dies in a run of this flow."""

    flow: str
    harm: Harm
    name: str


def is_published(world: World) -> bool:
    """True when the run is over; asked of the real account, past what harms."""
    settings = {**world.settings, "LakeStorage": world.account.connection_string}
    runs = AzureTableLedger(read_settings(settings)).runs(Query()).items
    return bool(runs) and runs[0].finished_at is not None


def killed(world: World, storage: FaultyStorage, where: str, harm: Harm, passing: int = 0) -> None:
    """A host is killed as it makes such a request for its run, or when it has made all."""
    with host_process(world) as process:
        visitor_of(process)
        storage.will(where, harm, passing=passing, happens=process.kill)
        world.drop(NAME)
        wait_for(lambda: process.poll() is not None or is_published(world), "the end of the host or the run")
        process.kill()
        assert process.wait(DEADLINE_S) == -signal.SIGKILL


def is_completed(world: World, storage: FaultyStorage, audited: Audited, moment: str) -> None:
    """Another host takes over, and leaves one dataset and one job."""
    storage.faults.clear()
    with host_process(world) as process:
        world.visitor = visitor_of(process)
        run = world.finished(NAME)
        world.visitor = None
    assert (run["status"], len(world.manifests())) == ("published", 1), run["reason"]
    assert run["pipeline"]["status"] in {"succeeded", "running"}
    books = audited(f"kill -9 inside, {moment}")
    assert (books.lost, books.duplicated, books.outcomes) == ((), (), {"published": 1})


def test_killed_when_its_manifest_is_written_a_run_is_completed_once(
    world: World, storage: FaultyStorage, audited: Audited
) -> None:
    killed(world, storage, WRITE_MANIFEST, AFTER)
    assert storage.done[AFTER] == 1
    is_completed(world, storage, audited, "when it has published")


@pytest.mark.long
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(READINGS + THEN, BEFORE, "before a request to storage"), id="before"),
        pytest.param(Fault(READINGS + THEN, AFTER, "after a request to storage"), id="after"),
        pytest.param(Fault(DIRECT, BEFORE, "a direct run"), id="direct"),
    ],
)
@pytest.mark.parametrize("passing", range(MOST_REQUESTS))
def test_killed_at_any_request_to_storage_a_run_is_completed_once(
    world: World, storage: FaultyStorage, audited: Audited, fault: Fault, passing: int
) -> None:
    world.declare(fault.flow)
    killed(world, storage, OF_THE_RUN, fault.harm, passing)
    assert passing < MOST_REQUESTS - 1 or not storage.done[fault.harm], "a run makes more requests than are tried"
    is_completed(world, storage, audited, fault.name)
