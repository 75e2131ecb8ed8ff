"""Merged profiles are those of the rows together."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.profile.tables import numbers, profile
from transforms.profile.column import without_sketches
from transforms.profile.merging import merge, merge_all

ROWS = st.lists(
    st.tuples(
        st.none() | st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf]),
        st.none() | st.sampled_from(["a", "b", "ü", ""]),
        st.none() | st.booleans(),
        st.none() | st.datetimes(),
        st.none() | st.lists(st.integers(0, 3), max_size=2),
    ),
    max_size=12,
)


def of(rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    import pyarrow as pa

    kinds = [pa.float64(), pa.string(), pa.bool_(), pa.timestamp("us"), pa.list_(pa.int8())]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(kinds)
    return profile({f"c{place}": pa.array(columns[place], kind) for place, kind in enumerate(kinds)})


def close(first: Any, second: Any) -> None:
    """The same, but for the last digits of sums."""
    assert without_moments(first) == without_moments(second)
    for name, column in first["columns"].items():
        other = second["columns"][name]
        for statistic in ("mean", "std"):
            expected = other.get(statistic)
            near = expected if expected is None else pytest.approx(expected, rel=1e-6, abs=1e-6)
            assert column.get(statistic) == near


def without_moments(found: dict[str, Any]) -> dict[str, Any]:
    columns = {
        name: {key: value for key, value in column.items() if key not in ("mean", "std", "lengths")}
        for name, column in found["columns"].items()
    }
    return found | {"columns": columns}


@settings(max_examples=20)
@given(ROWS, ROWS)
def test_the_profile_of_both_is_that_of_all_rows(first: list[Any], second: list[Any]) -> None:
    close(merge(of(first), of(second)), of(first + second))


@settings(max_examples=12)
@given(ROWS, ROWS)
def test_the_order_does_not_matter(first: list[Any], second: list[Any]) -> None:
    close(merge(of(first), of(second)), merge(of(second), of(first)))


@settings(max_examples=12)
@given(ROWS, ROWS, ROWS)
def test_nor_does_it_matter_which_are_merged_first(first: list[Any], second: list[Any], third: list[Any]) -> None:
    one, two, three = of(first), of(second), of(third)
    close(merge(merge(one, two), three), merge(one, merge(two, three)))


@settings(max_examples=12)
@given(ROWS)
def test_no_rows_change_nothing(rows: list[Any]) -> None:
    close(merge(of(rows), of([])), of(rows))


def test_of_large_tables_counts_stay_exact_and_sketches_within_their_error() -> None:
    whole = numbers("i * 7919 % 400009", 400_000)["columns"]["v"]
    parts = [numbers(f"(i + {start}) * 7919 % 400009", 100_000) for start in range(0, 400_000, 100_000)]
    for found in (merge_all(parts), merge(merge(parts[3], parts[1]), merge(parts[2], parts[0]))):
        column = found["columns"]["v"]
        assert (found["rows"], column["count"], column["min"]) == (400_000, 400_000, whole["min"])
        assert column["mean"] == pytest.approx(whole["mean"])
        assert column["distinct"] == whole["distinct"]
        assert column["quantiles"]["0.5"] == pytest.approx(200_000, abs=4_000)
        assert sum(column["histogram"]["counts"]) == 400_000


def test_many_values_are_cut_to_the_most_frequent_ones() -> None:
    first = profile({"v": [f"a{number}" for number in range(200)] + ["both"] * 5})
    second = profile({"v": [f"b{number}" for number in range(200)] + ["both"] * 5})
    column = merge(first, second)["columns"]["v"]
    assert column["top"][0] == {"value": "both", "count": 10}
    assert len(column["sketch"]["labels"]) == 256
    assert column["sketch"]["knows_all_labels"] is False
    assert column["distinct"] == 401


def test_hashes_of_another_engine_leave_a_lower_bound() -> None:
    first, second = profile({"v": [1, 2, 3]}), profile({"v": [4, 5]})
    second["columns"]["v"]["sketch"]["hash"] = "another"
    assert merge(first, second)["columns"]["v"]["distinct"] == 3


@pytest.mark.parametrize(
    ("second", "told"),
    [
        pytest.param({"w": [1]}, "unlike columns: v (BIGINT), w (BIGINT)", id="other columns"),
        pytest.param({"v": ["1"]}, "unlike columns: v (BIGINT), v (VARCHAR)", id="other types"),
    ],
)
def test_unlike_profiles_are_not_merged(second: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=r"^profiles of unlike columns") as refused:
        merge(profile({"v": [1]}), profile(second))
    assert told in str(refused.value)


def test_a_profile_without_sketches_is_not_merged() -> None:
    bare = without_sketches(profile({"v": [1]}))
    assert "sketch" not in bare["columns"]["v"]
    with pytest.raises(ValueError, match=r"take the one in profile\.json"):
        merge(bare, bare)
