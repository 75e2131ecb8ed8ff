"""Callbacks: which addresses may be called, and what they are told."""

from __future__ import annotations

import pytest

from orchestrators.callbacks import callback_body, problem_with_callback
from orchestrators.messages import PipelineState, Published, Reason, RunRecord, RunRequest, Upload
from orchestrators.services import now
from orchestrators.settings import read_settings
from tests.orchestrators.test_settings import LEAST

UPLOAD = Upload(account="a", container="landing", name="a.csv", etag="0x1", size_bytes=1, last_modified=now())
REQUEST = RunRequest(run_id="20130131T060000Z-0123456789ab", flow="readings", revision="r", uploads=(UPLOAD,))
RUN = RunRecord(request=REQUEST, status="published", uploads="published", started_at=now(), finished_at=now())
PUBLISHED = Published(output_url="https://a/d/", manifest_url="https://a/d/manifest.json")
SETTINGS = {**LEAST, "CALLBACK_HOSTS": "ml.example,*.factory.example,127.0.0.1"}


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("https://ml.example/done", id="listed host"),
        pytest.param("https://ML.example:8443/done?token=1", id="port, capitals and query"),
        pytest.param("https://we.svc.factory.example/done", id="below a listed suffix"),
    ],
)
def test_listed_hosts_may_be_called(uri: str) -> None:
    assert problem_with_callback(read_settings(SETTINGS), uri) is None


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        pytest.param("https://factory.example/done", "does not list factory.example", id="the suffix itself"),
        pytest.param("https://evilfactory.example/done", "does not list", id="ends alike"),
        pytest.param("https://ml.example.evil.example/", "does not list", id="begins alike"),
        pytest.param("https://ml.example@evil.example/", "https URL", id="listed host as the user"),
        pytest.param("https://ml.example\\@evil.example/", "https URL", id="host that clients read differently"),
        pytest.param("http://127.0.0.1/done", "ALLOW_HTTP_LOOPBACK", id="plain http"),
        pytest.param("//ml.example/done", "https URL", id="no scheme"),
    ],
)
def test_other_addresses_may_not_and_their_secrets_are_not_told(uri: str, told: str) -> None:
    problem = problem_with_callback(read_settings(SETTINGS), f"{uri}?token=hush")
    assert told in str(problem)
    assert "hush" not in str(problem)


def test_plain_http_to_loopback_needs_a_setting_and_the_list() -> None:
    allowing = {**SETTINGS, "ALLOW_HTTP_LOOPBACK": "true"}
    assert problem_with_callback(read_settings(allowing), "http://127.0.0.1:80/done") is None
    assert "does not list" in str(problem_with_callback(read_settings(allowing), "http://localhost/done"))


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        pytest.param({"published": PUBLISHED}, "200", None, id="published"),
        pytest.param({"status": "rejected", "reason": Reason(code="bad", message="b")}, "422", "bad", id="rejected"),
        pytest.param({"status": "failed", "reason": Reason(code="lost", message="l")}, "500", "lost", id="failed"),
        pytest.param({"status": "cancelled", "reason": Reason(code="no", message="n")}, "409", "no", id="cancelled"),
        pytest.param({"pipeline": PipelineState(status="failed")}, "500", "pipeline_failed", id="failed pipeline"),
    ],
)
def test_the_status_is_text_and_an_error_is_told_when_not_all_went_well(
    change: dict[str, object], status: str, code: str | None
) -> None:
    body = callback_body(RUN.model_copy(update=change))
    assert body["StatusCode"] == status
    assert body["Output"]["run_id"] == REQUEST.run_id
    assert body.get("Error", {}).get("ErrorCode") == code
    assert "Error" not in body or body["Error"]["Message"]
