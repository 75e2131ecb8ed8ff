"""Which adapter answers which `then.pipeline`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from orchestrators.pipelines.http import HttpPipeline
from orchestrators.pipelines.port import Pipeline

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


def choose_pipeline(
    pipeline: Literal["http"],
    *,
    flow_settings: Mapping[str, str],
    credential: Callable[[], TokenCredential],
    allow_http_loopback: bool,
) -> Pipeline:
    """The adapter that a flow names in `then.pipeline`."""
    adapters = {"http": HttpPipeline}
    return adapters[pipeline](
        flow_settings=flow_settings, credential=credential, allow_http_loopback=allow_http_loopback
    )
