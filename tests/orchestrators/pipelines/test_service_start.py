"""Starting a run of each maker's service: what is sent, and what each documented answer means."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from demo.makers.examples import answer
from demo.makers.recording import RecordingService, Reply, reply
from orchestrators.pipelines.choose import SERVICES
from orchestrators.pipelines.port import Finished, Pipeline, PipelineCall, PipelineUnavailable, Refused, Started
from orchestrators.pipelines.sending import Sender
from tests.orchestrators.pipelines.fake_credential import TOKEN, FakeCredential
from tests.orchestrators.pipelines.services import AZUREML_JOB, CASES, RUN_ID, WORKSPACE, Case, target

pytestmark = pytest.mark.usefixtures("trusted")

HTML = {"Content-Type": "text/html; charset=utf-8"}
every_service = pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
Target = Callable[..., tuple[Pipeline, PipelineCall]]


@pytest.fixture
def at(tls_service: RecordingService, sender: Sender) -> Target:
    """The adapter of a case, and its call of the recording service."""
    return lambda case, **changes: target(case, tls_service.origin, sender, **changes)


def test_every_service_has_a_case() -> None:
    assert {case.kind for case in CASES} == set(SERVICES)


@every_service
def test_sends_what_the_service_documents(
    case: Case, at: Target, tls_service: RecordingService, credential: FakeCredential
) -> None:
    tls_service.will(reply(case.starts_with[0], case.started))
    pipeline, call = at(case)
    pipeline.start(call)
    [asked] = tls_service.asked
    assert (asked.method, asked.path, asked.document) == (case.method, case.path, case.sent)
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert credential.scopes == [case.scope]


@pytest.mark.parametrize(
    ("case", "status"),
    [pytest.param(case, code, id=f"{case.kind} {code}") for case in CASES for code in case.starts_with],
)
def test_a_documented_success_is_started(case: Case, status: int, at: Target, tls_service: RecordingService) -> None:
    tls_service.will(reply(status, case.started, Retry_After="7"))
    pipeline, call = at(case)
    started = pipeline.start(call)
    assert isinstance(started, Started)
    assert (started.run_id, started.target_run_id) == (RUN_ID, case.target_run_id)
    assert started.location == tls_service.origin + case.look
    assert started.retry_after_s == 7
    assert Started.from_dict(started.to_dict()) == started


@pytest.mark.parametrize(
    ("case", "status"),
    [
        pytest.param(case, code, id=f"{case.kind} {code}")
        for case in CASES
        for code in (200, 201, 202, 204)
        if code not in case.starts_with
    ],
)
def test_an_undocumented_success_leaves_the_end_unknown(
    case: Case, status: int, at: Target, tls_service: RecordingService
) -> None:
    tls_service.will(reply(status, None if status == 204 else case.started))
    pipeline, call = at(case)
    finished = pipeline.start(call)
    assert isinstance(finished, Finished)
    assert finished.status == "unknown"
    assert f"answered {status}" in str(finished.message)


@every_service
@pytest.mark.parametrize(
    "body", [pytest.param({}, id="empty"), pytest.param({"run_id": [], "runId": "", "Id": 0}, id="odd")]
)
def test_a_success_that_names_no_run_leaves_the_end_unknown(
    case: Case, body: dict[str, Any], at: Target, tls_service: RecordingService
) -> None:
    tls_service.will(reply(case.starts_with[0], body))
    pipeline, call = at(case)
    finished = pipeline.start(call)
    assert isinstance(finished, Finished)
    assert (finished.status, finished.target_run_id) == ("unknown", None)
    assert "without naming the run" in str(finished.message)


@every_service
@pytest.mark.parametrize("status", [401, 403])
def test_who_is_not_allowed_learns_the_audience_and_the_role(
    case: Case, status: int, at: Target, tls_service: RecordingService
) -> None:
    tls_service.will(reply(status, answer("azure_error.json", 404)))
    pipeline, call = at(case)
    refused = pipeline.start(call)
    assert isinstance(refused, Refused)
    assert refused.code == f"http_{status}"
    assert case.scope.removesuffix("/.default") in refused.message
    assert "The app's identity needs" in refused.message


@every_service
def test_what_is_not_there_is_told_with_its_fields_and_settings(
    case: Case, at: Target, tls_service: RecordingService
) -> None:
    tls_service.will(reply(404, answer("azure_error.json", 404)))
    pipeline, call = at(case)
    refused = pipeline.start(call.model_copy(update={"settings": ("FLOW_PLACE",)}))
    assert isinstance(refused, Refused)
    assert refused.code == "http_404"
    assert "The resource was not found. Check `then." in refused.message.replace("..", ".")
    assert "FLOW_PLACE" in refused.message


@every_service
@pytest.mark.parametrize(
    ("told", "code"),
    [
        pytest.param(Reply(200, b"<html>Sign in</html>", HTML), "not_json", id="sign-in page"),
        pytest.param(Reply(203, b"<html>Sign in</html>", HTML), "not_json", id="sign-in page as 203"),
        pytest.param(reply(302, Location="https://login.example/"), "redirected", id="sign-in redirect"),
        pytest.param(reply(400, answer("databricks/error.json", 400)), "http_400", id="bad request of Databricks"),
        pytest.param(reply(400, answer("azure_devops/error.json", 404)), "http_400", id="bad request of DevOps"),
        pytest.param(reply(400, answer("azure_error.json", 404)), "http_400", id="bad request of Azure"),
        pytest.param(Reply(200, b" " * ((1 << 20) + 1)), "answer_too_large", id="huge"),
    ],
)
def test_what_asking_again_cannot_mend_is_refused(
    told: Reply, code: str, case: Case, at: Target, tls_service: RecordingService
) -> None:
    tls_service.will(told)
    pipeline, call = at(case)
    refused = pipeline.start(call)
    assert isinstance(refused, Refused)
    assert refused.code == code
    assert len(tls_service.asked) == 1
    if code == "http_400":
        body = json.loads(told.body)
        assert body.get("message", body.get("error", {}).get("message"))[:-1] in refused.message


@every_service
@pytest.mark.parametrize(
    ("told", "wait_s"),
    [
        pytest.param(reply(429, answer("azure_error.json", 404), Retry_After="17"), 17, id="throttled"),
        pytest.param(reply(429), None, id="throttled without a wait"),
        pytest.param(reply(408), None, id="request timeout"),
        pytest.param(reply(500), None, id="server error"),
        pytest.param(Reply(502, b"<html>Bad gateway</html>", HTML), None, id="bad gateway"),
        pytest.param(reply(503, Retry_After="30"), 30, id="unavailable"),
        pytest.param(reply(504), None, id="gateway timeout"),
    ],
)
def test_passing_trouble_is_raised_after_one_request(
    told: Reply, wait_s: float | None, case: Case, at: Target, tls_service: RecordingService
) -> None:
    tls_service.will(told)
    pipeline, call = at(case)
    with pytest.raises(PipelineUnavailable, match=str(told.status)) as raised:
        pipeline.start(call)
    assert raised.value.retry_after_s == wait_s
    assert len(tls_service.asked) == 1


@every_service
def test_a_reset_is_passing_trouble(case: Case, at: Target, tls_service: RecordingService) -> None:
    tls_service.will(Reply(breaks="reset"))
    pipeline, call = at(case)
    with pytest.raises(PipelineUnavailable, match="may have begun"):
        pipeline.start(call)


@pytest.mark.parametrize("case", [case for case in CASES if case.method == "POST"], ids=lambda case: case.kind)
def test_a_conflict_is_passing_trouble(case: Case, at: Target, tls_service: RecordingService) -> None:
    tls_service.will(reply(409, answer("azure_error.json", 404), Retry_After="3"))
    pipeline, call = at(case)
    with pytest.raises(PipelineUnavailable, match="409") as raised:
        pipeline.start(call)
    assert raised.value.retry_after_s == 3


def test_a_job_of_that_name_that_is_this_runs_is_taken_for_started(at: Target, tls_service: RecordingService) -> None:
    there = AZUREML_JOB.standing("Running")
    there["properties"]["tags"] = {**AZUREML_JOB.sent["properties"]["tags"], "added": "by the service"}
    tls_service.will(reply(409), reply(200, there))
    pipeline, call = at(AZUREML_JOB)
    assert isinstance(pipeline.start(call), Started)
    assert [(asked.method, asked.path) for asked in tls_service.asked] == [
        ("PUT", AZUREML_JOB.path),
        ("GET", AZUREML_JOB.path),
    ]


@pytest.mark.parametrize(
    "there",
    [
        pytest.param(AZUREML_JOB.standing("Running"), id="other tags"),
        pytest.param({"properties": 5}, id="no properties"),
        pytest.param({"properties": {"tags": []}}, id="no tags"),
    ],
)
def test_a_job_of_that_name_that_is_anothers_is_refused(
    there: dict[str, Any], at: Target, tls_service: RecordingService
) -> None:
    tls_service.will(reply(409), reply(200, there))
    pipeline, call = at(AZUREML_JOB)
    refused = pipeline.start(call)
    assert isinstance(refused, Refused)
    assert (refused.code, RUN_ID in refused.message) == ("name_taken", True)


def test_a_conflict_with_nothing_that_is_there_is_passing_trouble(at: Target, tls_service: RecordingService) -> None:
    tls_service.will(reply(409), reply(404))
    pipeline, call = at(AZUREML_JOB)
    with pytest.raises(PipelineUnavailable, match="409"):
        pipeline.start(call)


@every_service
def test_a_token_goes_to_no_other_host(case: Case, sender: Sender) -> None:
    pipeline, call = target(case, "https://ml.example", sender)
    refused = pipeline.start(call)
    assert isinstance(refused, Refused)
    assert refused.code == "url_not_allowed"
    assert "gets no token" in refused.message


@every_service
def test_a_token_is_never_sent_over_plain_http(
    case: Case, service: RecordingService, sender: Sender, credential: FakeCredential
) -> None:
    pipeline, call = target(case, service.origin, sender)
    refused = pipeline.start(call)
    assert isinstance(refused, Refused)
    assert (refused.code, service.asked, credential.scopes) == ("auth_needs_https", [], [])


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        pytest.param("azure_devops", "Basic OmEtcGVyc29uYWwtYWNjZXNzLXRva2Vu", id="azure_devops"),
        pytest.param("databricks", "Bearer a-personal-access-token", id="databricks"),
    ],
)
@pytest.mark.parametrize("status", [200, 403])
def test_a_personal_token_takes_the_place_of_the_identity(
    kind: str, header: str, status: int, at: Target, tls_service: RecordingService
) -> None:
    case = next(case for case in CASES if case.kind == kind)
    echo = {**case.started, "message": "you sent a-personal-access-token"}
    tls_service.will(reply(status, echo))
    pipeline, call = at(case, auth={"setting": "FLOW_PERSONAL_TOKEN"})
    told = pipeline.start(call)
    assert tls_service.asked[0].headers["Authorization"] == header
    assert "a-personal-access-token" not in str(told.to_dict())
    if status == 403:
        assert isinstance(told, Refused)
        assert "FLOW_PERSONAL_TOKEN" in told.message


def test_a_branch_may_be_any_ref(at: Target) -> None:
    case = next(case for case in CASES if case.kind == "azure_devops")
    _, call = at(case, branch="refs/tags/v1")
    assert call.body["resources"]["repositories"]["self"]["refName"] == "refs/tags/v1"


def test_a_notebook_gets_its_parameters_as_such(at: Target) -> None:
    case = next(case for case in CASES if case.kind == "databricks")
    _, call = at(case, parameters_for="notebook", parameters={"rows": "{rows}"})
    assert call.body == {"job_id": 11223344, "idempotency_token": RUN_ID, "notebook_params": {"rows": "3"}}


@pytest.mark.parametrize("component", ["azureml://registries/r/components/train/versions/3", "/subscriptions/s/x"])
def test_a_component_may_be_named_by_its_full_id(component: str, at: Target) -> None:
    _, call = at(AZUREML_JOB, component=component, workspace=WORKSPACE)
    assert call.body["properties"]["componentId"] == component


def test_a_scoring_uri_may_end_with_a_slash(at: Target, tls_service: RecordingService) -> None:
    case = next(case for case in CASES if case.kind == "azureml_batch")
    tls_service.will(reply(200, case.started))
    pipeline, call = at(case, url=f"{tls_service.origin}/jobs/")
    started = pipeline.start(call)
    assert isinstance(started, Started)
    assert started.location == tls_service.origin + case.look
