"""Callbacks: the WebHook activity of Data Factory waits for one, and reads its status from it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from demo.makers.recording import RecordingService, recording_service, reply
from tests.end_to_end.conftest import GOOD, World
from tests.waiting import wait_for

NAME = "readings/monday.csv"
RUNS = "flows/readings/runs"
SECRET = "a-token-that-nobody-else-may-see"


@pytest.fixture
def caller() -> Iterator[RecordingService]:
    """Whoever waits to be called back."""
    with recording_service() as service:
        yield service


@pytest.fixture
def started(world: World) -> World:
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    world.drop(NAME)
    return world


def uri(caller: RecordingService, path: str = "one") -> str:
    return f"{caller.origin}/callback/{SECRET}/{path}?token={SECRET}"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        pytest.param(GOOD, "200", None, id="published"),
        pytest.param(b"id,kwh\none,-1\n", "422", "contract_broken", id="rejected"),
    ],
)
def test_the_end_of_a_run_is_told(
    started: World, caller: RecordingService, content: bytes, status: str, code: str | None
) -> None:
    caller.will(reply(200))
    started.drop(NAME, content)
    run = started.post(RUNS, {"uploads": [NAME], "callBackUri": uri(caller)})
    assert run.status == 202
    wait_for(lambda: caller.asked, "the callback")
    (asked,) = caller.asked
    told = asked.document
    assert (asked.method, asked.headers["Content-Type"]) == ("POST", "application/json")
    assert told["StatusCode"] == status
    assert told["Output"]["run_id"] == run.json["run_id"]
    assert told.get("Error", {}).get("ErrorCode") == code


def test_a_callback_is_repeated_until_it_is_accepted_and_then_never(started: World, caller: RecordingService) -> None:
    caller.will(reply(503, Retry_After="0"), reply(200))
    body = {"uploads": [NAME], "callBackUri": uri(caller), "wait": 60}
    run_id = started.post(RUNS, body).json["run_id"]
    assert started.visitor
    started.visitor.finished(run_id)
    assert len(caller.asked) == 2
    assert started.post(RUNS, body).status == 200
    started.visitor.finished(run_id)
    assert len(caller.asked) == 2


def test_each_caller_is_told_also_one_who_comes_after_the_end(started: World, caller: RecordingService) -> None:
    caller.will(reply(200), reply(200), reply(200))
    for path in ("one", "two"):
        started.post(RUNS, {"uploads": [NAME], "callBackUri": uri(caller, path)})
    run_id = started.post(RUNS, {"uploads": [NAME], "wait": 60}).json["run_id"]
    assert started.visitor
    started.visitor.finished(run_id)
    late = started.post(RUNS, {"uploads": [NAME], "callBackUri": uri(caller, "three")})
    assert late.status == 200
    wait_for(lambda: len(caller.asked) == 3, "the late callback")
    assert {asked.path.split("?")[0].rpartition("/")[2] for asked in caller.asked} == {"one", "two", "three"}


def test_a_callback_that_is_refused_for_good_is_left(started: World, caller: RecordingService) -> None:
    caller.will(reply(410))
    run_id = started.post(RUNS, {"uploads": [NAME], "callBackUri": uri(caller), "wait": 60}).json["run_id"]
    assert started.visitor
    started.visitor.finished(run_id)
    (name,) = started.blobs("staging")
    assert started.document("staging", name) == {"state": "refused", "uri": None, "message": "answered 410"}


def test_the_address_is_in_no_log_no_history_and_no_answer(
    started: World, caller: RecordingService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    caller.will(reply(503, Retry_After="0"), reply(200))
    run_id = started.post(RUNS, {"uploads": [NAME], "callBackUri": uri(caller), "wait": 60}).json["run_id"]
    assert started.visitor
    started.visitor.finished(run_id)
    history = started.visitor.call("GET", f"/runtime/webhooks/durabletask/instances/{run_id}?showHistory=true")
    (name,) = started.blobs("staging")
    left = [history.text, caplog.text, started.document("staging", name), started.runs(), started.get("uploads").json]
    assert SECRET not in json.dumps(left)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        pytest.param("https://evil.example/callback", "CALLBACK_HOSTS", id="host that is not listed"),
        pytest.param("http://ml.example/callback", "https", id="plain http"),
        pytest.param("https://127.0.0.1.evil.example/", "CALLBACK_HOSTS", id="host that looks listed"),
        pytest.param("https://user:pw@127.0.0.1/", "user", id="user in the address"),
        pytest.param("file:///etc/passwd", "https", id="no http"),
        pytest.param("callback", "https", id="no URL"),
    ],
)
def test_an_address_that_is_not_allowed_is_refused_at_once(started: World, address: str, told: str) -> None:
    answer = started.post(RUNS, {"uploads": [NAME], "callBackUri": address})
    assert (answer.status, answer.json["title"]) == (400, "Callback not allowed")
    assert told in answer.json["detail"]
    assert started.runs() == []
