"""What the shipped pipelines promise besides their form: one run an id, no key in monitoring, nothing dangling."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.adf.shipped import ROOT, activities, resources

PIPELINES = resources("pipeline")
CALLS = [
    pytest.param(activity, id=f"{name}: {activity['name']}")
    for name, properties in PIPELINES.items()
    for activity in activities(properties)
    if activity["type"] in {"WebActivity", "WebHook", "AzureFunctionActivity"}
]


@pytest.mark.parametrize("call", CALLS)
def test_the_factory_s_run_id_is_the_caller_run_id(call: dict[str, Any]) -> None:
    if call["typeProperties"]["method"] == "POST":
        assert '"caller_run_id": "@{pipeline().RunId}"' in call["typeProperties"]["body"]["value"]


@pytest.mark.parametrize("call", CALLS)
def test_what_carries_a_key_is_secure(call: dict[str, Any]) -> None:
    properties, policy = json.dumps(call["typeProperties"]), call["policy"]
    if "x-functions-key" in properties or "status_url" in properties:
        assert policy["secureInput"]
    if call["type"] != "WebHook":  # Key Vault answers with a key, the app with a link that opens the run
        assert policy["secureOutput"]


def test_triggers_start_shipped_pipelines_with_parameters_that_these_declare() -> None:
    for trigger in resources("trigger").values():
        for started in trigger.get("pipelines") or [trigger["pipeline"]]:
            declared = PIPELINES[started["pipelineReference"]["referenceName"]]["parameters"]
            needed = {name for name, parameter in declared.items() if "defaultValue" not in parameter}
            assert needed <= started["parameters"].keys() <= declared.keys()


def test_what_the_pipelines_name_is_shipped_or_told_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r'"referenceName": "(\w+)"', json.dumps([PIPELINES, resources("linkedService")])))
    missing = named - resources("linkedService").keys()
    assert {name for name in missing if f"`{name}`" not in readme} == set()


def test_no_file_holds_a_key() -> None:
    for service in resources("linkedService").values():
        assert service["typeProperties"]["functionKey"]["type"] == "AzureKeyVaultSecret"
