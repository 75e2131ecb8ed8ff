"""The bodies of our requests are what the published descriptions say, and have nothing that they do not know."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft4Validator

from demo.makers.examples import example
from orchestrators.pipelines.azureml_assets import registration
from orchestrators.pipelines.sending import Sender
from tests.orchestrators.pipelines.services import (
    AZURE_DEVOPS,
    AZUREML_JOB,
    DATA_FACTORY,
    DATABRICKS,
    SYNAPSE,
    WORDS,
    WORKSPACE,
    Case,
    target,
)
from tests.orchestrators.pipelines.vendored import document
from transforms.flow.then.azure_ml import AzureMLJobStart

ORIGIN = "https://ml.example"


def closed(definitions: dict[str, Any]) -> dict[str, Any]:
    """The definitions, with everything refused that they do not name."""
    return {
        name: {"additionalProperties": False, **schema} if "properties" in schema else schema
        for name, schema in definitions.items()
    }


@pytest.fixture
def run_parameters() -> Draft4Validator:
    """What Azure DevOps takes for a run."""
    definitions = closed(document("azure_devops/pipelines-7.1.json")["definitions"])
    return Draft4Validator({"$ref": "#/definitions/RunPipelineParameters", "definitions": definitions})


def test_azure_devops_takes_our_body(run_parameters: Draft4Validator, sender: Sender) -> None:
    _, call = target(AZURE_DEVOPS, ORIGIN, sender)
    run_parameters.validate(call.body)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"templateParameters": {"rows": 3}}, id="a number where text is wanted"),
        pytest.param({"parameters": {}}, id="a name that it does not know"),
        pytest.param({"variables": {"data": "text"}}, id="a variable without its value"),
    ],
)
def test_azure_devops_would_refuse_a_broken_body(broken: dict[str, Any], run_parameters: Draft4Validator) -> None:
    assert not run_parameters.is_valid(broken)


@pytest.mark.parametrize("case", [DATA_FACTORY, SYNAPSE], ids=lambda case: case.kind)
def test_a_create_run_is_the_bare_map_of_parameters(case: Case, sender: Sender) -> None:
    shown = example(f"{case.kind}/Pipelines_CreateRun.json")["parameters"]["parameters"]
    _, call = target(case, ORIGIN, sender, parameters=dict.fromkeys(shown, "{rows}"))
    assert call.body == dict.fromkeys(shown, WORDS["rows"])


@pytest.mark.parametrize("case", [DATA_FACTORY, SYNAPSE], ids=lambda case: case.kind)
def test_a_parameter_of_the_type_array_is_an_array(case: Case, sender: Sender) -> None:
    shown = example(f"{case.kind}/Pipelines_CreateRun.json")["parameters"]["parameters"]
    assert isinstance(shown["OutputBlobNameList"], list)
    _, call = target(case, ORIGIN, sender, parameters={"OutputBlobNameList": ["{output_path}"]})
    assert call.body == {"OutputBlobNameList": [WORDS["output_path"]]}


def test_where_parameters_are_texts_a_list_is_json(sender: Sender) -> None:
    _, call = target(DATABRICKS, ORIGIN, sender, parameters={"files": ["{output_path}"], "rows": "{rows}"})
    assert call.body["job_parameters"] == {"files": json.dumps([WORDS["output_path"]]), "rows": "3"}


def test_a_job_has_only_what_the_published_example_has(sender: Sender) -> None:
    shown = example("azureml/PipelineJob_createOrUpdate.json")["parameters"]["body"]["properties"]
    _, call = target(AZUREML_JOB, ORIGIN, sender)
    job = call.body["properties"]
    # The example shows no component: azure-ai-ml's client names it so (see test_makers_clients).
    assert set(job) - set(shown) == {"componentId"}
    assert job["jobType"] == shown["jobType"]
    [literal] = [given for given in job["inputs"].values() if given["jobInputType"] == "literal"]
    assert {name: type(value) for name, value in literal.items()} == {
        name: type(value) for name, value in shown["inputs"]["string"].items() if name != "description"
    }


@pytest.mark.parametrize("kind", ["mltable", "uri_folder"])
def test_a_data_asset_has_only_what_the_published_example_has(kind: str) -> None:
    shown = example("azureml/DataVersionBase_createOrUpdate.json")["parameters"]["body"]["properties"]
    then = AzureMLJobStart.model_validate(
        {"pipeline": "azureml_job", "workspace": WORKSPACE, "component": "a:1", "register": {"name": "x", "type": kind}}
    )
    call = registration(then, WORDS)
    assert call
    asset = call.body["properties"]
    assert {name: type(value) for name, value in asset.items()}.items() <= {
        n: type(v) for n, v in shown.items()
    }.items()
    assert asset["dataType"] == kind
