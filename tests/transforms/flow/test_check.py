"""A flow is checked before any byte is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transforms.errors import FlowBroken
from transforms.flow.check import check_flow
from transforms.flow.flow import Flow
from transforms.flow.load import LoadedFlow, load_flow

Build = Callable[..., Flow]
OWN = "def add_daylight(table):\n    return table\n"


def _loaded(flow: Flow, folder: Path) -> LoadedFlow:
    return LoadedFlow(flow, folder / "trips.yaml", "", "0" * 12, "0" * 64)


def _mistakes(flow: Flow, folder: Path) -> dict[str, str]:
    with pytest.raises(FlowBroken) as broken:
        check_flow(_loaded(flow, folder))
    return {mistake.path: mistake.found for mistake in broken.value.mistakes}


def test_the_flow_of_the_design_has_no_mistake(tmp_path: Path, flights: str) -> None:
    (tmp_path / "flights.yaml").write_text(flights, encoding="utf-8")
    (tmp_path / "flights.py").write_text(OWN, encoding="utf-8")
    check_flow(load_flow(tmp_path / "flights.yaml"))


@pytest.mark.parametrize(
    ("steps", "path", "found"),
    [
        pytest.param(
            [{"filter": "c > 1"}], "steps[0].filter", "no column 'c'; the columns are a, b, city", id="filter"
        ),
        pytest.param([{"derive": {"x": "city + b"}}], "steps[0].derive.x", "", id="types"),
        pytest.param([{"select": ["a"]}, {"filter": "b > 1"}], "steps[1].filter", "no column 'b'", id="dropped before"),
        pytest.param(
            [{"rename": {"a": "x"}}, {"dedupe": {"keys": "a"}}], "steps[1].dedupe.keys[0]", "'a'", id="renamed"
        ),
        pytest.param([{"impute": {"city": "median"}}], "steps[0].impute.city", "no median", id="median of text"),
        pytest.param([{"impute": {"a": {"value": "x"}}}], "steps[0].impute.a", "does not fit", id="an unfit value"),
        pytest.param([{"sql": "SELECT x FROM input"}], "steps[0].sql", "no column 'x'", id="sql"),
        pytest.param([{"filter": "random() > 1"}], "steps[0].filter", "a call of random()", id="volatile"),
        pytest.param(
            [{"join": {"lookup": "cities", "on": "a", "take": ["b"]}}],
            "steps[0].join.take.b",
            "there already",
            id="a clash",
        ),
        pytest.param(
            [{"join": {"lookup": "cities", "on": "a", "take": ["size"]}}, {"filter": "sise > 1"}],
            "steps[1].filter",
            "no column 'sise'; the columns are a, b, city, size",
            id="after a join",
        ),
    ],
)
def test_a_step_that_cannot_fit_is_a_mistake(
    flow_with: Build, tmp_path: Path, steps: list[Any], path: str, found: str
) -> None:
    flow = flow_with(steps=steps, lookups={"cities": {"path": "cities.csv", "key": "a"}})
    assert found in _mistakes(flow, tmp_path)[path]


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([{"python": {"call": "own:add_daylight"}}, {"filter": "light > 1"}], id="python"),
        pytest.param([{"encode": {"city": "one_hot"}}, {"filter": "city_x > 1"}], id="one_hot"),
        pytest.param([{"join": {"lookup": "cities", "on": "a"}}, {"filter": "size > 1"}], id="join without take"),
        pytest.param(
            [{"join": {"lookup": "cities", "on": "a", "take": ["size"]}}, {"impute": {"size": "median"}}],
            id="types of a lookup",
        ),
    ],
)
def test_what_cannot_be_known_without_data_is_left_to_the_run(
    flow_with: Build, tmp_path: Path, steps: list[Any]
) -> None:
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    flow = flow_with(steps=steps, lookups={"cities": {"path": "cities.csv", "key": "a"}})
    check_flow(_loaded(flow, tmp_path))


def test_columns_that_the_contract_keeps_may_be_named(flow_with: Build, tmp_path: Path) -> None:
    contract = {"columns": {"a": "int8"}, "unknown_columns": "keep"}
    check_flow(_loaded(flow_with(contract=contract, steps=[{"filter": "other > 'x'"}]), tmp_path))


def test_every_missing_function_is_told(flow_with: Build, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    steps = [{"python": {"call": "own:nothing"}}, {"python": {"call": "nowhere:f"}}]
    told = _mistakes(flow_with(steps=steps), tmp_path)
    assert told == {
        "steps[0].python.call": "no function nothing in own.py; it has add_daylight",
        "steps[1].python.call": "no file nowhere.py beside the flow; write it, or name the module that is there",
    }


def test_constraints_that_the_engine_does_not_know_are_told(flow_with: Build, tmp_path: Path) -> None:
    contract = {
        "columns": {
            "a": {"type": "string", "pattern": "(?<=x)y"},
            "b": {"type": "timestamp", "zone": "America/New_Yorc"},
            "c": {"type": "timestamp", "zone": "America/New_York"},
        }
    }
    assert set(_mistakes(flow_with(contract=contract), tmp_path)) == {
        "contract.columns.a.pattern",
        "contract.columns.b.zone",
    }


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        pytest.param("b > random()", "a call of random()", id="volatile"),
        pytest.param("sum(b) > 1", "an aggregate: sum()", id="an aggregate"),
        pytest.param("b > (SELECT 1)", "a subquery", id="a subquery"),
        pytest.param("b <", "syntax error", id="no expression"),
        pytest.param("b < wind", "no column 'wind'", id="an unknown column"),
        pytest.param("city || b", "'city || b'", id="no boolean"),
    ],
)
def test_a_rule_that_cannot_be_asked_is_told(flow_with: Build, tmp_path: Path, rule: str, found: str) -> None:
    contract = {"columns": {"b": "float64", "city": "string"}, "rules": {"windy": rule}}
    told = _mistakes(flow_with(contract=contract), tmp_path)
    assert list(told) == ["contract.rules.windy"]
    assert found in told["contract.rules.windy"]


def test_parameters_have_their_defaults(flow_with: Build, tmp_path: Path) -> None:
    parameters = {"day": {"type": "date", "default": "2013-01-31"}, "least": {"type": "float64", "default": 1}}
    steps = [{"filter": "b > $least AND DATE '2013-01-01' < $day"}]
    check_flow(_loaded(flow_with(parameters=parameters, steps=steps), tmp_path))
