"""Connections that break: what was surely not sent is sent again, everything else is left to the plan."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from demo.makers.recording import RecordingService, Reply, reply
from orchestrators.pipelines.client import Patience
from orchestrators.pipelines.http import HttpPipeline
from orchestrators.pipelines.port import Finished, PipelineCall, PipelineUnavailable, Refused
from orchestrators.pipelines.sending import Sender
from tests.orchestrators.pipelines.fake_credential import FakeCredential
from transforms.flow.then.http import BearerAuth, HeaderAuth


def pipeline_with(patience: Patience, **settings: str) -> HttpPipeline:
    return HttpPipeline(Sender(settings, FakeCredential, allow_http_loopback=True, patience=patience))


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(Reply(breaks="hang up"), id="hung up"),
        pytest.param(Reply(breaks="reset"), id="reset"),
        pytest.param(Reply(200, b'{"auc": 0.7', breaks="half a body"), id="half a body"),
        pytest.param(Reply(breaks="no http"), id="not http"),
    ],
)
def test_a_call_that_may_have_arrived_is_not_sent_again(
    told: Reply, service: RecordingService, pipeline: HttpPipeline
) -> None:
    service.will(told, reply(204))
    with pytest.raises(PipelineUnavailable, match="may have begun"):
        pipeline.start(PipelineCall(run_id="r1", url=service.url))
    assert len(service.asked) == 1


def test_a_service_that_does_not_answer_is_given_up(service: RecordingService) -> None:
    service.will(Reply(breaks="silence"))
    with pytest.raises(PipelineUnavailable, match=r"no answer within 0\.2 s"):
        pipeline_with(Patience(read_s=0.2)).start(PipelineCall(run_id="r1", url=service.url))
    assert len(service.asked) == 1


def test_a_refused_connection_is_tried_again_after_each_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []
    monkeypatch.setattr("time.sleep", paused.append)
    pipeline = pipeline_with(Patience(unsent_pauses_s=(0.5, 1.0)))
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and never listens: every connection is refused
        call = PipelineCall(run_id="r1", url=f"http://127.0.0.1:{bound.getsockname()[1]}/train")
        with pytest.raises(PipelineUnavailable, match="nothing was sent"):
            pipeline.start(call)
    assert paused == [0.5, 1.0]


def test_a_service_that_comes_up_between_two_attempts_is_called_once(
    service: RecordingService, pipeline: HttpPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.will(reply(204))
    connect, attempts = socket.socket.connect, []

    def refuse_once(self: socket.socket, address: Any) -> None:
        attempts.append(address)
        if len(attempts) == 1:
            raise ConnectionRefusedError
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", refuse_once)
    assert pipeline.start(PipelineCall(run_id="r1", url=service.url)) == Finished(status="succeeded")
    assert (len(attempts), len(service.asked)) == (2, 1)


def test_a_host_that_nobody_knows_is_trouble(pipeline: HttpPipeline) -> None:
    with pytest.raises(PipelineUnavailable, match="the host is not known"):
        pipeline.start(PipelineCall(run_id="r1", url="https://nowhere.invalid/train"))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("http://ml.example/train", "is not https", id="plain http"),
        pytest.param("ftp://ml.example/train", "is not https", id="ftp"),
        pytest.param("/train", "not an absolute URL", id="relative"),
        pytest.param("", "not an absolute URL", id="empty"),
        pytest.param("${FLOW_URL}", "not an absolute URL", id="unresolved setting"),
        pytest.param("https://ml.example:port/", "not an absolute URL", id="port is no number"),
        pytest.param("https://a..example/", "not an absolute URL", id="empty label"),
        pytest.param("https://ml.example/train\n", "not an absolute URL", id="line break"),
        pytest.param("http://127.0.0.1\\@ml.example/", "not an absolute URL", id="backslash"),
        pytest.param("https://user:secret@ml.example/", "declare `auth`", id="user in the URL"),
    ],
)
def test_a_url_that_may_not_be_called_is_refused(url: str, words: str, pipeline: HttpPipeline) -> None:
    refused = pipeline.start(PipelineCall(run_id="r1", url=url))
    assert isinstance(refused, Refused)
    assert refused.code == "url_not_allowed"
    assert words in refused.message
    assert "secret" not in refused.message


def test_plain_http_to_loopback_needs_its_setting(service: RecordingService) -> None:
    strict = HttpPipeline(Sender({}, FakeCredential))
    refused = strict.start(PipelineCall(run_id="r1", url=service.url))
    assert isinstance(refused, Refused)
    assert "ALLOW_HTTP_LOOPBACK" in refused.message
    assert service.asked == []


def test_a_token_is_never_sent_over_plain_http(
    service: RecordingService, pipeline: HttpPipeline, credential: FakeCredential
) -> None:
    refused = pipeline.start(PipelineCall(run_id="r1", url=service.url, auth=BearerAuth(audience="api://ml")))
    assert isinstance(refused, Refused)
    assert refused.code == "auth_needs_https"
    assert (service.asked, credential.scopes) == ([], [])


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="empty"),
        pytest.param("hunter2\n", id="line break at the end"),
        pytest.param("hunter2\r\nX-Admin: yes", id="another header inside"),
        pytest.param("hünter2", id="not ascii"),
    ],
)
def test_a_key_that_no_header_can_carry_is_refused_by_the_name_of_its_setting(
    value: str, service: RecordingService
) -> None:
    auth = HeaderAuth(header="X-Api-Key", setting="FLOW_KEY")
    refused = pipeline_with(Patience(), FLOW_KEY=value).start(PipelineCall(run_id="r1", url=service.url, auth=auth))
    assert isinstance(refused, Refused)
    assert refused.code == "setting_invalid"
    assert "FLOW_KEY" in refused.message
    assert "nter2" not in refused.message
    assert service.asked == []


def test_plain_http_never_goes_through_a_proxy(
    service: RecordingService, pipeline: HttpPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    service.will(reply(204))
    assert pipeline.start(PipelineCall(run_id="r1", url=service.url)) == Finished(status="succeeded")
