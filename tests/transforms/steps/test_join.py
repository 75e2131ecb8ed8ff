"""join brings in columns of a lookup."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from transforms.errors import StepFailed

Run = Callable[..., Any]
FLIGHTS = {"tail": ["N1", "N9", None, "N2"], "day": [1, 1, 1, 2]}
PLANES = {"tail": ["N1", "N2", None], "seats": [149, 55, 1], "maker": ["A", "B", "C"]}
STOPS = {"tail": ["N2", "N1", "N2", None], "stop": ["ORD", "BOS", "SEA", "LAX"]}


def _join(**says: Any) -> dict[str, Any]:
    return {"join": {"lookup": "planes", "on": "tail"} | says}


def test_left_keeps_rows_without_a_match(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run(FLIGHTS, _join(), lookups={"planes": PLANES})
    assert outcome.columns == FLIGHTS | {"seats": [149, None, None, 55], "maker": ["A", None, None, "B"]}
    assert outcome.row_numbers == [0, 1, 2, 3]
    assert count_of(outcome) == (4, 0, 0, 4)


def test_inner_removes_rows_without_a_match(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run(FLIGHTS, _join(how="inner", take=["seats"]), lookups={"planes": PLANES})
    assert outcome.columns == {"tail": ["N1", "N2"], "day": [1, 2], "seats": [149, 55]}
    assert outcome.row_numbers == [0, 3]
    assert count_of(outcome) == (4, 2, 0, 2)


def test_many_multiplies_rows_in_order(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run(FLIGHTS, _join(many=True), lookups={"planes": STOPS})
    assert outcome.columns["tail"] == ["N1", "N9", None, "N2", "N2"]
    assert outcome.columns["stop"] == ["BOS", None, None, "ORD", "SEA"]
    assert outcome.row_numbers == [0, 1, 2, 3, 4]
    assert count_of(outcome) == (4, 0, 1, 5)


def test_many_may_remove_rows_as_well(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run(FLIGHTS, _join(how="inner", many=True), lookups={"planes": STOPS})
    assert outcome.columns["stop"] == ["BOS", "ORD", "SEA"]
    assert count_of(outcome) == (4, 2, 1, 3)


def test_columns_may_have_other_names_on_both_sides(run: Run) -> None:
    planes = {"id": ["N1"], "day": [7]}
    step = {"join": {"lookup": "planes", "on": {"tail": "id"}, "take": {"built": "day"}}}
    assert run(FLIGHTS, step, lookups={"planes": planes}).columns["built"] == [7, None, None, None]


def test_several_columns_meet_together(run: Run) -> None:
    weather = {"tail": ["N1", "N1"], "day": [1, 2], "wind": [3.0, 4.0]}
    step = {"join": {"lookup": "planes", "on": ["tail", "day"], "many": True}}
    assert run(FLIGHTS, step, lookups={"planes": weather}).columns["wind"] == [3.0, None, None, None]


def test_an_empty_lookup_matches_nothing(run: Run, count_of: Callable[..., Any]) -> None:
    import pyarrow as pa

    empty = pa.table({"tail": pa.array([], pa.string()), "seats": pa.array([], pa.int16())})
    assert count_of(run(FLIGHTS, _join(how="inner"), lookups={"planes": empty})) == (4, 4, 0, 0)


@pytest.mark.parametrize(
    ("step", "lookup", "sentence"),
    [
        pytest.param(_join(), STOPS, "tail 'N2' is 2 times in planes; make its keys unique", id="a key twice"),
        pytest.param(_join(take=["tail"]), PLANES, "take.tail: a column 'tail' is there already", id="a name taken"),
        pytest.param(_join(take=["wings"]), PLANES, "take.wings: no column 'wings'", id="nothing to take"),
        pytest.param(_join(on={"wing": "tail"}), PLANES, "on.wing: no column 'wing'", id="no column here"),
        pytest.param(_join(), {"tail": [1]}, "tail is VARCHAR here and BIGINT in planes; cast one", id="other types"),
    ],
)
def test_a_join_that_does_not_fit_is_refused(run: Run, step: dict[str, Any], lookup: Any, sentence: str) -> None:
    with pytest.raises(StepFailed) as failed:
        run(FLIGHTS, step, lookups={"planes": lookup})
    assert sentence in str(failed.value)
    assert str(failed.value).startswith("steps[0].join")


def test_rows_keep_their_order_through_a_large_join(run: Run) -> None:
    import pyarrow as pa

    size = 300_000
    rows = pa.table({"tail": pa.array([f"N{number * 7919 % 5000}" for number in range(size)])})
    planes = {"tail": [f"N{number}" for number in range(5000)], "seats": list(range(5000))}
    outcome = run(rows, _join(), lookups={"planes": planes})
    assert outcome.row_numbers == list(range(size))
    assert outcome.columns["seats"][:3] == [0, 7919 % 5000, 2 * 7919 % 5000]
