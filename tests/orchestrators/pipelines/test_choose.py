"""Choosing the adapter, without paying for any."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

from orchestrators.pipelines.choose import SERVICES, choose_pipeline
from orchestrators.pipelines.sending import Sender
from tests.orchestrators.pipelines.fake_credential import FakeCredential
from transforms.flow.then import Then

LOADS = """
import sys, orchestrators.pipelines.choose
print(sorted({name.partition(".")[0] for name in sys.modules} & {"azure", "requests", "urllib3", "msal"}))
"""


KINDS = {kind.model_fields["pipeline"].annotation.__args__[0] for kind in get_args(get_args(Then)[0])}


def test_every_pipeline_that_a_flow_may_name_has_an_adapter() -> None:
    assert {"http", *SERVICES} == KINDS
    assert all(choose_pipeline(kind, Sender({}, FakeCredential)) for kind in KINDS)


def test_importing_the_adapters_loads_no_http_library() -> None:
    loaded = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
