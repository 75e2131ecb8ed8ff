"""The Python step of the flow `flights`."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from demo.installation import ROOT

MIDSUMMER_NOON = datetime(2013, 6, 21, 17, tzinfo=UTC)


@pytest.fixture(scope="module")
def add_daylight() -> Callable[[pa.Table], pa.Table]:
    """Loaded from its file, as the step does it: flows are no package."""
    spec = importlib.util.spec_from_file_location("flights", ROOT / "flows/flights.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Callable[[pa.Table], pa.Table] = module.add_daylight
    return function


def flight(origin: str | None, time_hour: datetime | None, minute: int | None = 0) -> pa.Table:
    time_zone_aware: pa.DataType = pa.timestamp("us", "UTC")
    kind = pa.schema({"origin": pa.string(), "time_hour": time_zone_aware, "minute": pa.int8()})
    return pa.table({"origin": [origin], "time_hour": [time_hour], "minute": [minute]}, schema=kind)


@pytest.mark.parametrize(
    ("origin", "at", "minute", "elevation_deg"),
    [
        pytest.param("JFK", MIDSUMMER_NOON, 0, 72.8, id="midsummer noon"),
        pytest.param("EWR", datetime(2013, 1, 1, 12, tzinfo=UTC), 20, -0.8, id="sunrise on New Year's Day"),
        pytest.param("LGA", datetime(2013, 12, 21, 5, tzinfo=UTC), 0, -72.6, id="midwinter midnight"),
    ],
)
def test_the_sun_stands_where_the_almanac_says(
    add_daylight: Callable[[pa.Table], pa.Table], origin: str, at: datetime, minute: int, elevation_deg: float
) -> None:
    found = add_daylight(flight(origin, at, minute))["sun_elevation_deg"][0].as_py()
    assert found == pytest.approx(elevation_deg, abs=0.5)


@pytest.mark.parametrize(
    "flights",
    [
        pytest.param(flight(None, MIDSUMMER_NOON), id="no origin"),
        pytest.param(flight("LHR", MIDSUMMER_NOON), id="an airport elsewhere"),
        pytest.param(flight("JFK", None), id="no time"),
        pytest.param(flight("JFK", MIDSUMMER_NOON, None), id="no minute"),
    ],
)
def test_what_is_not_known_is_null(add_daylight: Callable[[pa.Table], pa.Table], flights: pa.Table) -> None:
    assert add_daylight(flights)["sun_elevation_deg"].to_pylist() == [None]


def test_an_empty_table_keeps_its_columns(add_daylight: Callable[[pa.Table], pa.Table]) -> None:
    found = add_daylight(flight("JFK", MIDSUMMER_NOON).slice(0, 0))
    assert found.column_names == ["origin", "time_hour", "minute", "sun_elevation_deg"]
    assert found.num_rows == 0
