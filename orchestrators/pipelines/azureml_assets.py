"""Data assets of an Azure ML workspace: a new version for each run, before the pipeline is started.

    PUT …/workspaces/{ws}/data/{name}/versions/{run id}      200, 201; again: the same

The version is made from the run ID, so that a second call meets the first one's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from orchestrators.pipelines.port import PipelineCall, ServiceToken
from transforms.flow.then.azure_ml import AzureMLStart, Workspace

API_VERSION = "2024-10-01"
MANAGEMENT = ServiceToken(
    audience="https://management.azure.com",
    hosts=("management.azure.com",),
    role="the role AzureML Data Scientist on the workspace",
)
_LONGEST_VERSION = 30
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]")


def workspace_id(workspace: Workspace) -> str:
    """The workspace's Resource Manager id."""
    subscription, group, name = (
        quote(part, safe="") for part in (workspace.subscription, workspace.resource_group, workspace.name)
    )
    provider = "providers/Microsoft.MachineLearningServices/workspaces"
    return f"/subscriptions/{subscription}/resourceGroups/{group}/{provider}/{name}"


def valid_name(run_id: str, longest: int) -> str:
    """The run ID as Azure ML takes names: letters, digits, `-` and `_`, and not too long.

    Example:
        >>> valid_name("20130131T060000Z-eccc0e07eed3", 30), valid_name("a.b c", 3)
        ('20130131T060000Z-eccc0e07eed3', 'a-b')
    """
    return _NOT_IN_NAMES.sub("-", run_id)[:longest]


def tags_of(words: Mapping[str, Any]) -> dict[str, str]:
    """Where an asset or a job came from."""
    return {"run_id": str(words["run_id"]), "flow": str(words["flow"]), "flow_revision": str(words["revision"])}


def asset_address(then: AzureMLStart, run_id: str) -> str:
    """The data asset's version, as inputs of jobs name it."""
    return f"azureml:{_version_id(then, run_id)}"


def registration(then: AzureMLStart, words: Mapping[str, Any]) -> PipelineCall | None:
    """The call that registers the dataset as a new version, if the flow wants one."""
    if then.asset is None:
        return None
    run_id = str(words["run_id"])
    return PipelineCall(
        run_id=run_id,
        fields="`then.workspace` and `then.register`",
        method="PUT",
        url=f"{then.management_url}{_version_id(then, run_id)}?api-version={API_VERSION}",
        body={
            "properties": {
                "dataType": then.asset.type,
                "dataUri": words.get("output_azureml") or words["output_url"],
                "description": f"Dataset of flow {words['flow']}, run {run_id}",
                "tags": tags_of(words),
                "isAnonymous": False,
            }
        },
        auth=MANAGEMENT,
    )


def _version_id(then: AzureMLStart, run_id: str) -> str:
    if then.workspace is None or then.asset is None:
        raise ValueError("a data asset needs `register` and `workspace`, which the flow's model has made sure of")
    return f"{workspace_id(then.workspace)}/data/{then.asset.name}/versions/{valid_name(run_id, _LONGEST_VERSION)}"
