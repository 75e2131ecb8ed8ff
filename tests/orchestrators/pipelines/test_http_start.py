"""Starting a pipeline over HTTP: what is sent, and what each answer means."""

from __future__ import annotations

import pytest

from demo.makers.recording import RecordingService, Reply, reply
from orchestrators.pipelines.http import HttpPipeline
from orchestrators.pipelines.port import Finished, PipelineCall, PipelineUnavailable, Refused, Started
from transforms.flow.then.http import HeaderAuth

RUN_ID = "20130131T060000Z-eccc0e07eed3"
KEY = HeaderAuth(header="X-Api-Key", setting="FLOW_KEY")


def call_of(service: RecordingService, **changes: object) -> PipelineCall:
    return PipelineCall.model_validate({"run_id": RUN_ID, "url": service.url, "body": {"rows": 3}} | changes)


def test_posts_the_body_with_the_run_id_as_idempotency_key(service: RecordingService, pipeline: HttpPipeline) -> None:
    service.will(reply(204))
    pipeline.start(call_of(service))
    [asked] = service.asked
    assert (asked.method, asked.path, asked.document) == ("POST", "/train", {"rows": 3})
    assert asked.headers["Idempotency-Key"] == RUN_ID
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.headers["User-Agent"].startswith("sluice")
    assert "Authorization" not in asked.headers


def test_sends_the_setting_in_the_header_that_the_flow_names(service: RecordingService, pipeline: HttpPipeline) -> None:
    service.will(reply(204))
    pipeline.start(call_of(service, auth=KEY))
    assert service.asked[0].headers["X-Api-Key"] == "the-very-secret-key"


@pytest.mark.parametrize(
    ("location", "asked_next"),
    [
        pytest.param("/jobs/7?sig=a", "{origin}/jobs/7?sig=a", id="absolute path"),
        pytest.param("jobs/7", "{origin}/jobs/7", id="relative path"),
        pytest.param("{origin}/jobs/7", "{origin}/jobs/7", id="absolute url"),
    ],
)
def test_202_with_a_location_is_started(
    location: str, asked_next: str, service: RecordingService, pipeline: HttpPipeline
) -> None:
    service.will(
        reply(202, {"run_id": "job-7", "link": "https://ml.example/7"}, Location=location.format(origin=service.origin))
    )
    assert pipeline.start(call_of(service)) == Started(
        run_id=RUN_ID,
        location=asked_next.format(origin=service.origin),
        target_run_id="job-7",
        link="https://ml.example/7",
    )


def test_retry_after_of_a_202_is_kept(service: RecordingService, pipeline: HttpPipeline) -> None:
    service.will(reply(202, Location="/jobs/7", Retry_After="5"))
    started = pipeline.start(call_of(service))
    assert isinstance(started, Started)
    assert started.retry_after_s == 5


@pytest.mark.parametrize("status", [200, 201])
def test_a_running_word_with_a_location_is_started(
    status: int, service: RecordingService, pipeline: HttpPipeline
) -> None:
    service.will(reply(status, {"status": "Queued"}, Location="/jobs/7"))
    assert isinstance(pipeline.start(call_of(service)), Started)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(reply(202, {"id": 7}), id="accepted"),
        pytest.param(reply(200, {"id": 7, "status": "running"}), id="running"),
        pytest.param(reply(202, {"id": 7}, Location="http://elsewhere.example/jobs/7"), id="other host over http"),
        pytest.param(reply(202, {"id": 7}, Location="http://[bad/jobs"), id="malformed location"),
    ],
)
def test_started_but_impossible_to_ask_is_unknown(
    told: Reply, service: RecordingService, pipeline: HttpPipeline
) -> None:
    service.will(told)
    finished = pipeline.start(call_of(service))
    assert isinstance(finished, Finished)
    assert (finished.status, finished.target_run_id) == ("unknown", "7")
    assert "Location" in str(finished.message)


@pytest.mark.parametrize(
    ("told", "status", "message"),
    [
        pytest.param(reply(200, {"auc": 0.7}), "succeeded", None, id="no status"),
        pytest.param(reply(201, {"status": "Completed"}), "succeeded", None, id="created and completed"),
        pytest.param(reply(200, {"status": "error", "message": "no rows"}), "failed", "no rows", id="failed"),
        pytest.param(reply(200, {"status": "canceled"}), "cancelled", None, id="cancelled in American"),
    ],
)
def test_2xx_with_an_object_is_finished(
    told: Reply, status: str, message: str | None, service: RecordingService, pipeline: HttpPipeline
) -> None:
    service.will(told)
    finished = pipeline.start(call_of(service))
    assert isinstance(finished, Finished)
    assert (finished.status, finished.message) == (status, message)
    assert finished.answer


@pytest.mark.parametrize("status", [200, 201, 204])
def test_2xx_without_a_body_has_succeeded(status: int, service: RecordingService, pipeline: HttpPipeline) -> None:
    service.will(reply(status))
    assert pipeline.start(call_of(service)) == Finished(status="succeeded")


@pytest.mark.parametrize(
    ("told", "code", "words"),
    [
        pytest.param(Reply(200, b"<html>Sign in</html>"), "not_json", "sign-in page", id="sign-in page"),
        pytest.param(Reply(203, b"<html>Sign in</html>"), "not_json", "sign-in page", id="sign-in page as 203"),
        pytest.param(reply(200, ["a", "list"]), "not_json", "JSON object", id="a list"),
        pytest.param(Reply(200, b'{"a": '), "not_json", "JSON object", id="half an object"),
        pytest.param(Reply(200, b"\xff\xfe\x00garbage"), "not_json", "JSON object", id="garbage"),
        pytest.param(Reply(200, b'{"a":' * 5000 + b"1" + b"}" * 5000), "not_json", "JSON object", id="nested deeply"),
        pytest.param(Reply(200, b'{"a":' * 120 + b"1" + b"}" * 120), "not_json", "JSON object", id="nested"),
        pytest.param(Reply(200, b" " * ((1 << 20) + 1)), "answer_too_large", "1 MB", id="huge"),
        pytest.param(
            Reply(200, b"not gzip", {"Content-Encoding": "gzip"}), "answer_too_large", "damaged", id="not gzip"
        ),
        pytest.param(reply(307, Location="/elsewhere?a=b"), "redirected", "/elsewhere is right", id="redirect"),
        pytest.param(
            reply(302, Location="https://login.example/"), "redirected", "login.example", id="sign-in redirect"
        ),
        pytest.param(reply(101), "http_101", "answered 101", id="switches to something else"),
        pytest.param(reply(400, {"message": "bad rows"}), "http_400", "400: bad rows", id="bad request"),
        pytest.param(reply(401), "http_401", "declares no `then.auth`", id="unauthorised"),
        pytest.param(reply(404), "http_404", "`then.url`", id="not found"),
        pytest.param(reply(409, {"detail": "again?"}), "http_409", "again?", id="conflict"),
        pytest.param(reply(422, {"detail": [{"loc": ["rows"]}]}), "http_422", '"loc"', id="unprocessable"),
        pytest.param(
            Reply(418, b"a  pot\n", {"Content-Type": "text/plain"}), "http_418", "418: a pot", id="plain text"
        ),
        pytest.param(
            Reply(400, b"<html>no</html>", {"Content-Type": "text/html"}), "http_400", "answered 400", id="html"
        ),
    ],
)
def test_what_asking_again_cannot_mend_is_refused(
    told: Reply, code: str, words: str, service: RecordingService, pipeline: HttpPipeline
) -> None:
    service.will(told)
    refused = pipeline.start(call_of(service))
    assert isinstance(refused, Refused)
    assert refused.code == code
    assert words in refused.message
    assert len(service.asked) == 1


def test_a_refused_key_names_its_setting(service: RecordingService, pipeline: HttpPipeline) -> None:
    service.will(reply(403))
    refused = pipeline.start(call_of(service, auth=KEY))
    assert isinstance(refused, Refused)
    assert "FLOW_KEY" in refused.message


@pytest.mark.parametrize(
    ("told", "wait_s"),
    [
        pytest.param(reply(503), None, id="unavailable"),
        pytest.param(reply(500, {"message": "full"}), None, id="server error"),
        pytest.param(reply(429, Retry_After="7"), 7, id="too many requests"),
        pytest.param(reply(408), None, id="request timeout"),
        pytest.param(reply(503, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), 0, id="date in the past"),
        pytest.param(reply(503, Retry_After="Fri, 01 Jan 2999 00:00:00 GMT"), 3600, id="date far away"),
        pytest.param(reply(503, Retry_After="soon"), None, id="no time at all"),
        pytest.param(reply(409, Retry_After="2"), 2, id="first call with this key still at work"),
    ],
)
def test_passing_trouble_is_raised_without_a_second_post(
    told: Reply, wait_s: float | None, service: RecordingService, pipeline: HttpPipeline
) -> None:
    service.will(told)
    with pytest.raises(PipelineUnavailable, match=str(told.status)) as raised:
        pipeline.start(call_of(service))
    assert raised.value.retry_after_s == wait_s
    assert len(service.asked) == 1


def test_large_entries_are_left_out_by_name(service: RecordingService, pipeline: HttpPipeline) -> None:
    service.will(reply(200, {"predictions": [0.5] * 10_000, "scores": {"auc": 0.7}}))
    finished = pipeline.start(call_of(service))
    assert isinstance(finished, Finished)
    assert finished.answer == {"scores": {"auc": 0.7}}
    assert finished.message == "left out of the answer, too large: predictions"


def test_numbers_that_json_does_not_know_become_null(service: RecordingService, pipeline: HttpPipeline) -> None:
    service.will(Reply(200, b'{"auc": NaN, "loss": 1e999, "rows": 3, "half": "\\ud800"}'))
    finished = pipeline.start(call_of(service))
    assert isinstance(finished, Finished)
    assert finished.answer == {"auc": None, "loss": None, "rows": 3, "half": "?"}
    assert Finished.from_dict(finished.to_dict()) == finished
