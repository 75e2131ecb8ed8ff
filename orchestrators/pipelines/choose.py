"""Which adapter answers which `then.pipeline`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from orchestrators.pipelines.azure_devops import AzureDevOps
from orchestrators.pipelines.azureml_batch import AzureMLBatch
from orchestrators.pipelines.azureml_job import AzureMLJob
from orchestrators.pipelines.azureml_published import AzureMLPublished
from orchestrators.pipelines.data_factory import DataFactory
from orchestrators.pipelines.databricks import Databricks
from orchestrators.pipelines.http import HttpPipeline
from orchestrators.pipelines.port import Pipeline
from orchestrators.pipelines.sending import Sender
from orchestrators.pipelines.service import Service, ServicePipeline
from orchestrators.pipelines.synapse import Synapse

SERVICES: Final[Mapping[str, Service]] = {
    "azure_devops": AzureDevOps(),
    "azureml_batch": AzureMLBatch(),
    "azureml_job": AzureMLJob(),
    "azureml_published": AzureMLPublished(),
    "data_factory": DataFactory(),
    "databricks": Databricks(),
    "synapse": Synapse(),
}


def choose_pipeline(pipeline: str, sender: Sender) -> Pipeline:
    """The adapter that a flow names in `then.pipeline`."""
    return HttpPipeline(sender) if pipeline == "http" else ServicePipeline(SERVICES[pipeline], sender)
