"""`pipeline: synapse`: a pipeline of a Synapse workspace."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from transforms.flow.then.fields import ServiceUrl, Text
from transforms.flow.then.pipeline_start import PipelineStart


class SynapseStart(PipelineStart):
    """A Synapse pipeline; `parameters` are its parameters, of their own types."""

    pipeline: Literal["synapse"]
    url: ServiceUrl = Field(description="the workspace, such as https://contoso.dev.azuresynapse.net")
    name: Text = Field(description="the pipeline's name")
