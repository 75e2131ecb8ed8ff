"""Secrets that were sent never come back out: not in a log, a message, an exception or an answer."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from demo.makers.recording import RecordingService, Reply, reply
from orchestrators.pipelines.http import HttpPipeline
from orchestrators.pipelines.port import PipelineCall, PipelineUnavailable, Started
from orchestrators.pipelines.redaction import Redaction
from transforms.flow.then.http import HeaderAuth

KEY = "the-very-secret-key"
CODE = "Zm9vYmFyYmF6cXV1eA=="
SECRETS = (KEY, CODE, "Zm9vYmFyYmF6cXV1eA%3D%3D")
AUTH = HeaderAuth(header="X-Api-Key", setting="FLOW_KEY")

ECHO = {
    "message": f"you sent {KEY} to https://ml.example/train?code={CODE}",
    "args": {"code": CODE},
    "headers": [{"X-Api-Key": KEY, KEY: "as a name"}],
    "id": KEY,
    "status": "failed",
}


def start(pipeline: HttpPipeline, service: RecordingService) -> object:
    url = f"{service.url}?code=Zm9vYmFyYmF6cXV1eA%3D%3D"
    return pipeline.start(PipelineCall(run_id="r1", url=url, auth=AUTH)).to_dict()


def check(pipeline: HttpPipeline, service: RecordingService) -> object:
    location = f"{service.origin}/jobs/7?code=Zm9vYmFyYmF6cXV1eA%3D%3D"
    return pipeline.check(Started(run_id="r1", location=location, auth=AUTH)).to_dict()


@pytest.mark.parametrize("ask", [pytest.param(start, id="start"), pytest.param(check, id="check")])
@pytest.mark.parametrize(
    "told",
    [
        pytest.param(reply(200, ECHO), id="echo"),
        pytest.param(reply(400, ECHO), id="refusal"),
        pytest.param(reply(503, ECHO), id="trouble"),
        pytest.param(Reply(400, KEY.encode(), {"Content-Type": "text/plain"}), id="text"),
        pytest.param(reply(302, Location=f"https://elsewhere.example/?code={CODE}"), id="redirect"),
        pytest.param(Reply(200, b"<html>"), id="sign-in page"),
        pytest.param(Reply(breaks="hang up"), id="hung up"),
    ],
)
def test_planted_secrets_are_found_nowhere(
    ask: Callable[[HttpPipeline, RecordingService], object],
    told: Reply,
    service: RecordingService,
    pipeline: HttpPipeline,
    caplog: pytest.LogCaptureFixture,
) -> None:
    service.will(told)
    with caplog.at_level(logging.DEBUG):
        try:
            seen = str(ask(pipeline, service))
        except PipelineUnavailable as error:
            logging.getLogger().exception("as a host would")
            seen = str(error)
    assert service.asked[0].headers["X-Api-Key"] == KEY
    assert "urllib3" in caplog.text
    assert "azure.core.exceptions" not in caplog.text  # nobody knows what their text quotes
    assert [secret for secret in SECRETS if secret in caplog.text + seen] == []


def test_an_exchange_is_logged_with_its_run(
    service: RecordingService, pipeline: HttpPipeline, caplog: pytest.LogCaptureFixture
) -> None:
    service.will(reply(204))
    with caplog.at_level(logging.INFO):
        start(pipeline, service)
    assert f"run r1: POST {service.url} -> 204" in caplog.text


def test_messages_do_not_show_their_secrets_when_printed() -> None:
    printed = repr(PipelineCall(run_id="r1", url=f"https://ml.example/?code={CODE}"))
    printed += repr(Started(run_id="r1", location=f"https://ml.example/?code={CODE}"))
    printed += repr(Redaction((CODE,)))
    assert CODE not in printed


def test_options_of_a_query_are_no_secrets() -> None:
    redaction = Redaction.of(f"https://ml.example/?api-version=2024-10-01&code={CODE}", ["Bearer abc"])
    assert redaction.json({"since": "2024-10-01", "code": CODE, "token": "abc"}) == {
        "since": "2024-10-01",
        "code": "REDACTED",
        "token": "REDACTED",
    }
