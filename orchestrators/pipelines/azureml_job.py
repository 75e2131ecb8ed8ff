"""Azure ML pipeline jobs (v2), through Resource Manager; the run ID is the job's name.

    PUT  …/workspaces/{ws}/jobs/{run id}             200, 201 {name, properties: {status, services}}
    GET  …/workspaces/{ws}/jobs/{run id}             200
    POST …/workspaces/{ws}/jobs/{run id}/cancel      200, 202

The name is the natural key: where the PUT meets a job of that name, its tags say whether it is this run's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from orchestrators.pipelines.azureml_assets import (
    API_VERSION,
    MANAGEMENT,
    registration,
    tags_of,
    valid_name,
    workspace_id,
)
from orchestrators.pipelines.azureml_standing import RUNNING, job_standing
from orchestrators.pipelines.port import PipelineCall, Started
from orchestrators.pipelines.service import Begun, Standing, Stop
from orchestrators.pipelines.texts import texts_of
from transforms.flow.then.azure_ml import AzureMLJobStart

_LONGEST_NAME: Final = 255


class AzureMLJob:
    """What is particular to pipeline jobs."""

    asks_with = MANAGEMENT
    headers: Mapping[str, str] = {}
    starts_with = frozenset({200, 201})
    running = RUNNING

    def call(self, then: AzureMLJobStart, words: Mapping[str, Any]) -> PipelineCall:
        """The request that starts a job, after that which registers the data asset."""
        run_id = str(words["run_id"])
        name, workspace = valid_name(run_id, _LONGEST_NAME), workspace_id(then.workspace)
        url = f"{then.management_url.rstrip('/')}{workspace}/jobs/{name}?api-version={API_VERSION}"
        return PipelineCall(
            run_id=run_id,
            fields="`then.workspace` and `then.component`",
            method="PUT",
            url=url,
            body={"properties": _job(then, words, workspace)},
            auth=MANAGEMENT,
            first=registration(then, words),
        )

    def begun(self, call: PipelineCall, document: Mapping[str, Any]) -> Begun | None:
        """What the answer to the start says."""
        name = document.get("name")
        return Begun(name, call.url, self.standing(document).link) if isinstance(name, str) and name else None

    def standing(self, document: Mapping[str, Any]) -> Standing:
        """What the answer to a look says."""
        return job_standing(document, pages="services")

    def stop(self, started: Started) -> Stop:
        """The request that ends the job."""
        parts = urlsplit(started.location)
        return Stop("POST", parts._replace(path=f"{parts.path}/cancel").geturl())


def _job(then: AzureMLJobStart, words: Mapping[str, Any], workspace: str) -> dict[str, Any]:
    literals = {name: text for name, text in texts_of(then.parameters).items() if text}  # empty ones are refused
    job: dict[str, Any] = {
        "jobType": "Pipeline",
        "componentId": _component_id(then.component, workspace),
        "displayName": f"{words['flow']} {words['run_id']}",
        "inputs": {
            **{name: {"jobInputType": given.type, "uri": given.uri} for name, given in then.inputs.items()},
            **{name: {"jobInputType": "literal", "value": text} for name, text in literals.items()},
        },
        "tags": tags_of(words),
    }
    if then.experiment:
        job["experimentName"] = then.experiment
    if then.compute:
        job["settings"] = {"default_compute": f"{workspace}/computes/{quote(then.compute, safe='')}"}
    return job


def _component_id(component: str, workspace: str) -> str:
    if component.startswith(("azureml://", "/subscriptions/")):
        return component
    name, _, version = component.partition(":")
    return f"{workspace}/components/{quote(name, safe='')}/versions/{quote(version, safe='')}"
