"""`pipeline: data_factory`: a pipeline of a data factory."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from transforms.flow.then.fields import ServiceUrl, Text
from transforms.flow.then.pipeline_start import PipelineStart

RESOURCE_MANAGER = "https://management.azure.com"


class DataFactoryStart(PipelineStart):
    """A Data Factory pipeline; `parameters` are its parameters, of their own types."""

    pipeline: Literal["data_factory"]
    subscription: Text
    resource_group: Text
    factory: Text
    name: Text = Field(description="the pipeline's name")
    management_url: ServiceUrl = Field(RESOURCE_MANAGER, description="Resource Manager; another one for trials alone")
