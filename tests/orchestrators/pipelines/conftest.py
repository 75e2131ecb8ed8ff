"""A recording service, and the `http` pipeline with little patience."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrators.pipelines.client import Patience
from orchestrators.pipelines.http import HttpPipeline
from orchestrators.pipelines.sending import Sender
from tests.orchestrators.pipelines.fake_credential import FakeCredential
from tests.orchestrators.pipelines.recording_service import RecordingService, recording_service

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
def pipeline(credential: FakeCredential) -> HttpPipeline:
    """The adapter, allowed to call plain http on loopback, with one key in its settings."""
    sender = Sender(
        flow_settings={"FLOW_KEY": "the-very-secret-key", "FLOW_SIGNING_KEY": "only-we-two-know"},
        credential=lambda: credential,
        allow_http_loopback=True,
        patience=GENEROUS,
    )
    return HttpPipeline(sender)
