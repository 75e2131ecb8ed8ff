"""Asking and ending a run of each maker's service: every documented word, and every way not to learn one."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from azure.core.exceptions import AzureError

from demo.makers.recording import RecordingService, Reply, reply
from orchestrators.pipelines.choose import SERVICES
from orchestrators.pipelines.port import Finished, Pipeline, PipelineUnavailable, Refused, Started, StillRunning
from orchestrators.pipelines.sending import Sender
from tests.orchestrators.pipelines.fake_credential import FakeCredential
from tests.orchestrators.pipelines.services import CASES, Case, target

pytestmark = pytest.mark.usefixtures("trusted")

every_service = pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
ML_RUNNING = (
    "NotStarted Starting Provisioning Preparing Queued Running Finalizing CancelRequested NotResponding Paused Unknown"
)
ML_ENDS = {"Completed": "succeeded", "Failed": "failed", "Canceled": "cancelled"}
FACTORY_ENDS = {"Succeeded": "succeeded", "Failed": "failed", "Cancelled": "cancelled"}
RUNNING = {
    "azure_devops": "unknown inProgress canceling inProgress/succeeded",
    "azureml_batch": ML_RUNNING,
    "azureml_job": ML_RUNNING,
    "azureml_published": f"{ML_RUNNING} Unapproved Pausing",
    "data_factory": "Queued InProgress Canceling",
    "databricks": "QUEUED PENDING RUNNING TERMINATING BLOCKED WAITING_FOR_RETRY RUNNING/SUCCESS",
    "synapse": "Queued InProgress Canceling",
}
ENDS: dict[str, dict[str, str]] = {
    "azure_devops": {
        "completed/succeeded": "succeeded",
        "completed/failed": "failed",
        "completed/canceled": "cancelled",
        "completed/unknown": "unknown",
        "completed": "unknown",
    },
    "azureml_batch": ML_ENDS,
    "azureml_job": ML_ENDS,
    "azureml_published": ML_ENDS,
    "data_factory": FACTORY_ENDS,
    "databricks": {
        "TERMINATED/SUCCESS": "succeeded",
        "TERMINATED/SUCCESS_WITH_FAILURES": "succeeded",
        "TERMINATED/FAILED": "failed",
        "TERMINATED/TIMEDOUT": "failed",
        "TERMINATED/UPSTREAM_FAILED": "failed",
        "TERMINATED/MAXIMUM_CONCURRENT_RUNS_REACHED": "failed",
        "TERMINATED/CANCELED": "cancelled",
        "TERMINATED/UPSTREAM_CANCELED": "cancelled",
        "TERMINATED/EXCLUDED": "cancelled",
        "TERMINATED/DISABLED": "cancelled",
        "TERMINATED/A_NEW_RESULT": "unknown",
        "TERMINATED": "unknown",
        "SKIPPED": "cancelled",
        "INTERNAL_ERROR": "failed",
    },
    "synapse": FACTORY_ENDS,
}


def started_run(case: Case, service: RecordingService, sender: Sender) -> tuple[Pipeline, Started]:
    """A run that the service has begun; what was asked for it is forgotten."""
    service.will(reply(case.starts_with[0], case.started))
    pipeline, call = target(case, service.origin, sender)
    started = pipeline.start(call)
    assert isinstance(started, Started)
    service.asked.clear()
    return pipeline, started


def test_every_service_has_its_words() -> None:
    assert set(RUNNING) == set(ENDS) == set(SERVICES)


@every_service
def test_looks_where_the_run_is(
    case: Case, tls_service: RecordingService, sender: Sender, credential: FakeCredential
) -> None:
    pipeline, started = started_run(case, tls_service, sender)
    credential.scopes.clear()
    tls_service.will(reply(200, case.standing(RUNNING[case.kind].split()[0])))
    pipeline.check(started)
    [asked] = tls_service.asked
    assert (asked.method, asked.path, asked.body) == ("GET", case.look, b"")
    assert credential.scopes == [case.look_scope or case.scope]


@pytest.mark.parametrize(
    ("case", "word"),
    [pytest.param(case, word, id=f"{case.kind} {word}") for case in CASES for word in RUNNING[case.kind].split()],
)
def test_a_word_of_a_run_keeps_waiting_as_told(
    case: Case, word: str, tls_service: RecordingService, sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline, started = started_run(case, tls_service, sender)
    tls_service.will(reply(200, case.standing(word), Retry_After="9"))
    checked = pipeline.check(started)
    assert isinstance(checked, StillRunning)
    assert (checked.word, checked.started.retry_after_s) == (word.partition("/")[0], 9)
    assert checked.started.location == started.location
    assert "is no word" not in caplog.text


@pytest.mark.parametrize(
    ("case", "word", "status"),
    [
        pytest.param(case, word, end, id=f"{case.kind} {word}")
        for case in CASES
        for word, end in ENDS[case.kind].items()
    ],
)
def test_a_last_word_is_an_end(
    case: Case, word: str, status: str, tls_service: RecordingService, sender: Sender
) -> None:
    pipeline, started = started_run(case, tls_service, sender)
    tls_service.will(reply(200, case.standing(word)))
    finished = pipeline.check(started)
    assert isinstance(finished, Finished)
    assert (finished.status, finished.target_run_id) == (status, case.target_run_id)
    assert finished.link == case.link


@every_service
def test_a_failure_is_told_in_the_services_words(case: Case, tls_service: RecordingService, sender: Sender) -> None:
    pipeline, started = started_run(case, tls_service, sender)
    failed = next(word for word, end in ENDS[case.kind].items() if end == "failed")
    tls_service.will(reply(200, case.standing(failed, "too few rows; see https://ml.example/log?sig=secret")))
    finished = pipeline.check(started)
    assert isinstance(finished, Finished)
    assert "too few rows; see https://ml.example/log?..." in str(finished.message)


@every_service
@pytest.mark.parametrize("word", ["Hibernating", ""])
def test_an_unknown_word_keeps_waiting_and_is_logged(
    case: Case, word: str, tls_service: RecordingService, sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline, started = started_run(case, tls_service, sender)
    tls_service.will(reply(200, case.standing(word)))
    with caplog.at_level(logging.WARNING):
        assert isinstance(pipeline.check(started), StillRunning)
    assert f"{word!r} is no word of the service" in caplog.text


@every_service
@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"status": 5, "state": 5, "properties": 5}, id="numbers"),
        pytest.param({"status": {}, "state": [], "properties": {"status": [], "services": []}}, id="other shapes"),
    ],
)
def test_an_answer_without_a_word_keeps_waiting(
    case: Case, body: dict[str, Any], tls_service: RecordingService, sender: Sender
) -> None:
    pipeline, started = started_run(case, tls_service, sender)
    tls_service.will(reply(200, body))
    checked = pipeline.check(started)
    assert isinstance(checked, StillRunning)
    assert checked.word is None


@every_service
@pytest.mark.parametrize(
    ("told", "words"),
    [
        pytest.param(reply(401), "needs", id="token is refused"),
        pytest.param(reply(403), "needs", id="role is missing"),
        pytest.param(reply(404), "Check `then.", id="run is gone"),
        pytest.param(Reply(203, b"<html>Sign in</html>"), "not a JSON object", id="sign-in page"),
        pytest.param(reply(302, Location="https://login.example/"), "redirects are not followed", id="redirect"),
        pytest.param(reply(204), "nothing in it", id="no content"),
    ],
)
def test_an_end_that_cannot_be_learnt_is_unknown(
    told: Reply, words: str, case: Case, tls_service: RecordingService, sender: Sender
) -> None:
    pipeline, started = started_run(case, tls_service, sender)
    tls_service.will(told)
    finished = pipeline.check(started)
    assert isinstance(finished, Finished)
    assert (finished.status, finished.target_run_id) == ("unknown", case.target_run_id)
    assert words in str(finished.message)


@every_service
@pytest.mark.parametrize(
    ("told", "wait_s"),
    [
        pytest.param(reply(429, Retry_After="30"), 30, id="throttled"),
        pytest.param(reply(409), None, id="conflict"),
        pytest.param(reply(503), None, id="unavailable"),
        pytest.param(Reply(breaks="hang up"), None, id="hung up"),
    ],
)
def test_passing_trouble_is_raised(
    told: Reply, wait_s: float | None, case: Case, tls_service: RecordingService, sender: Sender
) -> None:
    pipeline, started = started_run(case, tls_service, sender)
    tls_service.will(told)
    with pytest.raises(PipelineUnavailable) as raised:
        pipeline.check(started)
    assert raised.value.retry_after_s == wait_s
    assert not isinstance(raised.value.__cause__, AzureError)


CANCELLABLE = [case for case in CASES if case.stop]


@pytest.mark.parametrize("case", CANCELLABLE, ids=lambda case: case.kind)
@pytest.mark.parametrize("status", [200, 202, 204])
def test_ends_a_run_as_documented(case: Case, status: int, tls_service: RecordingService, sender: Sender) -> None:
    pipeline, started = started_run(case, tls_service, sender)
    tls_service.will(reply(status))
    assert pipeline.cancel(started) is None
    [asked] = tls_service.asked
    assert case.stop
    method, path, body = case.stop
    assert (asked.method, asked.path) == (method, path)
    assert (asked.document if body else asked.body) == (body or b"")


@pytest.mark.parametrize("case", CANCELLABLE, ids=lambda case: case.kind)
def test_an_end_that_is_refused_is_told(case: Case, tls_service: RecordingService, sender: Sender) -> None:
    pipeline, started = started_run(case, tls_service, sender)
    tls_service.will(reply(403), reply(503))
    refused = pipeline.cancel(started)
    assert isinstance(refused, Refused)
    assert refused.code == "http_403"
    with pytest.raises(PipelineUnavailable, match="503"):
        pipeline.cancel(started)


@pytest.mark.parametrize("case", [case for case in CASES if not case.stop], ids=lambda case: case.kind)
def test_a_service_without_a_way_to_end_a_run_says_so(
    case: Case, tls_service: RecordingService, sender: Sender
) -> None:
    pipeline, started = started_run(case, tls_service, sender)
    refused = pipeline.cancel(started)
    assert isinstance(refused, Refused)
    assert (refused.code, tls_service.asked) == ("no_cancel", [])
