"""Events in any order and number, sweeps at once, wrong clocks, uploads that change: one dataset each."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from devhost.invoker import Invocation, Invoke
from orchestrators import intake, services, sweeping
from tests.end_to_end.conftest import GOOD, World
from tests.end_to_end.test_events import WEBHOOK, created
from tests.faults.auditing import Audited
from tests.faults.proxy import FaultyStorage
from tests.faults.test_storage import READ_UPLOAD
from tests.waiting import wait_for

NAMES = [f"readings/{day}.csv" for day in ("monday", "tuesday", "wednesday", "thursday", "friday")]


class Sweeps:
    """Counts the sweeps that have ended: firing a function by hand does not wait for it."""

    def __init__(self) -> None:
        self.ended = 0

    def __call__(self, invoke: Invoke) -> Invoke:
        async def invoking(invocation: Invocation) -> Any:
            answer = await invoke(invocation)
            self.ended += invocation.function.name == "sweep_uploads"
            return answer

        return invoking


def start(world: World) -> Sweeps:
    """The app runs, and no event reaches it by itself."""
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    sweeps = Sweeps()
    world.start(invoke=sweeps)
    return sweeps


def drop_all(world: World) -> None:
    """Files land, and their events are lost."""
    for name in NAMES:
        world.drop(name)


def sweep(world: World, sweeps: Sweeps, times: int = 1) -> None:
    """So many sweeps begin at once, and end."""
    visitor, before = world.visitor, sweeps.ended
    assert visitor
    with ThreadPoolExecutor(times) as pool:
        list(pool.map(lambda _: visitor.call("POST", "/admin/functions/sweep_uploads", {}), range(times)))
    wait_for(lambda: sweeps.ended == before + times, "the end of the sweeps")


def test_events_that_come_reordered_repeated_and_late_are_one_run_each(world: World, audited: Audited) -> None:
    start(world)
    drop_all(world)
    world.drop(NAMES[0], GOOD + b"3,4.5\n")  # its first version is never read
    visitor = world.visitor
    assert visitor
    events = [created(name) for name in NAMES * 3]
    random.Random(7).shuffle(events)  # noqa: S311  an order, not a secret
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda event: visitor.call("POST", WEBHOOK, [event]), events))
    for name in NAMES:
        world.settled(name)
    for name in NAMES:
        visitor.call("POST", WEBHOOK, [created(name)])  # after the end
    for run in world.runs():
        visitor.finished(run["run_id"])
    books = audited("events: reordered, repeated, late")
    assert (books.lost, books.duplicated, books.outcomes) == ((), (), {"published": len(NAMES)})


def test_sweeps_at_the_same_time_find_every_lost_event_once(world: World, audited: Audited) -> None:
    sweeps = start(world)
    sweep(world, sweeps)  # the app notes when it was first here; what lay there before is none of its uploads
    drop_all(world)
    sweep(world, sweeps, times=4)
    for name in NAMES:
        world.settled(name)
    for run in world.runs():
        assert world.visitor
        world.visitor.finished(run["run_id"])
    books = audited("four sweeps at once")
    assert (books.lost, books.duplicated, books.outcomes) == ((), (), {"published": len(NAMES)})


@pytest.mark.parametrize(
    "ahead", [pytest.param(timedelta(hours=1), id="ahead"), pytest.param(-timedelta(hours=1), id="behind")]
)
def test_a_clock_that_is_wrong_loses_no_upload(
    world: World, audited: Audited, monkeypatch: pytest.MonkeyPatch, ahead: timedelta
) -> None:
    def wrong() -> datetime:
        return services.now() + ahead

    for module in (intake, sweeping):
        monkeypatch.setattr(module, "now", wrong)
    sweeps = start(world)
    sweep(world, sweeps)  # the app notes when it was first here, by whatever its clock says
    drop_all(world)
    sweep(world, sweeps)
    if ahead < timedelta(0):
        # To this clock the uploads are younger than any grace time: they are late, and not lost.
        monkeypatch.setattr(sweeping, "now", services.now)
        sweep(world, sweeps)
    for name in NAMES:
        world.settled(name)
    books = audited("clock: wrong by an hour")
    assert (books.lost, books.duplicated, books.outcomes) == ((), (), {"published": len(NAMES)})


def test_an_upload_that_is_overwritten_while_it_is_read_is_superseded(
    world: World, storage: FaultyStorage, audited: Audited
) -> None:
    client = world.storage.get_blob_client("landing", NAMES[0])
    storage.just_before(READ_UPLOAD, lambda: client.upload_blob(GOOD + b"3,4.5\n", overwrite=True))
    world.start()
    world.drop(NAMES[0])
    world.settled(NAMES[0], versions=2)
    books = audited("upload: overwritten while it is read")
    assert (books.lost, books.duplicated, books.outcomes) == ((), (), {"published": 1, "superseded": 1})
