"""The files of `adf/` are what Data Factory publishes that it takes; one mistake in any activity is found."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adf.published import problems
from tests.adf.shipped import KINDS, activities, resource, resources

SHIPPED = [(folder, name) for folder in KINDS for name in resources(folder)]
FOUND = {
    activity["type"]: (pipeline, activity["name"])
    for pipeline, properties in resources("pipeline").items()
    for activity in activities(properties)
}


@pytest.mark.parametrize(("folder", "name"), SHIPPED)
def test_each_shipped_file_is_as_published(folder: str, name: str) -> None:
    document = resource(folder, name)
    assert problems(document, KINDS[folder]) == []
    assert document["name"] == name


MUTATED: list[tuple[str, str, dict[str, Any], str]] = [
    ("AzureFunctionActivity", "method", {"method": "PATCH"}, "'PATCH' is not one of"),
    ("WebActivity", "method", {"method": 1}, "1 is not one of"),
    ("WebHook", "method", {"method": "GET"}, "'GET' is not one of"),
    ("WebHook", "timeout", {"timeout": "12 hours"}, "does not match"),
    ("WebHook", "report", {"reportStatusOnCallBack": "yes"}, "not valid under any"),
    ("WebActivity", "url", {"url": 8}, "not valid under any"),
    ("WebActivity", "header", {"headers": {"x-functions-key": 8}}, "not valid under any"),
    ("AzureFunctionActivity", "body", {"body": {"uploads": []}}, "not valid under any"),
    ("WebActivity", "half an expression", {"url": {"type": "Expression"}}, "not valid under any"),
    ("SetVariable", "name", {"variableName": ["run_id"]}, "is not of type 'string'"),
    ("IfCondition", "expression", {"expression": "@true"}, "is not of type 'object'"),
    ("IfCondition", "branch", {"ifTrueActivities": [{"name": "x", "type": "Wait"}]}, "'typeProperties' is a required"),
]


@pytest.mark.parametrize(
    ("kind", "properties", "told"),
    [pytest.param(kind, properties, told, id=f"{kind} {what}") for kind, what, properties, told in MUTATED],
)
def test_a_value_that_is_not_allowed_is_found(kind: str, properties: dict[str, Any], told: str) -> None:
    document, activity = _copied(kind)
    activity["typeProperties"] |= properties
    assert told in "; ".join(problems(document, "PipelineResource"))


@pytest.mark.parametrize("kind", sorted(FOUND))
@pytest.mark.parametrize("place", ["activity", "typeProperties"])
def test_an_unknown_property_is_found(kind: str, place: str) -> None:
    document, activity = _copied(kind)
    (activity if place == "activity" else activity["typeProperties"])["colour"] = "red"
    (problem,) = problems(document, "PipelineResource")
    assert "'colour' was unexpected" in problem


@pytest.mark.parametrize("kind", sorted(FOUND))
def test_an_unknown_type_is_found(kind: str) -> None:
    document, activity = _copied(kind)
    activity["type"] = f"{kind}2"
    assert f"'{kind}2' is not one of" in problems(document, "PipelineResource")[0]


@pytest.mark.parametrize("kind", sorted(FOUND))
def test_a_missing_property_is_found(kind: str) -> None:
    document, activity = _copied(kind)
    del activity["typeProperties"]
    (problem,) = problems(document, "PipelineResource")
    assert "'typeProperties' is a required property" in problem


@pytest.mark.parametrize(
    ("folder", "name", "properties", "told"),
    [
        pytest.param("trigger", "sluice_on_upload", {"events": ["BlobCreated"]}, "is not one of", id="event"),
        pytest.param("trigger", "sluice_on_upload", {"colour": "red"}, "'colour' was unexpected", id="unknown"),
        pytest.param("trigger", "sluice_every_month", {"frequency": "Day"}, "is not one of", id="frequency"),
        pytest.param("trigger", "sluice_every_month", {"maxConcurrency": 51}, "greater than the maximum", id="most"),
        pytest.param("trigger", "sluice_every_month", {"delay": "2 days"}, "not valid under any", id="span"),
        pytest.param("linkedService", "sluice_app", {"functionKey": "abc"}, "not of type 'object'", id="bare key"),
        pytest.param("linkedService", "sluice_app", {"functionAppUrl": None}, "not valid under any", id="no address"),
    ],
)
def test_a_mistake_in_a_trigger_or_service_is_found(
    folder: str, name: str, properties: dict[str, Any], told: str
) -> None:
    document = resource(folder, name)
    document["properties"]["typeProperties"] |= properties
    assert told in "; ".join(problems(document, KINDS[folder]))


def _copied(kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A shipped pipeline, and the activity in it that is of that kind."""
    pipeline, name = FOUND[kind]
    document = resource("pipeline", pipeline)
    (activity,) = (one for one in activities(document["properties"]) if one["name"] == name)
    return document, activity
