"""Every kind of pipeline is declared with fields of its own, and a mistake is told in the words of its kind."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from transforms.errors import FlowBroken
from transforms.flow.flow import Flow
from transforms.flow.load import read_flow

WORKSPACE = {"subscription": "${FLOW_SUBSCRIPTION}", "resource_group": "ml", "name": "flights"}
KINDS: dict[str, dict[str, Any]] = {
    "http": {"url": "${FLOW_URL}", "sign": {"setting": "FLOW_SIGNING_KEY"}},
    "databricks": {"url": "https://adb-1.2.azuredatabricks.net", "job_id": 7, "auth": {"setting": "FLOW_TOKEN"}},
    "azure_devops": {"url": "https://dev.azure.com/contoso", "project": "ML", "pipeline_id": "${FLOW_PIPELINE}"},
    "data_factory": {"subscription": "${FLOW_S}", "resource_group": "ml", "factory": "f", "name": "train"},
    "synapse": {"url": "https://contoso.dev.azuresynapse.net", "name": "train"},
    "azureml_job": {"workspace": WORKSPACE, "component": "train:3"},
    "azureml_batch": {"url": "${FLOW_SCORING_URI}"},
    "azureml_published": {"url": "${FLOW_REST_ENDPOINT}", "workspace": WORKSPACE, "experiment": "flights"},
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def flow_of(kind: str, **changes: Any) -> Flow:
    then = {"pipeline": kind, **KINDS.get(kind, {}), **changes}
    flow = {
        "flow": "trips",
        "source": {"path": "trips/{day}.csv", "format": "csv"},
        "parameters": {"late_after": {"type": "int32", "default": 15}},
        "contract": {"columns": {"a": "int32"}},
        "then": {name: value for name, value in then.items() if value is not ...},
    }
    return read_flow(yaml.safe_dump(flow), "trips.yaml")


def mistakes_of(kind: str, **changes: Any) -> dict[str, str]:
    with pytest.raises(FlowBroken) as broken:
        flow_of(kind, **changes)
    return {mistake.path: f"{mistake.found}; {mistake.expected}" for mistake in broken.value.mistakes}


@every_kind
def test_is_read_with_what_every_kind_is_told(kind: str) -> None:
    told = {
        "late": "{late_after}",
        "day": "{day}",
        "where": "{output_abfss}{output_wasbs}{output_url}{output_path}",
        "rows": "{manifest.rows.published}",
        "mean": "{manifest.profile.columns.a.mean}",
        "epochs": 3,
        "nothing": None,
        "files": ["{output_path}", {"rows": ["{rows}"]}],
    }
    then = flow_of(kind, parameters=told, wait="30m").then
    assert then
    assert (then.pipeline, then.parameters, then.wait.total_seconds()) == (kind, told, 1800)


@every_kind
@pytest.mark.parametrize(
    "word",
    ["runid", "output_azureml", "data_asset", "manifest.rows.lost", "manifest.source", "manifest.profile.", "Day", ""],
)
def test_a_template_that_names_nothing_known_is_a_mistake(kind: str, word: str) -> None:
    told = mistakes_of(kind, parameters={"a": f"{{{word}}}"})
    assert list(told) == ["then.parameters.a"]
    assert f"{{{word}}}" in told["then.parameters.a"]


@every_kind
def test_a_datastore_gives_the_address_that_azure_ml_knows(kind: str) -> None:
    flow_of(kind, datastore="datasets", parameters={"data": "{output_azureml}"})


@every_kind
def test_a_template_elsewhere_is_a_mistake(kind: str) -> None:
    assert "templates in" in mistakes_of(kind, datastore="{run_id}")["then.datastore"]


@every_kind
def test_an_unknown_key_is_told_with_the_keys_of_its_kind(kind: str) -> None:
    told = mistakes_of(kind, paramters={})["then.paramters"]
    assert "did you mean parameters?" in told
    assert ("job_id" in told) == (kind == "databricks")


@every_kind
@pytest.mark.parametrize("url", ["http://ml.example", "ftp://ml.example", "ml.example", "", "http://localhost.example"])
def test_an_address_without_https_is_a_mistake(kind: str, url: str) -> None:
    field = "url" if "url" in KINDS[kind] else "management_url"
    assert "an https URL" in mistakes_of(kind, **{field: url})[f"then.{field}"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8800/x", "http://localhost/x", "http://[::1]:1/", "https://ml.example"]
)
def test_loopback_is_left_to_the_setting_that_allows_it(url: str) -> None:
    flow_of("http", url=url)


@pytest.mark.parametrize(
    ("kind", "changes", "path", "told"),
    [
        pytest.param("databrick", {}, "then", "did you mean databricks?", id="an unknown kind"),
        pytest.param(..., {}, "then", "the key 'pipeline'", id="no kind"),
        pytest.param("databricks", {"job_id": ...}, "then.job_id", "the required key 'job_id'", id="no job"),
        pytest.param("databricks", {"job_id": "train"}, "then.job_id", "a number, or the setting", id="a job by name"),
        pytest.param("databricks", {"job_id": True}, "then.job_id", "a number, or the setting", id="a truth"),
        pytest.param("databricks", {"job_id": -1}, "then.job_id", "a number, or the setting", id="a negative number"),
        pytest.param(
            "databricks", {"auth": {"setting": "TOKEN"}}, "then.auth.setting", "FLOW_", id="a setting of others"
        ),
        pytest.param("azureml_job", {"component": "train"}, "then.component", "matches", id="no version"),
        pytest.param("azureml_job", {"inputs": {"a": "{x}"}}, "then.inputs.a.uri", "{x}", id="template of an input"),
        pytest.param(
            "azureml_job",
            {"inputs": {"a": {"uri": "x", "type": "file"}}},
            "then.inputs.a.type",
            "uri_file",
            id="input type",
        ),
        pytest.param(
            "azureml_batch",
            {"inputs": {"a": {"uri": "x", "type": "mltable"}}},
            "then.inputs.a.type",
            "uri_folder",
            id="mltable",
        ),
        pytest.param(
            "azureml_batch",
            {"register": {"name": "x", "type": "mltable"}},
            "then",
            "`workspace` beside",
            id="registers nowhere",
        ),
        pytest.param(
            "azureml_job", {"register": {"name": "x", "type": "csv"}}, "then.register.type", "mltable", id="asset type"
        ),
        pytest.param(
            "azureml_published",
            {"data_paths": {"a": "{output_path}"}},
            "then",
            "`datastore` beside",
            id="paths nowhere",
        ),
    ],
)
def test_a_mistake_is_told_in_the_words_of_its_kind(kind: Any, changes: dict[str, Any], path: str, told: str) -> None:
    assert told in mistakes_of(kind, **changes)[path]


def test_a_registered_asset_may_be_named() -> None:
    asset = {"name": "flights", "type": "mltable"}
    flow_of("azureml_job", register=asset, inputs={"data": {"uri": "{data_asset}", "type": "mltable"}})
    assert "{data_asset}" in mistakes_of("azureml_job", inputs={"data": "{data_asset}"})["then.inputs.data.uri"]


@every_kind
@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param(..., ("publish",), id="nothing said"),
        pytest.param("publish", ("publish",), id="a word"),
        pytest.param(["drift", "publish"], ("drift", "publish"), id="a list"),
    ],
)
def test_says_on_what_it_retrains(kind: str, written: Any, read: tuple[str, ...]) -> None:
    then = flow_of(kind, retrain_on=written).then
    assert then
    assert then.retrain_on == read


@every_kind
def test_a_template_inside_a_list_is_a_mistake_with_its_place(kind: str) -> None:
    assert list(mistakes_of(kind, parameters={"files": [{"path": "{pth}"}]})) == ["then.parameters.files[0].path"]
