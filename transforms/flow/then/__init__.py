"""What a flow starts once its dataset is published: one model for each kind of pipeline."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from transforms.flow.then.azure_devops import AzureDevOpsStart
from transforms.flow.then.azure_ml import AzureMLBatchStart, AzureMLJobStart, AzureMLPublishedStart
from transforms.flow.then.data_factory import DataFactoryStart
from transforms.flow.then.databricks import DatabricksStart
from transforms.flow.then.http import HttpStart
from transforms.flow.then.synapse import SynapseStart

Then = Annotated[
    AzureDevOpsStart
    | AzureMLBatchStart
    | AzureMLJobStart
    | AzureMLPublishedStart
    | DataFactoryStart
    | DatabricksStart
    | HttpStart
    | SynapseStart,
    Field(discriminator="pipeline"),
]
"""The pipeline to start, what to tell it, and how long to wait for its end."""
