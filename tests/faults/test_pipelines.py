"""A pipeline in trouble: what passes is outlived with one job, what is final is told, and the dataset stays."""

from __future__ import annotations

import pytest

from demo.makers.recording import RecordingService, Reply, reply
from devhost.clock import SkippingClock
from tests.end_to_end.conftest import World
from tests.faults.conftest import Audited

NAME = "readings/monday.csv"
FINAL = {"401", "garbage"}


@pytest.mark.parametrize(
    ("fault", "trouble"),
    [
        pytest.param("5xx", reply(503), id="unavailable"),
        pytest.param("429", reply(429, {}, Retry_After="60"), id="busy"),
        pytest.param("hangs up", Reply(breaks="hang up"), id="hangs up"),
        pytest.param("half an answer", Reply(body=b"{", breaks="half a body"), id="half an answer"),
        pytest.param("no HTTP", Reply(breaks="no http"), id="not HTTP"),
        pytest.param("401", reply(401), id="refused"),
        pytest.param("garbage", Reply(200, b"\x00\xff{{{", {"Content-Type": "application/json"}), id="garbage"),
    ],
)
def test_a_dataset_outlives_its_pipelines_trouble(
    world: World, pipeline: RecordingService, audited: Audited, fault: str, trouble: Reply
) -> None:
    pipeline.will(trouble)
    world.start(clock=SkippingClock())
    world.drop(NAME)
    run = world.finished(NAME)
    assert (run["status"], run["pipeline"]["status"]) == ("published", "failed" if fault in FINAL else "succeeded")
    books = audited(f"pipeline: {fault}")
    assert (books.lost, books.duplicated, books.outcomes) == ((), (), {"published": 1})
