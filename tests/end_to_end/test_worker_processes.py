"""The app in two worker processes: nothing of it may count on being called in one process."""

from __future__ import annotations

from orchestrators import services
from tests.end_to_end.conftest import READINGS, World
from tests.faults.auditing import Audited
from tests.waiting import wait_for

EACH = 10
DIRECT = READINGS.replace("readings", "meters") + "run: direct\n"


def test_every_upload_is_published_once_whichever_process_carries_it_out(world: World, audited: Audited) -> None:
    world.settings["FUNCTIONS_WORKER_PROCESS_COUNT"] = "2"
    world.declare(DIRECT, "meters.yaml")
    names = {f"{flow}/{number}.csv" for flow in ("readings", "meters") for number in range(EACH)}
    for name in names:
        world.drop(name, f"id,kwh\n1,{len(name)}\n".encode())
    world.start()
    wait_for(lambda: len(world.manifests()) >= len(names), "all datasets")
    assert {item["status"] for item in (world.settled(name) for name in names)} == {"published"}
    published = [world.document("datasets", name)["uploads"][0]["name"] for name in world.manifests()]
    assert sorted(published) == sorted(names)
    assert services.services.cache_info().currsize == 0, "the host called the app in its own process"
    books = audited("two worker processes")
    assert (books.lost, books.duplicated, books.outcomes) == ((), (), {"published": len(names)})
