"""Asking a started pipeline how it is doing."""

from __future__ import annotations

import logging

import pytest

from demo.makers.recording import RecordingService, Reply, recording_service, reply
from orchestrators.pipelines.http import HttpPipeline
from orchestrators.pipelines.port import Finished, PipelineUnavailable, Started, StillRunning
from transforms.flow.then.http import HeaderAuth

KEY = HeaderAuth(header="X-Api-Key", setting="FLOW_KEY")


def started_at(service: RecordingService, **changes: object) -> Started:
    known = {"run_id": "r1", "location": f"{service.origin}/jobs/7?sig=a", "target_run_id": "job-7"}
    return Started.model_validate(known | changes)


def test_asks_the_location_with_the_credentials_of_the_call(service: RecordingService, pipeline: HttpPipeline) -> None:
    service.will(reply(202))
    pipeline.check(started_at(service, auth=KEY))
    [asked] = service.asked
    assert (asked.method, asked.path, asked.body) == ("GET", "/jobs/7?sig=a", b"")
    assert asked.headers["X-Api-Key"] == "the-very-secret-key"


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(Reply(202, b"still at it", {"Retry-After": "9"}), id="accepted"),
        pytest.param(reply(200, {"status": "RUNNING"}, Retry_After="9"), id="running"),
        pytest.param(reply(200, {"status": "queued"}, Retry_After="9"), id="queued"),
        pytest.param(reply(200, {"status": "pending"}, Retry_After="9"), id="pending"),
    ],
)
def test_still_running_is_asked_at_the_same_place(
    told: Reply, service: RecordingService, pipeline: HttpPipeline
) -> None:
    service.will(told)
    checked = pipeline.check(started_at(service))
    assert isinstance(checked, StillRunning)
    assert checked.started == started_at(service, retry_after_s=9.0)
    assert StillRunning.from_dict(checked.to_dict()) == checked


def test_a_word_outside_the_contract_means_running_and_is_logged(
    service: RecordingService, pipeline: HttpPipeline, caplog: pytest.LogCaptureFixture
) -> None:
    service.will(reply(200, {"status": "Finalizing\nERROR forged"}))
    with caplog.at_level(logging.INFO):
        checked = pipeline.check(started_at(service))
    assert isinstance(checked, StillRunning)
    assert checked.word == "finalizing error forged"
    assert "run r1: the pipeline's status 'finalizing error forged' is no word of the contract" in caplog.text


def test_follows_a_location_that_moves_on_the_same_host(service: RecordingService, pipeline: HttpPipeline) -> None:
    service.will(reply(202, Location="8"))
    checked = pipeline.check(started_at(service, auth=KEY))
    assert isinstance(checked, StillRunning)
    assert (checked.started.location, checked.started.auth) == (f"{service.origin}/jobs/8", KEY)


def test_another_host_is_asked_without_the_credentials(service: RecordingService, pipeline: HttpPipeline) -> None:
    service.will(reply(202, Location="https://elsewhere.example/jobs/7"))
    checked = pipeline.check(started_at(service, auth=KEY))
    assert isinstance(checked, StillRunning)
    assert (checked.started.location, checked.started.auth) == ("https://elsewhere.example/jobs/7", None)


def test_credentials_do_not_return_from_another_host(service: RecordingService, pipeline: HttpPipeline) -> None:
    with recording_service() as elsewhere:
        service.will(reply(202, Location=f"{elsewhere.origin}/jobs/7"), reply(202))
        elsewhere.will(reply(202, Location=f"{service.origin}/jobs/7"))
        checked = pipeline.check(started_at(service, auth=KEY))
        for _ in range(2):
            assert isinstance(checked, StillRunning)
            checked = pipeline.check(checked.started)
    with_key = [asked for asked in (*service.asked, *elsewhere.asked) if "X-Api-Key" in asked.headers]
    assert (len(service.asked), len(elsewhere.asked)) == (2, 1)
    assert with_key == [service.asked[0]]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        pytest.param("Succeeded", "succeeded", id="succeeded"),
        pytest.param("success", "succeeded", id="success"),
        pytest.param("COMPLETED", "succeeded", id="completed"),
        pytest.param(" ok ", "succeeded", id="ok"),
        pytest.param("failed", "failed", id="failed"),
        pytest.param("error", "failed", id="error"),
        pytest.param("cancelled", "cancelled", id="cancelled"),
        pytest.param("Canceled", "cancelled", id="canceled"),
    ],
)
def test_an_end_is_told_with_its_answer(
    word: str, status: str, service: RecordingService, pipeline: HttpPipeline
) -> None:
    service.will(reply(200, {"status": word, "scores": {"auc": 0.71}, "message": "done"}))
    assert pipeline.check(started_at(service)) == Finished.model_validate(
        {
            "status": status,
            "target_run_id": "job-7",
            "message": "done",
            "answer": {"status": word, "scores": {"auc": 0.71}, "message": "done"},
        }
    )


@pytest.mark.parametrize(
    "told", [pytest.param(reply(200, {}), id="no status"), pytest.param(reply(204), id="no content")]
)
def test_2xx_without_a_status_is_the_end(told: Reply, service: RecordingService, pipeline: HttpPipeline) -> None:
    service.will(told)
    finished = pipeline.check(started_at(service))
    assert isinstance(finished, Finished)
    assert (finished.status, finished.target_run_id) == ("succeeded", "job-7")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        pytest.param(reply(404, {"message": "no such job"}), "404: no such job", id="job is gone"),
        pytest.param(reply(401), "FLOW_KEY", id="key is refused"),
        pytest.param(Reply(200, b"<html>Sign in</html>"), "not a JSON object", id="sign-in page"),
        pytest.param(reply(302, Location="https://login.example/"), "redirects are not followed", id="redirect"),
        pytest.param(reply(202, Location="http://elsewhere.example/"), "is not https", id="moves to plain http"),
    ],
)
def test_an_end_that_cannot_be_learnt_is_unknown(
    told: Reply, words: str, service: RecordingService, pipeline: HttpPipeline
) -> None:
    service.will(told)
    finished = pipeline.check(started_at(service, auth=KEY))
    assert isinstance(finished, Finished)
    assert (finished.status, finished.target_run_id) == ("unknown", "job-7")
    assert words in str(finished.message)


def test_passing_trouble_is_raised_with_the_wait_asked_for(service: RecordingService, pipeline: HttpPipeline) -> None:
    service.will(reply(503, {"error": {"message": "restarting"}}, Retry_After="30"))
    with pytest.raises(PipelineUnavailable, match=r"503: restarting \(retry after 30 s\)"):
        pipeline.check(started_at(service))


def test_a_setting_that_went_away_leaves_the_end_unknown(service: RecordingService, pipeline: HttpPipeline) -> None:
    gone = HeaderAuth(header="X-Api-Key", setting="FLOW_GONE")
    finished = pipeline.check(started_at(service, auth=gone))
    assert isinstance(finished, Finished)
    assert finished.status == "unknown"
    assert "FLOW_GONE" in str(finished.message)
    assert service.asked == []
