"""A pipeline in trouble: what passes is outlived with one job, what is final is told, and the dataset stays."""

from __future__ import annotations

from functools import partial

import pytest

from demo.makers.recording import RecordingService, Reply, reply
from devhost.clock import SkippingClock
from orchestrators import pipeline_calls
from orchestrators.pipelines.client import Patience
from orchestrators.pipelines.sending import Sender
from tests.end_to_end.conftest import World
from tests.faults.auditing import Audited

NAME = "readings/monday.csv"
FINAL = {"401", "garbage"}
PATIENCE_S = 2.0


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a pipeline says nothing, nobody waits a minute for it."""
    monkeypatch.setattr(pipeline_calls, "Sender", partial(Sender, patience=Patience(read_s=PATIENCE_S)))


@pytest.mark.parametrize(
    ("fault", "trouble"),
    [
        pytest.param("5xx", reply(503), id="unavailable"),
        pytest.param("429", reply(429, {}, Retry_After="60"), id="busy"),
        pytest.param("nothing", Reply(breaks="silence"), id="silent"),
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
