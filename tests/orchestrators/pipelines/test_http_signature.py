"""The signature of an `http` pipeline's body, checked as a receiver would."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from demo.makers.recording import RecordingService, reply
from orchestrators.pipelines.http import HttpPipeline
from orchestrators.pipelines.port import PipelineCall, Refused, Started
from tests.orchestrators.pipelines.services import RUN_ID, WORDS
from transforms.flow.then.http import HttpStart


def call_of(service: RecordingService, pipeline: HttpPipeline, setting: str = "FLOW_SIGNING_KEY") -> PipelineCall:
    told = {"pipeline": "http", "url": service.url, "parameters": {"größe": 3}, "sign": {"setting": setting}}
    return pipeline.call(HttpStart.model_validate(told), WORDS)


def test_a_receiver_can_check_the_bytes_that_it_got(service: RecordingService, pipeline: HttpPipeline) -> None:
    service.will(reply(204))
    pipeline.start(call_of(service, pipeline))
    [asked] = service.asked
    expected = hmac.new(b"only-we-two-know", asked.body, hashlib.sha256).hexdigest()
    assert asked.headers["X-Sluice-Signature"] == f"sha256={expected}"
    assert asked.document == {"größe": 3}
    assert asked.headers["Idempotency-Key"] == RUN_ID


def test_a_body_without_sign_is_not_signed(service: RecordingService, pipeline: HttpPipeline) -> None:
    service.will(reply(204))
    pipeline.start(PipelineCall(run_id=RUN_ID, url=service.url))
    assert "X-Sluice-Signature" not in service.asked[0].headers


@pytest.mark.parametrize("setting", ["FLOW_NOT_SET", "FLOW_EMPTY"])
def test_a_missing_key_is_refused_by_the_name_of_its_setting(
    setting: str, service: RecordingService, pipeline: HttpPipeline
) -> None:
    refused = pipeline.start(call_of(service, pipeline, setting))
    assert isinstance(refused, Refused)
    assert (refused.code, setting in refused.message, service.asked) == ("setting_invalid", True, [])


def test_an_http_pipeline_cannot_be_ended_from_here(pipeline: HttpPipeline) -> None:
    refused = pipeline.cancel(Started(run_id=RUN_ID, location="https://ml.example/jobs/7", target_run_id="7"))
    assert isinstance(refused, Refused)
    assert refused.code == "no_cancel"
