"""Settings are put into `then`, and all that are missing are named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from transforms.errors import FlowBroken, SettingsMissing
from transforms.flow.flow import Flow
from transforms.flow.settings import resolve_settings, resolve_then, settings_named
from transforms.flow.then.databricks import DatabricksStart


def test_settings_are_put_in_where_they_are_named() -> None:
    assert resolve_settings("${FLOW_A}/x/${FLOW_B}", {"FLOW_A": "https://a", "FLOW_B": "${FLOW_A}"}) == (
        "https://a/x/${FLOW_A}"
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("${FLOW_X} ${FLOW_Y} ${FLOW_A}", "FLOW_X, FLOW_Y;", id="two that are not there"),
        pytest.param("${PATH}", "PATH;", id="one that is not the flow's"),
    ],
)
def test_all_missing_settings_are_named(text: str, names: str) -> None:
    with pytest.raises(SettingsMissing, match=f"missing app settings: {names}"):
        resolve_settings(text, {"FLOW_A": "a", "PATH": "/bin"})


def test_the_settings_of_a_flow_are_those_of_its_then(flow_with: Callable[..., Flow]) -> None:
    then = {
        "pipeline": "http",
        "url": "${FLOW_URL}/x",
        "parameters": {"a": "${FLOW_A}"},
        "auth": {"header": "x-key", "setting": "FLOW_KEY"},
    }
    assert settings_named(flow_with(then=then)) == {"FLOW_URL", "FLOW_A", "FLOW_KEY"}
    assert settings_named(flow_with()) == set()


DATABRICKS = {
    "pipeline": "databricks",
    "url": "${FLOW_URL}",
    "job_id": "${FLOW_JOB}",
    "parameters": {"a": "${FLOW_A}/{run_id}", "b": 3},
    "wait": "30m",
}
VALUES = {"FLOW_URL": "https://adb-1.2.azuredatabricks.net", "FLOW_JOB": "42", "FLOW_A": "a"}


def test_a_resolved_then_is_typed_again(flow_with: Callable[..., Flow]) -> None:
    then = flow_with(then=DATABRICKS).then
    assert then
    resolved = resolve_then(then, VALUES, "trips.yaml")
    assert isinstance(resolved, DatabricksStart)
    assert (resolved.url, resolved.job_id) == (VALUES["FLOW_URL"], 42)
    assert (resolved.parameters, resolved.wait) == ({"a": "a/{run_id}", "b": 3}, then.wait)


def test_all_settings_that_a_then_misses_are_named(flow_with: Callable[..., Flow]) -> None:
    then = flow_with(then=DATABRICKS).then
    assert then
    with pytest.raises(SettingsMissing, match="FLOW_JOB, FLOW_URL;"):
        resolve_then(then, {"FLOW_A": "a"}, "trips.yaml")


@pytest.mark.parametrize(
    ("setting", "value", "path"),
    [
        pytest.param("FLOW_JOB", "s3cret", "then.job_id", id="no number"),
        pytest.param("FLOW_URL", "http://s3cret.example", "then.url", id="no https"),
    ],
)
def test_a_setting_that_does_not_fit_is_told_without_its_value(
    setting: str, value: str, path: str, flow_with: Callable[..., Flow]
) -> None:
    then = flow_with(then=DATABRICKS).then
    assert then
    with pytest.raises(FlowBroken) as broken:
        resolve_then(then, {**VALUES, setting: value}, "trips.yaml")
    [mistake] = broken.value.mistakes
    assert mistake.path == path
    assert "s3cret" not in str(mistake)


def test_the_keys_of_every_kind_are_settings_of_the_flow(flow_with: Callable[..., Flow]) -> None:
    told = {**DATABRICKS, "auth": {"setting": "FLOW_TOKEN"}, "parameters": {"setting": "none of ours"}}
    assert settings_named(flow_with(then=told)) == {"FLOW_URL", "FLOW_JOB", "FLOW_TOKEN"}
    signed = {"pipeline": "http", "url": "https://ml.example", "sign": {"setting": "FLOW_SIGN"}}
    assert settings_named(flow_with(then=signed)) == {"FLOW_SIGN"}
