"""The words that templates may name, and what they stand for."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from orchestrators.pipelines.templates import fill_in
from orchestrators.pipelines.words import words_of_manifest, words_of_output
from tests.orchestrators.pipelines.services import WORDS
from transforms.draft import RowCounts
from transforms.errors import FlowBroken
from transforms.flow.then.azure_devops import AzureDevOpsStart
from transforms.flow.then.http import HttpStart
from transforms.flow.then.manifest_words import FIXED
from transforms.flow.then.pipeline_start import ALWAYS_KNOWN

MANIFEST: dict[str, Any] = {
    "rows": {"read": 4, "published": 2, "steps": [{"step": "filter"}]},
    "profile": {"columns": {"kWh": {"mean": 3.0}}},
    "caller_run_id": None,
    "parameters": {"note": "x" * 1001},
}


def http(**parameters: str) -> HttpStart:
    return HttpStart(pipeline="http", url="https://ml.example", parameters=parameters)


@pytest.mark.parametrize(
    ("url", "abfss", "wasbs"),
    [
        pytest.param(
            "https://acme.blob.core.windows.net/datasets/trips/r1/",
            "abfss://datasets@acme.dfs.core.windows.net/trips/r1/",
            "wasbs://datasets@acme.blob.core.windows.net/trips/r1/",
            id="azure",
        ),
        pytest.param(
            "https://acme.z12.blob.storage.azure.net/datasets/trips/r1/",
            "abfss://datasets@acme.z12.dfs.storage.azure.net/trips/r1/",
            "wasbs://datasets@acme.z12.blob.storage.azure.net/trips/r1/",
            id="a zone of its own",
        ),
        pytest.param(
            "http://127.0.0.1:10000/devstoreaccount1/datasets/trips/r1/",
            "abfss://datasets@devstoreaccount1.dfs.core.windows.net/trips/r1/",
            "wasbs://datasets@devstoreaccount1.blob.core.windows.net/trips/r1/",
            id="emulator",
        ),
    ],
)
def test_the_output_in_each_form(url: str, abfss: str, wasbs: str) -> None:
    assert words_of_output(url, "datasets") == {
        "output_url": url,
        "output_path": "trips/r1/",
        "output_abfss": abfss,
        "output_wasbs": wasbs,
    }


def test_a_flow_that_is_named_like_the_container_keeps_its_path() -> None:
    words = words_of_output("https://acme.blob.core.windows.net/datasets/datasets/r1/", "datasets")
    assert words["output_path"] == "datasets/r1/"


def test_values_of_the_manifest_keep_their_types() -> None:
    named = http(a="{manifest.rows.read}", b="{manifest.profile.columns.kWh.mean}", c="{manifest.caller_run_id}")
    words = words_of_manifest(named, MANIFEST)
    assert fill_in(named, words).parameters == {"a": 4, "b": 3.0, "c": None}


@pytest.mark.parametrize(
    ("word", "told"),
    [
        pytest.param("manifest.profile.columns.mwh.mean", "has no", id="no such column"),
        pytest.param("manifest.profile.columns", "not a single value", id="a mapping"),
        pytest.param("manifest.rows.steps", "not a single value", id="a list"),
        pytest.param("manifest.rows.read.more", "has no", id="below a value"),
        pytest.param("manifest.parameters.note", "over 1000 characters", id="a long text"),
    ],
)
def test_what_is_no_single_value_of_the_manifest_is_a_mistake(word: str, told: str) -> None:
    with pytest.raises(FlowBroken, match=told):
        words_of_manifest(http(a=f"{{{word}}}"), MANIFEST)


def test_the_fixed_values_of_the_manifest_are_those_that_it_counts() -> None:
    counted = {f"rows.{count.name}" for count in fields(RowCounts) if count.name != "steps"}
    assert {word for word in FIXED if word.startswith("rows.")} == counted


def test_texts_stay_texts_where_only_texts_are_taken() -> None:
    then = AzureDevOpsStart.model_validate(
        {"pipeline": "azure_devops", "url": "https://dev.azure.com/x", "project": "p", "pipeline_id": 1}
        | {"parameters": {"rows": "{rows}"}, "variables": {"rows": "{rows}"}}
    )
    filled = fill_in(then, {"rows": 3})
    assert filled.parameters == {"rows": 3}
    assert isinstance(filled, AzureDevOpsStart)
    assert filled.variables == {"rows": "3"}


def test_every_word_that_a_flow_may_name_is_there() -> None:
    assert ALWAYS_KNOWN - WORDS.keys() == {"manifest_url", "rows_quarantined"}
