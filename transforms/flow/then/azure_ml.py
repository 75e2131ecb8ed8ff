"""`pipeline: azureml_…`: three ways in which Azure Machine Learning runs a pipeline."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from transforms.flow.declared import Declared
from transforms.flow.then.data_factory import RESOURCE_MANAGER
from transforms.flow.then.fields import ServiceUrl, Text
from transforms.flow.then.pipeline_start import PipelineStart


class Workspace(Declared):
    """Where a workspace is in Azure."""

    subscription: Text
    resource_group: Text
    name: Text


class Asset(Declared):
    """A data asset that gets a new version before the start; `{data_asset}` is its address."""

    name: str = Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]{0,254}|.*\$\{.*)$")
    type: Literal["mltable", "uri_folder"]


def _uri_alone(value: Any) -> Any:
    return value if isinstance(value, dict | BaseModel) else {"uri": value}


class JobInput(Declared):
    """A data input: where the data is, and as what the pipeline sees it."""

    uri: Text
    type: Literal["uri_folder", "uri_file", "mltable"] = "uri_folder"


class BatchInput(Declared):
    """A data input of a batch endpoint, which knows no MLTable."""

    uri: Text
    type: Literal["uri_folder", "uri_file"] = "uri_folder"


class AzureMLStart(PipelineStart):
    """What the three have together: a data asset that may be registered first."""

    asset: Asset | None = Field(
        None, alias="register", description="a new version of this data asset, before the start"
    )
    workspace: Workspace | None = Field(None, description="needed to `register`")
    management_url: ServiceUrl = Field(RESOURCE_MANAGER, description="Resource Manager; another one for trials alone")

    def words(self) -> frozenset[str]:
        """The words that templates may name, as far as this `then` decides it."""
        return super().words() | ({"data_asset"} if self.asset else set())


class AzureMLBatchStart(AzureMLStart):
    """A batch endpoint (v2); `inputs` are its data, `parameters` its literal inputs."""

    TEMPLATED: ClassVar[frozenset[str]] = frozenset({"parameters", "inputs"})

    pipeline: Literal["azureml_batch"]
    url: ServiceUrl = Field(description="the endpoint's scoring URI")
    deployment: Text | None = Field(None, description="the endpoint's default deployment when not given")
    inputs: dict[str, Annotated[BatchInput, BeforeValidator(_uri_alone, json_schema_input_type=BatchInput | Text)]] = (
        Field(default_factory=dict)
    )

    @model_validator(mode="after")
    def _registers_somewhere(self) -> AzureMLBatchStart:
        if self.asset and not self.workspace:
            raise ValueError("a `workspace` beside `register`: the asset must be registered somewhere")
        return self


class AzureMLJobStart(AzureMLStart):
    """A pipeline component run as a job (v2); `inputs` are its data, `parameters` its literal inputs."""

    TEMPLATED: ClassVar[frozenset[str]] = frozenset({"parameters", "inputs"})

    pipeline: Literal["azureml_job"]
    workspace: Workspace
    component: str = Field(
        pattern=r"^([^:/]+:[^:/]+|azureml://.+|/subscriptions/.+|\$\{.+)$",
        description="a registered pipeline component: name:version, or its full id",
    )
    compute: Text | None = Field(None, description="the cluster of steps that name none")
    experiment: Text | None = None
    inputs: dict[str, Annotated[JobInput, BeforeValidator(_uri_alone, json_schema_input_type=JobInput | Text)]] = Field(
        default_factory=dict
    )


class AzureMLPublishedStart(AzureMLStart):
    """A published pipeline or pipeline endpoint (v1); `parameters` are its parameter assignments."""

    TEMPLATED: ClassVar[frozenset[str]] = frozenset({"parameters", "data_paths"})

    pipeline: Literal["azureml_published"]
    url: ServiceUrl = Field(description="the REST endpoint as the studio shows it")
    workspace: Workspace
    experiment: Text
    data_paths: dict[str, Text] = Field(
        default_factory=dict, description="data path parameters: paths inside `datastore`, such as {output_path}"
    )

    @model_validator(mode="after")
    def _paths_are_somewhere(self) -> AzureMLPublishedStart:
        if self.data_paths and not self.datastore:
            raise ValueError("a `datastore` beside `data_paths`: the paths are inside it")
        return self
