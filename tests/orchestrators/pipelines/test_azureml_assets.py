"""Registering the dataset as a new version of a data asset, before the pipeline is started."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.makers.examples import answer
from demo.makers.recording import RecordingService, reply
from orchestrators.pipelines.azureml_assets import valid_name
from orchestrators.pipelines.port import PipelineUnavailable, Refused, Started
from orchestrators.pipelines.sending import Sender
from tests.orchestrators.pipelines.fake_credential import FakeCredential
from tests.orchestrators.pipelines.services import (
    AZUREML_BATCH,
    AZUREML_JOB,
    AZUREML_PUBLISHED,
    MANAGEMENT,
    RUN_ID,
    WORKSPACE,
    WORKSPACE_PATH,
    Case,
    target,
)

pytestmark = pytest.mark.usefixtures("trusted")

VERSION = f"{WORKSPACE_PATH}/data/flights/versions/{RUN_ID}?api-version=2024-10-01"
REGISTERED = answer("azureml/DataVersionBase_createOrUpdate.json", 201)
ASSET = {"register": {"name": "flights", "type": "mltable"}, "workspace": WORKSPACE}


def call_of(case: Case, service: RecordingService, sender: Sender) -> object:
    changes = {**ASSET, "management_url": service.origin}
    pipeline, call = target(case, service.origin, sender, **changes)
    return pipeline.start(call)


@pytest.mark.parametrize("case", [AZUREML_BATCH, AZUREML_JOB, AZUREML_PUBLISHED], ids=lambda case: case.kind)
def test_the_version_is_there_before_the_start(
    case: Case, tls_service: RecordingService, sender: Sender, credential: FakeCredential
) -> None:
    tls_service.will(reply(201, REGISTERED), reply(case.starts_with[0], case.started))
    assert isinstance(call_of(case, tls_service, sender), Started)
    first, second = tls_service.asked
    assert (first.method, first.path) == ("PUT", VERSION)
    assert first.document["properties"] == {
        "dataType": "mltable",
        "dataUri": f"azureml://datastores/datasets/paths/flights/{RUN_ID}/",
        "description": f"Dataset of flow flights, run {RUN_ID}",
        "tags": {"run_id": RUN_ID, "flow": "flights", "flow_revision": "4f2a9c1b7d3e"},
        "isAnonymous": False,
    }
    assert (second.method, second.path) == (case.method, case.path)
    assert credential.scopes == [MANAGEMENT, case.scope]


def test_inputs_may_name_the_version(tls_service: RecordingService, sender: Sender) -> None:
    changes = ASSET | {"management_url": tls_service.origin, "inputs": {"data": "{data_asset}"}}
    _, call = target(AZUREML_BATCH, tls_service.origin, sender, **changes)
    address = f"azureml:{WORKSPACE_PATH}/data/flights/versions/{RUN_ID}"
    assert call.body["properties"]["InputData"]["data"] == {"JobInputType": "UriFolder", "Uri": address}


def test_without_a_datastore_the_asset_is_at_the_blobs_address(tls_service: RecordingService, sender: Sender) -> None:
    changes: dict[str, Any] = ASSET | {"datastore": None, "inputs": {}}
    _, call = target(AZUREML_BATCH, tls_service.origin, sender, **changes)
    assert call.first
    uri = call.first.body["properties"]["dataUri"]
    assert uri == f"https://acme.blob.core.windows.net/datasets/flights/{RUN_ID}/"


def test_a_version_that_this_run_registered_before_is_enough(tls_service: RecordingService, sender: Sender) -> None:
    there = {"properties": {"tags": {"run_id": RUN_ID, "flow": "flights", "flow_revision": "4f2a9c1b7d3e"}}}
    tls_service.will(reply(409), reply(200, there), reply(201, AZUREML_JOB.started))
    assert isinstance(call_of(AZUREML_JOB, tls_service, sender), Started)
    assert [asked.method for asked in tls_service.asked] == ["PUT", "GET", "PUT"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        pytest.param(403, "AzureML Data Scientist", id="role is missing"),
        pytest.param(404, "Check `then.workspace` and `then.register`", id="workspace is not there"),
        pytest.param(400, "answered 400", id="refused"),
    ],
)
def test_nothing_is_started_where_the_asset_is_refused(
    status: int, words: str, tls_service: RecordingService, sender: Sender
) -> None:
    tls_service.will(reply(status))
    refused = call_of(AZUREML_BATCH, tls_service, sender)
    assert isinstance(refused, Refused)
    assert words in refused.message
    assert len(tls_service.asked) == 1


def test_passing_trouble_with_the_asset_is_raised(tls_service: RecordingService, sender: Sender) -> None:
    tls_service.will(reply(503, Retry_After="5"))
    with pytest.raises(PipelineUnavailable, match="503"):
        call_of(AZUREML_JOB, tls_service, sender)
    assert len(tls_service.asked) == 1


@given(run_id=st.text(min_size=1), longest=st.integers(min_value=1, max_value=255))
def test_every_run_id_becomes_a_valid_name(run_id: str, longest: int) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]+", valid_name(run_id, longest))
    assert len(valid_name(run_id, longest)) <= longest
