"""`pipeline: azure_devops`: a YAML pipeline of an organisation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from transforms.flow.then.fields import Key, Number, ServiceUrl, Text
from transforms.flow.then.pipeline_start import PipelineStart


class AzureDevOpsStart(PipelineStart):
    """An Azure DevOps pipeline; `parameters` are its template parameters."""

    TEMPLATED: ClassVar[frozenset[str]] = frozenset({"parameters", "variables"})

    pipeline: Literal["azure_devops"]
    url: ServiceUrl = Field(description="the organisation, such as https://dev.azure.com/contoso")
    project: Text
    pipeline_id: Number
    branch: Text | None = Field(None, description="such as main or refs/tags/v1; the default branch when not given")
    variables: dict[str, str] = Field(default_factory=dict, description="variables that may be set at queue time")
    auth: Key | None = Field(None, description="a personal access token; the app's identity when not given")

    def keys(self) -> Iterator[str]:
        """The names of the app settings that hold its keys."""
        if self.auth:
            yield self.auth.setting
