"""Azure ML published pipelines and pipeline endpoints (v1): a legacy interface whose URL is taken as it is.

    POST {REST endpoint}                             200 {Id}
    GET  {its host}/history/v1.0/{workspace}/runs/{Id}/details   200 {status, error}: the run history

The two want tokens for different audiences. A way to end a run is not documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from orchestrators.pipelines.azureml_assets import registration, tags_of, workspace_id
from orchestrators.pipelines.azureml_standing import RUNNING, standing_of
from orchestrators.pipelines.port import PipelineCall, ServiceToken, Started
from orchestrators.pipelines.service import Begun, Standing
from orchestrators.pipelines.texts import texts_of
from transforms.flow.then.azure_ml import AzureMLPublishedStart

_HOSTS: Final = (".api.azureml.ms",)
_ROLE: Final = "the role AzureML Data Scientist on the workspace"
STARTING: Final = ServiceToken(audience="https://management.azure.com", hosts=_HOSTS, role=_ROLE)
ASKING: Final = ServiceToken(audience="https://ml.azure.com", hosts=_HOSTS, role=_ROLE)


class AzureMLPublished:
    """What is particular to published pipelines."""

    asks_with = ASKING
    headers: Mapping[str, str] = {}
    starts_with = frozenset({200})
    running = RUNNING | {"Unapproved", "Pausing"}

    def call(self, then: AzureMLPublishedStart, words: Mapping[str, Any]) -> PipelineCall:
        """The request that starts a run, after that which registers the data asset."""
        body: dict[str, Any] = {
            "ExperimentName": then.experiment,
            "ParameterAssignments": texts_of(then.parameters),
            "Tags": tags_of(words),
            "RunSource": "API",
        }
        if then.data_paths:
            body["DataPathAssignments"] = {
                name: {"DataStoreName": then.datastore, "RelativePath": path} for name, path in then.data_paths.items()
            }
        parts = urlsplit(then.url)
        return PipelineCall(
            run_id=str(words["run_id"]),
            fields="`then.url` and `then.workspace`",
            url=then.url,
            body=body,
            auth=STARTING,
            runs_url=f"{parts.scheme}://{parts.netloc}/history/v1.0{workspace_id(then.workspace)}/runs",
            first=registration(then, words),
        )

    def begun(self, call: PipelineCall, document: Mapping[str, Any]) -> Begun | None:
        """What the answer to the start says."""
        run_id = document.get("Id")
        if not isinstance(run_id, str) or not run_id:
            return None
        workspace = (call.runs_url or "").partition("/history/v1.0")[2].removesuffix("/runs")
        link = f"https://ml.azure.com/runs/{quote(run_id, safe='')}?wsid={workspace}"
        return Begun(run_id, f"{call.runs_url}/{quote(run_id, safe='')}/details", link)

    def standing(self, document: Mapping[str, Any]) -> Standing:
        """What the run history says."""
        return standing_of(document.get("status"), document)

    def stop(self, started: Started) -> None:
        """No documented request ends a run."""
