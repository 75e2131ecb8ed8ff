"""What an earlier run learnt is applied again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from transforms.errors import StepFailed

Run = Callable[..., Any]
JANUARY = {"id": [1, 2, 3], "seats": [100, 200, None], "origin": ["EWR", "JFK", "JFK"], "flag": [True, False, None]}
FEBRUARY = {"id": [4, 5, 6], "seats": [900, None, 950], "origin": ["LGA", "JFK", None], "flag": [None, True, True]}
STEPS: list[dict[str, Any]] = [
    {"impute": {"seats": "median", "flag": "mode"}},
    {"derive": {"seats_2": "seats", "seats_3": "seats"}},
    {"scale": {"seats": "minmax"}},
    {"bin": {"seats_2": {"how": "quantile", "bins": 2}, "seats_3": {"edges": [500]}}},
    {"encode": {"origin": "one_hot", "flag": "ordinal"}},
]


def _as_kept(fitted: Mapping[str, Any]) -> Any:
    """The values as `fitted.json` gives them back."""
    return json.loads(json.dumps(fitted))


@pytest.fixture
def january(run: Run) -> Any:
    return _as_kept(run(JANUARY, *STEPS).fitted)


@pytest.fixture
def february(connection: Any, run: Run, january: Any) -> Any:
    connection.execute("DROP TABLE rows")
    return run(FEBRUARY, *STEPS, fitted=january)


def test_february_is_transformed_with_what_january_taught(february: Any) -> None:
    assert february.columns == {
        "id": [4, 5, 6],
        "seats": [8.0, 0.0, 8.5],
        "origin_EWR": [0, 0, 0],
        "origin_JFK": [0, 1, 0],
        "flag": [0, 1, 1],
        "seats_2": [1, 1, 1],
        "seats_3": [1, 0, 1],
    }


def test_the_same_values_are_handed_on(january: Any, february: Any) -> None:
    assert _as_kept(february.fitted) == january


def test_a_pivot_gets_the_same_columns_again(run: Run) -> None:
    rows = {"id": [1, 1], "k": ["b", "c"], "x": [1, 2]}
    pivot = {"pivot": {"by": "id", "names_from": "k", "values_from": "sum(x)"}}
    outcome = run(rows, pivot, fitted={"pivot": {"k": {"names": ["a", "b"]}}})
    assert outcome.columns == {"id": [1], "k_a": [None], "k_b": [1]}


@pytest.mark.parametrize(
    ("step", "fitted", "sentence"),
    [
        pytest.param(
            {"scale": {"x": "minmax"}}, {}, "steps[0].scale.x: the earlier run learnt nothing of x", id="none"
        ),
        pytest.param(
            {"scale": {"x": "minmax"}}, {"scale": {"y": {}}}, "learnt nothing of x; name a run that did", id="another"
        ),
        pytest.param(
            {"scale": {"x": "minmax"}},
            {"scale": {"x": {"method": "robust", "center": 1.0, "scale": 1.0}}},
            "the earlier run learnt x by 'robust', the flow says 'minmax'",
            id="another method",
        ),
        pytest.param(
            {"scale": {"x": "minmax"}},
            {"scale": {"x": {"method": "minmax", "center": 1.0}}},
            "what the earlier run learnt of x has the scale None",
            id="a part is missing",
        ),
        pytest.param(
            {"bin": {"x": {"how": "width", "bins": 3}}},
            {"bin": {"x": {"how": "width", "bins": 2, "edges": [1.0]}}},
            "the earlier run learnt x by 2, the flow says 3",
            id="other bins",
        ),
        pytest.param(
            {"impute": {"x": "median"}},
            {"impute": {"x": {"statistic": "median", "value": "many"}}},
            "impute.x: the value 'many' does not fit a column of type BIGINT",
            id="a value that does not fit",
        ),
        pytest.param(
            {"encode": {"x": "ordinal"}},
            {"encode": {"x": {"encoding": "ordinal", "categories": "many"}}},
            "what the earlier run learnt of x has the categories 'many'",
            id="no list",
        ),
    ],
)
def test_what_the_earlier_run_did_not_learn_is_refused(
    run: Run, step: dict[str, Any], fitted: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(StepFailed) as failed:
        run({"x": [1, 2]}, step, fitted=fitted)
    assert sentence in str(failed.value)


def test_given_values_are_the_flows_own_whatever_was_learnt_earlier(run: Run) -> None:
    outcome = run({"x": [1, None]}, {"impute": {"x": {"value": 7}}}, fitted={})
    assert outcome.columns == {"x": [1, 7]}


def test_a_column_is_learnt_once_for_each_verb(run: Run) -> None:
    scale = {"scale": {"x": "minmax"}}
    with pytest.raises(StepFailed, match=r"steps\[1\]\.scale: `scale` has learnt x in an earlier step; rename"):
        run({"x": [1, 2]}, scale, scale)
