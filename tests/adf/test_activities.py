"""The simulated activities are as strict as the real ones are said to be."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from demo.makers.recording import RecordingService, Reply, recording_service, reply
from tests.adf.activities import MOST_BYTES, ActivityFailed, ActivityTimedOut, Caller
from tests.waiting import wait_for

HEADERS = {"Content-Type": "application/json", "x-functions-key": "a-key"}


@pytest.fixture
def app() -> Iterator[RecordingService]:
    with recording_service() as service:
        yield service


@pytest.fixture
def caller() -> Iterator[Caller]:
    with recording_service() as callbacks:
        yield Caller(callbacks)


def asked(app: RecordingService, **more: Any) -> dict[str, Any]:
    return {"method": "POST", "url": f"{app.origin}/start", "headers": HEADERS, "body": "{}", **more}


def function(app: RecordingService, caller: Caller) -> Any:
    return caller.azure_function(asked(app, functionName="start"), app.origin, "a-key")


def test_a_web_activity_follows_location_and_keeps_its_key_to_itself(app: RecordingService, caller: Caller) -> None:
    app.will(reply(202, {}, Location="/status/1", Retry_After="7"), reply(202, {}, Location="/status/1"))
    app.will(reply(200, {"status": "published"}))
    assert caller.web(asked(app), "0.00:10:00") == {"status": "published"}
    assert [(call.method, call.path) for call in app.asked] == [("POST", "/start"), *[("GET", "/status/1")] * 2]
    assert ["a-key" in call.headers.values() for call in app.asked] == [True, False, False]
    assert caller.clock.now_s == 12


def test_a_web_activity_gives_up_when_its_time_is_up(app: RecordingService, caller: Caller) -> None:
    app.routes["POST", "/start"] = app.routes["GET", "/status/1"] = reply(202, {}, Location="/status/1")
    with pytest.raises(ActivityTimedOut):
        caller.web(asked(app), "0.00:00:12")
    assert len(app.asked) == 3


def test_an_azure_function_activity_does_not_wait(app: RecordingService, caller: Caller) -> None:
    app.will(reply(202, {"status": "running"}, Location="/status/1"))
    assert function(app, caller) == {"status": "running"}
    assert [(call.path, call.headers["X-Functions-Key"]) for call in app.asked] == [("/api/start", "a-key")]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(reply(422, {"detail": "bad rows"}), "422.*bad rows", id="refused"),
        pytest.param(reply(200, []), "not a valid JObject", id="array"),
        pytest.param(Reply(204), "not a valid JObject", id="nothing"),
        pytest.param(Reply(200, b"<html>"), "not a valid JObject", id="page"),
        pytest.param(reply(200, {"x": "x" * MOST_BYTES}), "larger than", id="too large"),
        pytest.param(Reply(breaks="reset"), "http", id="reset"),
    ],
)
def test_an_answer_that_data_factory_does_not_take_is_red(
    app: RecordingService, caller: Caller, answer: Reply, told: str
) -> None:
    app.will(answer, answer)
    with pytest.raises(ActivityFailed, match=told):
        caller.web(asked(app), "0.00:10:00")
    with pytest.raises(ActivityFailed, match=told):
        function(app, caller)


def test_silence_is_a_time_out(app: RecordingService, caller: Caller) -> None:
    app.will(Reply(breaks="silence"))
    caller.http_limits_s["AzureFunctionActivity"] = 0.1
    with pytest.raises(ActivityTimedOut, match="no answer within"):
        function(app, caller)


def called_back(app: RecordingService, caller: Caller, told: Any) -> Any:
    """What a WebHook activity makes of a callback."""

    def call() -> None:
        posted = wait_for(lambda: app.asked, "the activity's call")[0]
        content = json.dumps(told).encode()
        with urllib.request.urlopen(posted.document["callBackUri"], content, timeout=60):  # noqa: S310  loopback
            pass

    app.will(reply(202, {}))
    thread = threading.Thread(target=call)
    thread.start()
    try:
        return caller.web_hook(asked(app, timeout="1.00:00:00", reportStatusOnCallBack=True))
    finally:
        thread.join()


def test_a_web_hook_waits_for_its_callback(app: RecordingService, caller: Caller) -> None:
    assert called_back(app, caller, {"Output": {"rows": 2}, "StatusCode": "200"}) == {"rows": 2}


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        pytest.param(
            {"StatusCode": "422", "Error": {"ErrorCode": "contract_broken", "Message": "9 rows"}},
            "422: contract_broken: 9 rows",
            id="reported error",
        ),
        pytest.param({"StatusCode": 200}, "no string", id="status as a number"),
    ],
)
def test_a_callback_can_turn_a_web_hook_red(app: RecordingService, caller: Caller, told: Any, shown: str) -> None:
    with pytest.raises(ActivityFailed, match=shown):
        called_back(app, caller, told)


def test_a_web_hook_that_nobody_calls_back_is_red(app: RecordingService, caller: Caller) -> None:
    app.will(reply(202, {}))
    with pytest.raises(ActivityTimedOut):
        caller.web_hook(asked(app, timeout="0.00:00:10"))
