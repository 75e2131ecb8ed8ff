"""A flow that collects: its uploads wait for their set, and each set of versions is one run."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from demo.makers.recording import RecordingService, reply
from devhost.clock import SkippingClock
from orchestrators import names
from tests.end_to_end.conftest import THEN, World
from tests.end_to_end.killing import DEADLINE_S, host_process, visitor_of
from tests.end_to_end.test_events import WEBHOOK, created, sweep
from tests.faults.auditing import Audited
from tests.waiting import wait_for

SALES = """
flow: sales
source: {path: "sales/{day}/{part}.csv", format: csv}
contract:
  columns:
    id: {type: int64, required: true}
    euros: {type: float64, min: 0}
  max_bad_rows: 50%
"""

BY_MARKER = """
collect:
  by: [day]
  needs: ["sales/{day}/_SUCCESS"]
  deadline: {after: 6h, then: reject}
"""


def rows(first: int, count: int = 1) -> bytes:
    return b"id,euros\n" + b"".join(b"%d,1.5\n" % number for number in range(first, first + count))


def told(world: World, *names: str) -> None:
    """Events of these blobs have been delivered."""
    assert world.visitor
    for name in names:
        assert world.visitor.call("POST", WEBHOOK, [created(name)]).status == 202


def statuses(world: World) -> dict[str, str]:
    return {item["name"]: item["status"] for item in world.uploads()}


def published(world: World, count: int) -> list[dict[str, Any]]:
    """Wait for so many runs to be over; all of them, the oldest first."""

    def look() -> list[dict[str, Any]] | None:
        runs = [run for run in world.runs() if run["finished_at"]]
        return runs if len(runs) >= count else None

    found = wait_for(look, f"{count} run(s)")
    assert found
    return sorted(found, key=lambda run: str(run["started_at"]))


def test_a_marker_closes_a_set_whatever_the_order_and_number_of_events(world: World) -> None:
    world.declare(SALES + BY_MARKER, "sales.yaml")
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    parts = [f"sales/monday/{number:02}.csv" for number in range(40)]
    marker = "sales/monday/_SUCCESS"
    for number, name in enumerate(parts):
        world.drop(name, rows(number))
    told(world, *parts[:3], parts[0])
    wait_for(lambda: len(world.uploads()) == 3, "the first uploads on record")
    assert set(statuses(world).values()) == {"collecting"}
    world.drop(marker, b"")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: told(world, name), [marker, *reversed(parts), marker, *parts[:5]]))
    (run,) = published(world, 1)
    assert (run["status"], run["rows"]["published"], len(run["uploads"])) == ("published", 40, 40)
    wait_for(lambda: set(statuses(world).values()) == {"published", "ignored"}, "every upload's status")
    assert statuses(world)[marker] == "ignored"

    told(world, parts[7], marker)  # late, after the end
    world.drop(parts[7], rows(100))  # a newer version of one: a new run over the set
    told(world, parts[7])
    first, second = published(world, 2)
    assert first["run_id"] == run["run_id"] != second["run_id"]
    assert {one["etag"] for one in first["uploads"]} ^ {one["etag"] for one in second["uploads"]}
    assert (second["status"], len(second["uploads"])) == ("published", 40)
    sweep(world)
    assert len(world.runs()) == len(world.manifests()) == 2


WITH_PRICES = """
collect:
  by: [day]
  lookups: [prices]
  deadline: {after: 6h, then: reject}
lookups: {prices: {path: "prices/{day}.csv", key: id}}
steps:
  - join: {lookup: prices, on: id, take: [price]}
"""


def test_files_of_one_day_are_joined_and_a_day_without_its_file_is_rejected_in_time(world: World) -> None:
    world.declare(SALES + WITH_PRICES, "sales.yaml")
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start(clock=SkippingClock())
    world.drop("sales/monday/a.csv", rows(1, count=3))
    world.drop("prices/monday.csv", b"id,price\n1,10\n2,20\n3,30\n")
    told(world, "sales/monday/a.csv", "prices/monday.csv")
    (monday,) = published(world, 1)
    assert (monday["status"], monday["rows"]["published"]) == ("published", 3)
    manifest = world.document("datasets", world.manifests()[0])
    assert manifest["lookups"]["prices"]["name"] == "prices/monday.csv"
    assert "price" in {column["name"] for column in manifest["schema"]}

    world.drop("sales/tuesday/a.csv", rows(1))
    told(world, "sales/tuesday/a.csv")  # six hours pass at once
    tuesday = published(world, 2)[1]
    assert (tuesday["status"], tuesday["reason"]["code"]) == ("rejected", "set_incomplete")
    assert "prices/tuesday.csv" in tuesday["reason"]["message"]
    assert world.get(f"runs/{tuesday['run_id']}").status == 422
    wait_for(lambda: statuses(world)["sales/tuesday/a.csv"] == "rejected", "the upload's status")

    world.drop("prices/tuesday.csv", b"id,price\n1,10\n")
    told(world, "prices/tuesday.csv")
    assert published(world, 3)[2]["status"] == "published"
    wait_for(lambda: set(statuses(world).values()) == {"published"}, "every upload's status")
    assert len(world.manifests()) == 2


QUIET = """
collect: {by: [day], quiet: 2s}
"""


@pytest.mark.parametrize(
    ("moment", "function"),
    [
        pytest.param("after", names.SETTLE_SET, id="when the plan of the set has started its run"),
        pytest.param("before", names.SETTLE_SET, id="before the plan looks", marks=pytest.mark.long),
        pytest.param("before", names.PLAN_RUN, id="when the run begins", marks=pytest.mark.long),
        pytest.param("after", "upload_landed", id="when an upload was taken", marks=pytest.mark.long),
        pytest.param("before", "upload_landed", id="before an upload is taken", marks=pytest.mark.long),
    ],
)
def test_a_killed_host_runs_a_set_once_after_a_restart(
    world: World, audited: Audited, moment: str, function: str
) -> None:
    world.declare(SALES + QUIET, "sales.yaml")
    for number in range(3):
        world.drop(f"sales/monday/{number}.csv", rows(number))
    with host_process(world, moment, function) as process:
        visitor_of(process)
        assert process.wait(DEADLINE_S) == -signal.SIGKILL
    with host_process(world) as process:
        world.visitor = visitor_of(process)
        (run,) = published(world, 1)
        wait_for(lambda: list(statuses(world).values()) == ["published"] * 3, "every upload's status")
        sweep(world)
        assert (run["status"], len(run["uploads"]), len(world.runs())) == ("published", 3, 1)
        world.visitor = None
    assert len(world.manifests()) == 1
    books = audited("kill -9 while a set is collected")
    assert (books.lost, books.duplicated, books.outcomes) == ((), (), {"published": 3})


def test_two_hosts_that_both_wait_for_a_set_run_it_once(world: World, pipeline: RecordingService) -> None:
    pipeline.will(*[reply(200, {"status": "succeeded"})] * 5)
    world.declare(SALES + BY_MARKER + "  quiet: 1s\n" + THEN, "sales.yaml")
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    part, marker = "sales/monday/a.csv", "sales/monday/_SUCCESS"
    with host_process(world, state="one") as one, host_process(world, state="two") as two:
        hosts = [visitor_of(one), visitor_of(two)]
        for name, what in ((part, "a plan that waits"), (marker, "the marker's event")):
            world.drop(name, rows(1))
            for host in hosts:
                host.call("POST", WEBHOOK, [created(name)])
                wait_for(partial(host.instances, names.COLLECT_UPLOADS), what)
        world.visitor = hosts[0]
        (run,) = published(world, 1)
        for host in hosts:
            host.finished(host.instances(names.COLLECT_UPLOADS)[0]["instanceId"])
            host.call("POST", "/admin/functions/sweep_uploads", {})
        assert (run["status"], len(world.runs())) == ("published", 1)
        world.visitor = None
    assert len(world.manifests()) == 1
    assert [asked.document["run_id"] for asked in pipeline.asked] == [run["run_id"]]
