"""Two hosts that know nothing of each other, and hosts that die at any moment: one dataset, always a whole one."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import pytest

from demo.makers.recording import RecordingService
from tests.devhost.visitor import Visitor
from tests.end_to_end.conftest import READINGS, World
from tests.end_to_end.killing import host_process, visitor_of
from tests.end_to_end.reader import Reader, reading
from tests.end_to_end.test_events import WEBHOOK, created
from tests.faults.auditing import Audited

MANY_FILES = (
    f"{READINGS}steps: [{{split: {{into: {{train: 0.5, test: 0.5}}, by: id}}}}]\noutput: {{rows_per_file: 5}}\n"
)
LONGEST_LIFE_S = 1.2
"""A host that was just started has carried out a run by then."""


def at_once(calls: list[Callable[[], object]]) -> None:
    """All calls are made at the same instant."""
    barrier = Barrier(len(calls))

    def call(one: Callable[[], object]) -> None:
        barrier.wait()
        one()

    with ThreadPoolExecutor(len(calls)) as callers:
        list(callers.map(call, calls))


def event(host: Visitor, name: str) -> Callable[[], object]:
    """A host hears of an upload."""
    return lambda: host.call("POST", WEBHOOK, [created(name)])


def sweep(host: Visitor) -> Callable[[], object]:
    """The timer of a host's sweep fires."""
    return lambda: host.call("POST", "/admin/functions/sweep_uploads", {})


def test_two_hosts_at_the_same_instant_make_one_dataset_and_one_call(
    world: World, pipeline: RecordingService, audited: Audited
) -> None:
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    heard, swept = ([f"readings/{kind}-{number}.csv" for number in range(3)] for kind in ("heard", "swept"))
    with ExitStack() as stack:
        processes = [stack.enter_context(host_process(world, state=name)) for name in ("one", "two")]
        hosts = [visitor_of(process) for process in processes]
        for name in heard:
            world.drop(name)
        at_once([event(host, name) for name in heard for host in hosts])
        for name in swept:
            world.drop(name)
        world.visitor = hosts[0]
        at_once([sweep(host) for host in hosts])
        runs = {name: world.finished(name) for name in (*heard, *swept)}
        carried_out = [
            (host, run["run_id"])
            for host in hosts
            for run in runs.values()
            if "runtimeStatus" in host.status(run["run_id"])
        ]
        for host, run_id in carried_out:
            assert host.finished(run_id)["runtimeStatus"] == "Completed"
        listed = world.get("runs").json["items"]
        world.visitor = None
    assert len(carried_out) > len(runs), "the hosts never met: this test shows nothing"
    assert {run["status"] for run in runs.values()} == {"published"}
    assert sorted(run["run_id"] for run in listed) == sorted(run["run_id"] for run in runs.values())
    assert len(world.manifests()) == len(runs)
    calls = Counter(asked.document["run_id"] for asked in pipeline.asked)
    assert calls == Counter(run["run_id"] for run in runs.values())
    books = audited("two hosts at the same instant")
    assert (books.lost, books.duplicated, books.outcomes) == ((), (), {"published": len(runs)})


def follow_while_hosts_die(world: World, audited: Audited, seed: int, rounds: int) -> None:
    """Hosts are started and killed, an upload each; in the end all are published, and were never seen half."""
    world.declare(MANY_FILES)
    chance = random.Random(seed)  # noqa: S311 - the moments of death, the same ones every time
    names = [f"readings/{number}.csv" for number in range(rounds)]
    with reading(world.storage) as reader:
        for number, name in enumerate(names):
            with host_process(world) as process:
                visitor_of(process)
                rows = "".join(f"{row},1\n" for row in range(20 + number))
                world.drop(name, f"id,kwh\n{rows}".encode())
                time.sleep(chance.uniform(0, LONGEST_LIFE_S))
        with host_process(world) as process:
            world.visitor = visitor_of(process)
            ends = [world.finished(name)["status"] for name in names]
            world.visitor = None
    assert reader.problems == []
    assert ends == ["published"] * rounds
    assert (reader.datasets, len(world.manifests())) == (rounds, rounds)
    assert reader.looks > rounds
    books = audited("kill -9 at random, while a reader looks")
    assert (books.lost, books.duplicated, books.outcomes) == ((), (), {"published": rounds})


def test_a_reader_never_sees_half_a_dataset_while_hosts_are_killed(world: World, audited: Audited) -> None:
    follow_while_hosts_die(world, audited, seed=1, rounds=3)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 6))
def test_a_reader_never_sees_half_a_dataset_however_hosts_are_killed(world: World, audited: Audited, seed: int) -> None:
    follow_while_hosts_die(world, audited, seed, rounds=20)


def test_the_reader_would_see_it(world: World) -> None:
    world.start()
    world.drop("readings/monday.csv")
    world.finished("readings/monday.csv")
    [manifest] = world.manifests()
    reader = Reader(world.storage)
    reader.look()
    assert (reader.problems, reader.datasets) == ([], 1)
    folder = manifest.removesuffix("manifest.json")
    [data] = [name for name in world.blobs("datasets") if "/data/" in name]
    world.storage.get_blob_client("datasets", data).delete_blob()
    world.storage.get_blob_client("datasets", f"{folder}profile.json").upload_blob(b"{}", overwrite=True)
    late = Reader(world.storage)
    late.look()
    assert [problem.rpartition("/manifest.json")[2] for problem in late.problems] == [
        f" names {data.removeprefix(folder)}, which is not there",
        ": profile.json is not what it says",
    ]
    world.storage.get_blob_client("datasets", manifest).delete_blob()
    reader.look()
    assert "latest.json names" in reader.problems[0]
