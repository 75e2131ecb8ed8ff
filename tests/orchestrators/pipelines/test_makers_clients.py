"""Our requests are those of the makers' own clients: method, path, query, the headers that matter, and body.

azure_devops       azure-devops              start, look, end
azureml_batch      azure-ai-ml               start
azureml_job        azure-ai-ml               start, look, end
azureml_published  azure-ai-ml               look (no client of today starts one)
data_factory       azure-mgmt-datafactory    start, look, end
databricks         databricks-sdk            start, look, end
synapse            azure-synapse-artifacts   start, look, end
http               has no maker
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from demo.makers.examples import answer
from demo.makers.recording import Asked, RecordingService, Reply, reply
from orchestrators.pipelines.port import Started
from orchestrators.pipelines.sending import Sender
from tests.orchestrators.pipelines import makers_clients
from tests.orchestrators.pipelines.services import (
    AZURE_DEVOPS,
    AZUREML_BATCH,
    AZUREML_JOB,
    AZUREML_PUBLISHED,
    DATA_FACTORY,
    DATABRICKS,
    SYNAPSE,
    Case,
    target,
)

pytestmark = pytest.mark.usefixtures("trusted")

MATTER = ("azureml-model-deployment", "x-tfs-fedauthredirect", "x-databricks-workspace-id")
KEY = {"auth": {"setting": "FLOW_PERSONAL_TOKEN"}}
START, LOOK, END = "start", "look", "end"
Client = Callable[[RecordingService, pytest.MonkeyPatch], None]


@pytest.mark.parametrize(
    ("case", "client", "compared", "changes"),
    [
        pytest.param(
            AZURE_DEVOPS, makers_clients.azure_devops, [START, LOOK, END], KEY, id="azure_devops with azure-devops"
        ),
        pytest.param(
            AZUREML_BATCH,
            makers_clients.azureml_batch,
            [START],
            {},
            id="azureml_batch with azure-ai-ml",
            marks=makers_clients.needs_azure_ai_ml,
        ),
        pytest.param(
            AZUREML_JOB,
            makers_clients.azureml_job,
            [START, LOOK, END],
            {},
            id="azureml_job with azure-ai-ml",
            marks=makers_clients.needs_azure_ai_ml,
        ),
        pytest.param(
            AZUREML_PUBLISHED,
            makers_clients.azureml_published,
            [LOOK],
            {},
            id="azureml_published with azure-ai-ml",
            marks=makers_clients.needs_azure_ai_ml,
        ),
        pytest.param(
            DATA_FACTORY,
            makers_clients.data_factory,
            [START, LOOK, END],
            {},
            id="data_factory with azure-mgmt-datafactory",
        ),
        pytest.param(
            DATABRICKS, makers_clients.databricks, [START, LOOK, END], KEY, id="databricks with databricks-sdk"
        ),
        pytest.param(
            SYNAPSE, makers_clients.synapse, [START, LOOK, END], {}, id="synapse with azure-synapse-artifacts"
        ),
    ],
)
def test_sends_what_the_makers_own_client_sends(  # noqa: PLR0917 - a comparison has two sides
    case: Case,
    client: Client,
    compared: list[str],
    changes: dict[str, Any],
    tls_service: RecordingService,
    sender: Sender,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = our_requests(case, changes, tls_service, sender)
    theirs = their_requests(client, ours, tls_service, monkeypatch)
    assert theirs == [essentials(ours[step][0]) for step in compared]


@makers_clients.needs_azure_ai_ml
def test_registers_a_data_asset_as_the_makers_own_client_does(
    tls_service: RecordingService, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered = answer("azureml/DataVersionBase_createOrUpdate.json")
    tls_service.will(reply(201, registered), reply(201, AZUREML_JOB.started))
    pipeline, call = target(AZUREML_JOB, tls_service.origin, sender, register={"name": "flights", "type": "mltable"})
    pipeline.start(call)
    first = tls_service.asked[0]
    theirs = their_requests(
        makers_clients.data_asset(first.document["properties"]),
        {"first": (first, reply(201, registered))},
        tls_service,
        monkeypatch,
    )
    assert theirs == [essentials(first)]


def our_requests(
    case: Case, changes: dict[str, Any], service: RecordingService, sender: Sender
) -> dict[str, tuple[Asked, Reply]]:
    """What our adapter asks to start a run, to look at it and to end it, each with what it was answered."""
    told = [reply(case.starts_with[0], case.started), reply(200, case.standing("Running")), reply(200)]
    service.will(*told)
    pipeline, call = target(case, service.origin, sender, **changes)
    started = pipeline.start(call)
    assert isinstance(started, Started)
    pipeline.check(started)
    pipeline.cancel(started)
    return dict(zip((START, LOOK, END), zip(service.asked, told, strict=False), strict=False))


def their_requests(
    client: Client, ours: dict[str, tuple[Asked, Reply]], service: RecordingService, monkeypatch: pytest.MonkeyPatch
) -> list[dict[str, Any]]:
    """What the client asks, getting the answers that we got; what it only asks to find its way is left out."""
    service.asked.clear()
    service.routes |= {(asked.method, asked.path.partition("?")[0]): told for asked, told in ours.values()}
    answered = set(service.routes)
    with makers_clients.old_ways():
        client(service, monkeypatch)
    return [essentials(asked) for asked in service.asked if (asked.method, asked.path.partition("?")[0]) in answered]


def essentials(asked: Asked) -> dict[str, Any]:
    """What has to be equal.

    Azure DevOps takes the version of its interface in the query or, as its client sends it, in `Accept`.
    Azure ML's client writes out a default, `isArchived: false`. Its batch endpoints take names that
    start with a capital, as documented, or without, as its client sends them.
    """
    parts = urlsplit(asked.path)
    headers = {name.lower(): value for name, value in asked.headers.items()}
    query = dict(parse_qsl(parts.query))
    if version := re.search(r"api-version=(\d+\.\d+)", headers["accept"]):
        query["api-version"] = version[1]
    return {
        "method": asked.method,
        "path": parts.path,
        "query": query,
        "headers": {name: headers[name] for name in MATTER if name in headers},
        "json": headers.get("content-type", "").partition(";")[0] == "application/json" if asked.body else None,
        "body": _comparable(asked.document) if asked.body else None,
    }


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        told = {name: item for name, item in value.items() if (name, item) != ("isArchived", False)}
        return {name[:1].lower() + name[1:]: _comparable(item) for name, item in told.items()}
    return value
