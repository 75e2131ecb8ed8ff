"""What every kind of pipeline is told, and which words its templates may name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from pydantic import Field, JsonValue

from transforms.flow.declared import Declared
from transforms.flow.then.fields import Duration, RetrainOn, Text

ALWAYS_KNOWN = frozenset(
    {
        "run_id", "caller_run_id", "flow", "revision", "rows", "rows_quarantined", "manifest_url",
        "output_url", "output_abfss", "output_wasbs", "output_path",
    }
)  # fmt: skip
"""What `{…}` may name in any `then`, besides the flow's captures and parameters, and `manifest.…`."""


class PipelineStart(Declared):
    """What a pipeline is told, and how long its end is waited for."""

    TEMPLATED: ClassVar[frozenset[str]] = frozenset({"parameters"})
    """The fields whose texts are templates."""

    parameters: dict[str, JsonValue] = Field(
        default_factory=dict, description="what the pipeline is told: single values, or lists and mappings of them"
    )
    datastore: Text | None = Field(
        None, description="the Azure ML datastore that stands for the output container; gives {output_azureml}"
    )
    wait: Duration = Field(
        timedelta(hours=2),
        json_schema_extra={"default": "2h"},
        description="such as 45s, 30m, 2h or 1d; 0 starts the pipeline and leaves",
    )

    retrain_on: RetrainOn = Field(
        ("publish",),
        json_schema_extra={"default": "publish"},
        description="publish: every dataset starts it; drift: only one whose drift check tripped",
    )

    def words(self) -> frozenset[str]:
        """The words that templates may name, as far as this `then` decides it."""
        return ALWAYS_KNOWN | ({"output_azureml"} if self.datastore else set())

    def keys(self) -> Iterator[str]:
        """The names of the app settings that hold its keys."""
        yield from ()
