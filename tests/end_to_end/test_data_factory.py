"""The shipped pipelines of `adf/`, run by a simulated Data Factory against the app: what turns red, and when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from demo.makers.recording import RecordingService, reply
from tests.adf.factory import Factory, PipelineRun, running_factory
from tests.end_to_end.conftest import READINGS, THEN, World

NAME = "readings/monday.csv"
BAD = b"id,kwh\none,-1\n"
ASKED: dict[str, Any] = {"flow": "readings", "uploads": [NAME]}
STILL_RUNNING = reply(202, {"status": "running"}, Location="/jobs/7", Retry_After="3600")

WAYS = {"sluice_transform": "Azure Function activity", "sluice_start_and_wait": "Web activity"}
WAYS |= {"sluice_call_back": "WebHook activity"}
every_way = pytest.mark.parametrize("way", [pytest.param(name, id=shown) for name, shown in WAYS.items()])
every_waiting_way = pytest.mark.parametrize(
    "way", [pytest.param(name, id=shown) for name, shown in WAYS.items() if name != "sluice_transform"]
)


@pytest.fixture
def factory(world: World) -> Iterator[Factory]:
    """A factory beside a running app that no event reaches, with one upload."""
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    world.drop(NAME)
    assert world.visitor
    with running_factory(world.visitor.url, world.visitor.key) as factory:
        yield factory


@pytest.fixture
def with_pipeline(pipeline: RecordingService, factory: Factory) -> Factory:
    """The same, where the flow starts a pipeline."""
    assert pipeline.url
    return factory


def only_run(world: World) -> dict[str, Any]:
    (run,) = world.runs()
    return run


@every_way
def test_a_published_dataset_is_green_and_found(world: World, factory: Factory, way: str) -> None:
    ran = factory.run(way, **ASKED)
    assert ran.is_green
    run = only_run(world)
    assert (run["status"], run["caller_run_id"]) == ("published", ran.run_id)
    assert ran.variables == {"run_id": run["run_id"], "output_url": run["output_url"]}


@every_way
def test_monitoring_shows_no_key(world: World, factory: Factory, way: str) -> None:
    ran = factory.run(way, **ASKED, **({"waitSeconds": 0} if way == "sluice_transform" else {}))
    assert ran.is_green
    assert world.visitor
    shown = json.dumps([vars(activity) for activity in ran.activities.values()])
    for secret in (world.visitor.key, "sig=", "callback-token"):
        assert secret not in shown


@every_way
def test_rejected_data_is_red_and_says_why(world: World, factory: Factory, way: str) -> None:
    world.drop(NAME, BAD)
    ran = factory.run(way, **ASKED)
    assert ran.red.status == "Failed"
    assert ran.red.message.startswith("422")
    assert "contract_broken" in ran.red.message
    assert (only_run(world)["status"], ran.variables) == ("rejected", {})


@every_way
def test_a_pipeline_that_failed_is_red_and_its_dataset_stays(
    world: World, pipeline: RecordingService, with_pipeline: Factory, way: str
) -> None:
    pipeline.will(reply(200, {"status": "failed", "message": "no GPU is free"}))
    ran = with_pipeline.run(way, **ASKED)
    assert ran.red.message.startswith("500")
    assert "no GPU is free" in ran.red.message
    assert only_run(world)["status"] == "published"
    assert len(world.manifests()) == 1


@every_way
def test_an_activity_whose_time_is_up_is_red_and_the_run_goes_on(
    world: World, pipeline: RecordingService, with_pipeline: Factory, way: str
) -> None:
    pipeline.will(STILL_RUNNING)
    with_pipeline.caller.clock.is_stuck = lambda: bool(pipeline.asked)
    ran = with_pipeline.run(way, **ASKED, **({"waitSeconds": 0} if way == "sluice_transform" else {}))
    assert (ran.red.status, ran.is_green) == ("TimedOut", False)
    assert only_run(world)["finished_at"] is None


@every_waiting_way
def test_a_pipeline_that_outlasts_the_wait_of_its_flow_is_red(
    world: World, pipeline: RecordingService, way: str
) -> None:
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.declare(READINGS + THEN.replace("wait: 10m", "wait: 1s"))
    world.start()
    world.drop(NAME)
    pipeline.will(STILL_RUNNING, STILL_RUNNING)
    assert world.visitor
    with running_factory(world.visitor.url, world.visitor.key) as anew:
        ran = anew.run(way, **ASKED)
    assert ran.red.message.startswith("500")
    assert "timed_out" in ran.red.message


def test_a_transform_that_takes_longer_is_waited_for_by_its_link(world: World, factory: Factory) -> None:
    ran = factory.run("sluice_transform", **ASKED, waitSeconds=0)
    assert ran.is_green
    assert ran.activities["Wait for the end"].status == "Succeeded"
    assert ran.variables["output_url"] == only_run(world)["output_url"]


def test_the_app_calls_back_once(factory: Factory) -> None:
    assert factory.run("sluice_call_back", **ASKED).is_green
    assert len(factory.caller.callbacks.asked) == 1


@every_way
def test_running_a_pipeline_again_finds_the_same_run(world: World, factory: Factory, way: str) -> None:
    first, again = (factory.run(way, **ASKED) for _ in range(2))
    assert first.run_id != again.run_id
    assert first.variables == again.variables
    assert only_run(world)["caller_run_id"] == first.run_id


@every_way
def test_a_wrong_key_is_red_and_starts_nothing(world: World, way: str) -> None:
    world.start()
    assert world.visitor
    with running_factory(world.visitor.url, "wrong") as stranger:
        ran = stranger.run(way, **ASKED)
    assert ran.red.message.startswith("401")
    assert world.runs() == []


@every_way
def test_an_upload_that_is_not_there_is_red(world: World, factory: Factory, way: str) -> None:
    ran = factory.run(way, flow="readings", uploads=["readings/nobody.csv"])
    assert ran.red.message.startswith("404")
    assert world.runs() == []


def test_both_triggers_name_the_upload_as_the_app_does(world: World) -> None:
    text = READINGS.replace("flow: readings", "flow: flights").replace(
        "readings/{day}.csv", "flights/{year}/{month}.csv"
    )
    world.declare(text, "flights.yaml")
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    world.drop("flights/2013/01.csv")
    assert world.visitor
    with running_factory(world.visitor.url, world.visitor.key) as factory:
        by_upload = factory.fire("sluice_on_upload", body={"folderPath": "landing/flights/2013", "fileName": "01.csv"})
        by_window = factory.fire("sluice_every_month", outputs={"windowStartTime": "2013-01-01T00:00:00+00:00"})
    ran: list[PipelineRun] = [*by_upload, *by_window]
    assert [one.is_green for one in ran] == [True, True]
    assert only_run(world)["run_id"] == ran[0].variables["run_id"] == ran[1].variables["run_id"]
