"""Choosing the adapter, without paying for any."""

from __future__ import annotations

import subprocess
import sys
from typing import Literal

import pytest

from orchestrators.pipelines.choose import choose_pipeline
from orchestrators.pipelines.http import HttpPipeline
from tests.orchestrators.pipelines.fake_credential import FakeCredential

LOADS = """
import sys, orchestrators.pipelines.choose
print(sorted({name.partition(".")[0] for name in sys.modules} & {"azure", "requests", "urllib3", "msal"}))
"""


@pytest.mark.parametrize("name", ["http"])
def test_every_pipeline_that_a_flow_may_name_has_an_adapter(name: Literal["http"]) -> None:
    chosen = choose_pipeline(name, flow_settings={}, credential=FakeCredential, allow_http_loopback=False)
    assert isinstance(chosen, HttpPipeline)


def test_importing_the_adapters_loads_no_http_library() -> None:
    loaded = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
