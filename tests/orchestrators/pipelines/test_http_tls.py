"""Over https: tokens, certificates, and what a laptop's environment may not change."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from demo.makers.recording import RecordingService, Reply, reply
from orchestrators.pipelines.http import HttpPipeline
from orchestrators.pipelines.port import Finished, PipelineCall, PipelineUnavailable, Refused, Started, StillRunning
from tests.orchestrators.pipelines.fake_credential import TOKEN, FakeCredential
from transforms.flow.then.http import BearerAuth, HeaderAuth

AUDIENCE = BearerAuth(audience="api://ml")


def call_of(service: RecordingService, auth: BearerAuth | HeaderAuth | None = AUDIENCE) -> PipelineCall:
    return PipelineCall(run_id="r1", url=service.url, auth=auth)


@pytest.mark.parametrize(
    ("audience", "scope"),
    [
        pytest.param("api://ml", "api://ml/.default", id="audience"),
        pytest.param("https://ml.azure.com/.default", "https://ml.azure.com/.default", id="scope"),
        pytest.param("https://ml.example/", "https://ml.example//.default", id="slash belongs to the audience"),
    ],
)
@pytest.mark.usefixtures("trusted")
def test_sends_a_token_for_the_audience(
    audience: str, scope: str, tls_service: RecordingService, pipeline: HttpPipeline, credential: FakeCredential
) -> None:
    tls_service.will(reply(204))
    pipeline.start(call_of(tls_service, BearerAuth(audience=audience)))
    assert tls_service.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert credential.scopes == [scope]


@pytest.mark.usefixtures("trusted")
def test_asks_with_a_token_too(tls_service: RecordingService, pipeline: HttpPipeline) -> None:
    tls_service.will(reply(202))
    started = Started(run_id="r1", location=f"{tls_service.origin}/jobs/7", auth=AUDIENCE)
    assert pipeline.check(started) == StillRunning(started=started)
    assert tls_service.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.usefixtures("trusted")
def test_a_refused_token_names_the_audience(tls_service: RecordingService, pipeline: HttpPipeline) -> None:
    tls_service.will(Reply(401, b"", {"WWW-Authenticate": 'Bearer error="invalid_token"'}))
    refused = pipeline.start(call_of(tls_service))
    assert isinstance(refused, Refused)
    assert "api://ml" in refused.message
    assert len(tls_service.asked) == 1


@pytest.mark.usefixtures("trusted")
def test_an_identity_without_a_token_is_passing_trouble(
    tls_service: RecordingService, pipeline: HttpPipeline, credential: FakeCredential
) -> None:
    credential.is_broken = True
    with pytest.raises(PipelineUnavailable, match=r"^no token for https://127.*: no identity is assigned$"):
        pipeline.start(call_of(tls_service))
    assert tls_service.asked == []


@pytest.mark.parametrize("how", ["hang up", "reset", "no tls"])
@pytest.mark.usefixtures("trusted")
def test_tls_that_breaks_instead_of_an_answer_is_not_sent_again(
    how: Literal["hang up", "reset", "no tls"], tls_service: RecordingService, pipeline: HttpPipeline
) -> None:
    tls_service.will(Reply(breaks=how), reply(204))
    with pytest.raises(PipelineUnavailable, match="may have begun"):
        pipeline.start(call_of(tls_service))
    assert len(tls_service.asked) == 1


def test_a_certificate_that_nobody_trusts_is_named(tls_service: RecordingService, pipeline: HttpPipeline) -> None:
    with pytest.raises(PipelineUnavailable, match="certificate is not trusted: unable to get local issuer"):
        pipeline.start(call_of(tls_service))
    assert tls_service.asked == []


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("auth", [pytest.param(None, id="no auth"), pytest.param(AUDIENCE, id="token")])
def test_a_netrc_changes_nothing(
    auth: BearerAuth | None,
    tls_service: RecordingService,
    pipeline: HttpPipeline,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    tls_service.will(reply(204))
    assert pipeline.start(call_of(tls_service, auth)) == Finished(status="succeeded")
    assert tls_service.asked[0].headers.get("Authorization") == (f"Bearer {TOKEN}" if auth else None)
