"""Data Factory pipelines, through Resource Manager.

POST …/factories/{f}/pipelines/{p}/createRun     200 {runId}; the body is the bare map of parameters
GET  …/factories/{f}/pipelineruns/{runId}        200 {status, message}
POST …/factories/{f}/pipelineruns/{runId}/cancel 200
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from orchestrators.pipelines.port import EndStatus, PipelineCall, ServiceToken, Started
from orchestrators.pipelines.service import Begun, Standing, Stop
from transforms.flow.then.data_factory import DataFactoryStart

API_VERSION: Final = "2018-06-01"
TOKEN: Final = ServiceToken(
    audience="https://management.azure.com",
    hosts=("management.azure.com",),
    role="the role Data Factory Contributor on the factory",
)
RUNNING: Final = frozenset({"Queued", "InProgress", "Canceling"})
ENDS: Final[dict[str, EndStatus]] = {"Succeeded": "succeeded", "Failed": "failed", "Cancelled": "cancelled"}


class DataFactory:
    """What is particular to Data Factory."""

    asks_with = TOKEN
    headers: Mapping[str, str] = {}
    starts_with = frozenset({200})
    running = RUNNING

    def call(self, then: DataFactoryStart, words: Mapping[str, Any]) -> PipelineCall:
        """The request that starts a run."""
        group = f"/subscriptions/{_quoted(then.subscription)}/resourceGroups/{_quoted(then.resource_group)}"
        factory = f"{group}/providers/Microsoft.DataFactory/factories/{_quoted(then.factory)}"
        path = f"{factory}/pipelines/{_quoted(then.name)}/createRun"
        return PipelineCall(
            run_id=str(words["run_id"]),
            fields="`then.subscription`, `then.resource_group`, `then.factory` and `then.name`",
            url=f"{then.management_url.rstrip('/')}{path}?api-version={API_VERSION}",
            body=then.parameters,
            auth=TOKEN,
        )

    def begun(self, call: PipelineCall, document: Mapping[str, Any]) -> Begun | None:
        """What the answer to the start says."""
        run = run_begun(call, document, API_VERSION)
        if run is None:
            return None
        factory = urlsplit(call.url).path.partition("/pipelines/")[0]
        link = f"https://adf.azure.com/en/monitoring/pipelineruns/{_quoted(run.target_run_id)}?factory={factory}"
        return Begun(run.target_run_id, run.location, link)

    def standing(self, document: Mapping[str, Any]) -> Standing:
        """What the answer to a look says."""
        return run_standing(document)

    def stop(self, started: Started) -> Stop:
        """The request that ends the run."""
        return run_stop(started)


def run_begun(call: PipelineCall, document: Mapping[str, Any], api_version: str) -> Begun | None:
    """The run that a createRun answers, beside the pipelines of the same factory or workspace."""
    run_id = document.get("runId")
    if not isinstance(run_id, str) or not run_id:
        return None
    owner = call.url.partition("/pipelines/")[0]
    return Begun(run_id, f"{owner}/pipelineruns/{_quoted(run_id)}?api-version={api_version}")


def run_standing(document: Mapping[str, Any]) -> Standing:
    """How a pipeline run stands, in the words that Data Factory and Synapse have together."""
    word, message = document.get("status"), document.get("message")
    return Standing(
        word=word if isinstance(word, str) else None,
        end=ENDS.get(str(word)),
        message=message if isinstance(message, str) else None,
    )


def run_stop(started: Started) -> Stop:
    """The request that ends a pipeline run."""
    parts = urlsplit(started.location)
    return Stop("POST", parts._replace(path=f"{parts.path}/cancel").geturl())


def _quoted(part: str) -> str:
    return quote(part, safe="")
