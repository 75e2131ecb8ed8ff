"""A thousand small files that come by themselves: one run once their marker is there, or as many runs as files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.end_to_end.conftest import READINGS, World
from tests.end_to_end.test_collect import BY_MARKER, SALES, rows
from tests.end_to_end.test_events import WEBHOOK, created, sweep
from tests.waiting import wait_for

LONG_S = 900.0
THOUSAND = pytest.param(1000, marks=pytest.mark.long)


def drop_all(world: World, folder: str, count: int) -> list[str]:
    """So many files of one row each are in the landing container."""
    names = [f"{folder}/{number:04}.csv" for number in range(count)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: world.drop(names[number], rows(number)), range(count)))
    return names


@pytest.mark.long
def test_a_thousand_files_are_one_run_by_their_marker(world: World) -> None:
    world.declare(SALES + BY_MARKER, "sales.yaml")
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    names = drop_all(world, "sales/monday", 1000)
    world.drop("sales/monday/_SUCCESS", b"")
    visitor = world.visitor
    assert visitor
    with ThreadPoolExecutor(8) as pool:
        told = pool.map(lambda name: visitor.call("POST", WEBHOOK, [created(name)]).status, [*names, *names[:100]])
        assert set(told) <= {200, 202}
    visitor.call("POST", WEBHOOK, [created("sales/monday/_SUCCESS")])
    wait_for(world.manifests, "the dataset", LONG_S)
    wait_for(lambda: all(run["finished_at"] for run in world.runs()), "the end of every run", LONG_S)
    sweep(world)
    (run,) = world.runs()
    assert (run["status"], run["rows"]["published"], len(run["uploads"])) == ("published", 1000, 1000)
    assert len(world.manifests()) == 1


@pytest.mark.parametrize("count", [20, THOUSAND])
def test_a_directory_is_as_many_runs_where_each_file_is_one(world: World, count: int) -> None:
    world.declare(READINGS.replace("readings", "sales").replace("kwh", "euros"), "sales.yaml")
    names = drop_all(world, "sales", count)
    world.start()
    # A listing of a thousand datasets is work for the storage that makes them.
    wait_for(lambda: len(world.manifests()) == count, f"{count} datasets", LONG_S, every_s=count / 200)
    found = {world.document("datasets", name)["uploads"][0]["name"] for name in world.manifests()}
    assert found == set(names)
