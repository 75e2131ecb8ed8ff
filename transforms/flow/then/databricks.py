"""`pipeline: databricks`: a job of a workspace, by run-now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from transforms.flow.then.fields import Key, Number, ServiceUrl
from transforms.flow.then.pipeline_start import PipelineStart


class DatabricksStart(PipelineStart):
    """A Databricks job; `parameters` are its job parameters, or those of its notebook."""

    pipeline: Literal["databricks"]
    url: ServiceUrl = Field(description="the workspace, such as https://adb-123.4.azuredatabricks.net")
    job_id: Number
    parameters_for: Literal["job", "notebook"] = Field(
        "job", description="notebook: for a job that declares no parameters of its own"
    )
    auth: Key | None = Field(None, description="a personal access token; the app's identity when not given")

    def keys(self) -> Iterator[str]:
        """The names of the app settings that hold its keys."""
        if self.auth:
            yield self.auth.setting
