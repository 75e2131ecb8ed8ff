"""A flow that is fitted from an earlier dataset applies what that one learnt."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.transforms.drafting import Drafted, drafted, flow_with
from transforms.errors import FlowBroken
from transforms.flow.load import read_flow

COLUMNS = {"km": "float64", "kind": "string"}
STEPS = [{"scale": {"km": "minmax"}}, {"encode": {"kind": "ordinal"}}]
JANUARY = b"km,kind\n0,a\n10,b\n"
FEBRUARY = b"km,kind\n5,b\n20,c\n"
NOTE = "There is no earlier dataset: what the steps apply was learnt from this one."


def run(upload: bytes, earlier: Any, **parts: Any) -> Drafted:
    return drafted(flow_with(COLUMNS, steps=STEPS, **parts), upload, fitted=earlier)


@pytest.fixture(scope="module")
def january() -> Any:
    return json.loads(json.dumps(run(JANUARY, None).draft.fitted))


def test_earlier_values_are_applied_and_handed_on(january: Any) -> None:
    result = run(FEBRUARY, january, fitted={"from": "previous"})
    assert result.rows == [{"km": 0.5, "kind": 1}, {"km": 2.0, "kind": None}]
    assert result.draft.fitted == january
    assert NOTE not in result.draft.notes


def test_the_first_dataset_learns_and_says_so() -> None:
    result = run(FEBRUARY, None, fitted={"from": "previous"})
    assert result.rows == [{"km": 0.0, "kind": 0}, {"km": 1.0, "kind": 1}]
    assert NOTE in result.draft.notes


def test_a_flow_that_learns_says_nothing_of_it() -> None:
    assert NOTE not in run(FEBRUARY, None).draft.notes


def test_values_that_are_not_there_reject_the_run(january: Any) -> None:
    result = run(FEBRUARY, {"scale": january["scale"]}, fitted={"from": "20130131T060000Z-0123456789ab"})
    rejection = result.draft.rejection
    assert rejection is not None
    assert rejection.code == "step_failed"
    assert rejection.message.startswith("steps[1].encode.kind: the earlier run learnt nothing of kind")


@pytest.mark.parametrize(
    ("fitted", "steps", "place"),
    [
        pytest.param("{from: yesterday}", "[{scale: {km: minmax}}]", "fitted.from", id="no run"),
        pytest.param("{from: previous}", "[{impute: {km: {value: 0}}}]", "fitted", id="no step learns"),
    ],
)
def test_a_fitted_that_means_nothing_is_a_mistake(fitted: str, steps: str, place: str) -> None:
    text = f"flow: f\nsource: {{path: a, format: csv}}\ncontract: {{columns: {{km: float64}}}}\nsteps: {steps}\n"
    with pytest.raises(FlowBroken) as broken:
        read_flow(f"{text}fitted: {fitted}\n", "f.yaml")
    assert [mistake.path for mistake in broken.value.mistakes] == [place]
