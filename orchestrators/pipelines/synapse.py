"""Synapse pipelines, on the workspace itself.

POST /pipelines/{p}/createRun            202 {runId}; the body is the bare map of parameters
GET  /pipelineruns/{runId}               200 {status, message}: the words of Data Factory
POST /pipelineruns/{runId}/cancel        200
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from orchestrators.pipelines import data_factory
from orchestrators.pipelines.port import PipelineCall, ServiceToken, Started
from orchestrators.pipelines.service import Begun, Standing, Stop
from transforms.flow.then.synapse import SynapseStart

API_VERSION: Final = "2020-12-01"
TOKEN: Final = ServiceToken(
    audience="https://dev.azuresynapse.net",
    hosts=(".dev.azuresynapse.net",),
    role="the Synapse role Synapse Credential User, and Synapse Artifact User to run pipelines",
)


class Synapse:
    """What is particular to Synapse."""

    asks_with = TOKEN
    headers: Mapping[str, str] = {}
    starts_with = frozenset({202})
    running = data_factory.RUNNING

    def call(self, then: SynapseStart, words: Mapping[str, Any]) -> PipelineCall:
        """The request that starts a run."""
        path = f"/pipelines/{quote(then.name, safe='')}/createRun"
        return PipelineCall(
            run_id=str(words["run_id"]),
            fields="`then.url` and `then.name`",
            url=f"{then.url.rstrip('/')}{path}?api-version={API_VERSION}",
            body=then.parameters,
            auth=TOKEN,
        )

    def begun(self, call: PipelineCall, document: Mapping[str, Any]) -> Begun | None:
        """What the answer to the start says."""
        return data_factory.run_begun(call, document, API_VERSION)

    def standing(self, document: Mapping[str, Any]) -> Standing:
        """What the answer to a look says."""
        return data_factory.run_standing(document)

    def stop(self, started: Started) -> Stop:
        """The request that ends the run."""
        return data_factory.run_stop(started)
