"""A recording service, and the `http` pipeline with little patience."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from demo.makers.recording import RecordingService, recording_service
from orchestrators.pipelines.client import Patience
from orchestrators.pipelines.http import HttpPipeline
from orchestrators.pipelines.sending import Sender
from tests.orchestrators.pipelines.fake_credential import FakeCredential

GENEROUS = Patience(connect_s=30, read_s=30, unsent_pauses_s=(0.0, 0.0))


@pytest.fixture
def service() -> Iterator[RecordingService]:
    """A service on plain http."""
    with recording_service() as service:
        yield service


@pytest.fixture
def credential() -> FakeCredential:
    """An identity that hands out tokens."""
    return FakeCredential()


@pytest.fixture
def sender(credential: FakeCredential) -> Sender:
    """Allowed to call loopback, with little patience and some keys in its settings."""
    return Sender(
        flow_settings={
            "FLOW_KEY": "the-very-secret-key",
            "FLOW_SIGNING_KEY": "only-we-two-know",
            "FLOW_PERSONAL_TOKEN": "a-personal-access-token",
        },
        credential=lambda: credential,
        allow_http_loopback=True,
        patience=GENEROUS,
    )


@pytest.fixture
def pipeline(sender: Sender) -> HttpPipeline:
    """The adapter of `http`."""
    return HttpPipeline(sender)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Signs the service's certificate."""
    return trustme.CA()


@pytest.fixture
def tls_service(authority: trustme.CA) -> Iterator[RecordingService]:
    """A service on https."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with recording_service(tls) as service:
        yield service


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment trusts the authority, as it would a company's, and has no proxy."""
    certificate = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(certificate))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    for proxy in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(proxy, raising=False)
