"""A caller's parameters fit the flow, or are all refused at once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from transforms.errors import ParametersInvalid
from transforms.flow.parameters import Parameter, bind_parameters

DECLARED = {"late_after": Parameter(type="int8", default=15), "day": Parameter(type="date", default="2013-01-31")}


def test_a_default_stands_in_for_what_is_not_given() -> None:
    assert bind_parameters(DECLARED, {"late_after": 30}) == {"late_after": 30, "day": date(2013, 1, 31)}


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(ParametersInvalid) as invalid:
        bind_parameters(DECLARED, {"late": 1, "late_after": 300, "day": "tomorrow"})
    assert str(invalid.value) == (
        "late: not a parameter of this flow, which declares day, late_after; "
        "late_after: found 300; expected a whole number from -128 to 127; "
        "day: found 'tomorrow'; expected a date as text in ISO 8601, such as 2013-01-31"
    )


@pytest.mark.parametrize(
    ("kind", "value", "bound"),
    [
        pytest.param("timestamp", "2013-01-31T05:00:00-05:00", datetime(2013, 1, 31, 10), id="another zone"),  # noqa: DTZ001 - naive UTC
        pytest.param("timestamp", "2013-01-31", datetime(2013, 1, 31), id="a day"),  # noqa: DTZ001 - naive UTC
        pytest.param("float32", 1, 1.0, id="a whole number as a float"),
        pytest.param("uint64", 2**64 - 1, 2**64 - 1, id="the largest number"),
        pytest.param("bool", False, False, id="a boolean"),
        pytest.param("string", "", "", id="an empty text"),
    ],
)
def test_a_value_has_the_declared_type(kind: Any, value: Any, bound: Any) -> None:
    found = bind_parameters({"x": Parameter(type=kind, default=value)}, {})["x"]
    assert found == bound
    assert type(found) is type(bound)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        pytest.param("int8", True, id="a boolean for a number"),
        pytest.param("int8", 1.0, id="a float for a whole number"),
        pytest.param("int8", "1", id="a text for a number"),
        pytest.param("uint8", -1, id="below zero"),
        pytest.param("float64", float("nan"), id="not a number"),
        pytest.param("bool", 1, id="a number for a boolean"),
        pytest.param("string", 1, id="a number for a text"),
        pytest.param("date", "2013-02-30", id="a day that is not there"),
        pytest.param("int8", None, id="null"),
    ],
)
def test_a_value_of_another_type_is_refused(kind: Any, value: Any) -> None:
    fits: dict[str, Any] = {"float64": 0, "bool": True, "string": "", "date": "2013-01-01"}
    with pytest.raises(ParametersInvalid, match="x: found"):
        bind_parameters({"x": Parameter(type=kind, default=fits.get(kind, 0))}, {"x": value})
