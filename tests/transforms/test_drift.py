"""Drift is nothing between equals, and grows with what differs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.profile.tables import profile
from transforms.drift import drift_between

RANDOM = np.random.default_rng(11)
FLOATS = st.lists(st.none() | st.floats(-1e3, 1e3), min_size=1, max_size=30).filter(
    lambda values: set(values) != {None}
)
LABELS = st.lists(st.none() | st.sampled_from(["a", "b", "c"]), min_size=1, max_size=30).filter(
    lambda values: set(values) != {None}
)


def drift(before: list[Any], after: list[Any]) -> Any:
    return drift_between(profile({"v": before}), profile({"v": after}))["v"]


@settings(max_examples=20)
@given(FLOATS)
def test_a_column_of_numbers_does_not_drift_from_itself(values: list[Any]) -> None:
    found = drift(values, values)
    assert (found.psi, found.ks) == (0, 0)


@settings(max_examples=20)
@given(LABELS, LABELS)
def test_the_drift_of_values_is_the_same_in_both_directions(before: list[Any], after: list[Any]) -> None:
    there, back = drift(before, after), drift(after, before)
    assert there.psi == back.psi >= 0
    assert sorted(there.new) == sorted(back.vanished)
    assert (there.psi == 0) >= (sorted(map(str, before)) == sorted(map(str, after)))


@settings(max_examples=20)
@given(FLOATS, FLOATS)
def test_ks_is_the_largest_distance_of_the_distributions(before: list[Any], after: list[Any]) -> None:
    one, other = ([value for value in values if value is not None] for values in (before, after))
    distances = [abs(np.mean(np.asarray(one) <= edge) - np.mean(np.asarray(other) <= edge)) for edge in one + other]
    assert drift(before, after).ks == pytest.approx(max(distances), abs=1e-6)


@pytest.mark.parametrize(
    ("before", "after", "low", "high"),
    [
        pytest.param(RANDOM.normal(0, 1, 5000), RANDOM.normal(0, 1, 5000), 0, 0.02, id="the same source"),
        pytest.param(RANDOM.normal(0, 1, 5000), RANDOM.normal(0.5, 1, 5000), 0.2, 0.4, id="moved by half a sigma"),
        pytest.param(RANDOM.normal(0, 1, 5000), RANDOM.normal(0, 2, 5000), 0.2, 2, id="wider"),
        pytest.param(np.full(500, 7.0), np.full(500, 6.0), 1, 20, id="a constant that falls"),
        pytest.param(np.full(500, 7.0), np.full(500, 8.0), 1, 20, id="a constant that rises"),
    ],
)
def test_psi_of_numbers_grows_with_the_distance(before: Any, after: Any, low: float, high: float) -> None:
    assert low <= drift(before.tolist(), after.tolist()).psi <= high


def test_psi_is_that_of_the_textbook() -> None:
    found = drift(["a"] * 500 + ["b"] * 500, ["a"] * 800 + ["b"] * 200)
    expected = (0.8 - 0.5) * np.log(0.8 / 0.5) + (0.2 - 0.5) * np.log(0.2 / 0.5)
    assert found.psi == pytest.approx(expected, rel=0.01)


def test_new_and_vanished_values_are_named() -> None:
    found = drift(["a", "b"] * 50, ["b", "c"] * 50)
    assert (found.new, found.vanished) == (("c",), ("a",))
    assert found.psi > 1


def test_values_that_a_profile_may_not_have_kept_are_not_called_new() -> None:
    many = [f"id {number}" for number in range(3000)]
    found = drift(many, [*many[:2000], *["often"] * 1000])
    assert (found.new, found.vanished) == ((), ())


def test_a_column_that_turns_null_drifts() -> None:
    assert drift([1.0, 2.0] * 50, [1.0, None] * 50).psi > 0.2
    assert drift(["a"] * 100, ["a", None] * 50).psi > 0.2
    assert drift([1.0] * 100, [1.0] * 2 + [None] * 98).psi > 1


def test_columns_that_cannot_be_compared_are_left_out() -> None:
    before = profile({"a": [1], "b": ["x"], "c": [[1]], "gone": [1]})
    after = profile({"a": [1], "b": [2], "c": [[1]], "new": [1]})
    assert list(drift_between(before, after)) == ["a"]
    assert list(drift_between(before, after, columns=["b"])) == []
