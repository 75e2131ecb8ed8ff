"""Points keep a distribution: all of it while it is small, its ranks when it is large."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.profile.points import MOST_POINTS, decoded, merged, points_of

FLOATS = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50)


@given(FLOATS)
def test_few_values_are_kept_as_they_are(numbers: list[float]) -> None:
    points = points_of(numbers)
    assert np.repeat(points.values, points.weights.astype(int)).tolist() == sorted(numbers)
    assert points.quantiles([1])[0] == max(numbers)
    assert points.quantiles([0.5])[0] == sorted(numbers)[(len(numbers) + 1) // 2 - 1]


@given(FLOATS)
def test_points_are_read_as_they_were_written(numbers: list[float]) -> None:
    points = points_of(numbers)
    again = decoded(points.encoded())
    assert again.values.tolist() == points.values.tolist()
    assert again.weights.tolist() == points.weights.tolist()


@pytest.mark.parametrize("spread", [1.0, 4.0], ids=["even", "skewed"])
def test_ranks_of_many_values_are_off_by_half_a_slice_at_most(spread: float) -> None:
    numbers = np.random.default_rng(7).random(20_000) ** spread
    points = points_of(numbers)
    assert len(points.values) <= MOST_POINTS
    assert points.weight == pytest.approx(20_000)
    for share in (0.01, 0.3, 0.5, 0.99):
        [value] = points.quantiles([share])
        assert (numbers <= value).mean() == pytest.approx(share, abs=1 / 256)


def test_a_value_that_many_share_keeps_its_weight() -> None:
    points = points_of([*range(1000), *[500.5] * 1000])
    assert points.weights[points.values == 500.5] == pytest.approx(1000, rel=0.01)


@given(FLOATS, FLOATS)
def test_merged_points_do_not_depend_on_the_order(first: list[float], second: list[float]) -> None:
    one, other = points_of(first), points_of(second)
    assert merged([one, other]).encoded() == merged([other, one]).encoded()
