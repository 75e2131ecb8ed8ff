"""Python steps of the flow `flights`."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

AIRPORTS = {"EWR": (40.6925, -74.1687), "JFK": (40.6398, -73.7789), "LGA": (40.7772, -73.8726)}
"""Latitude and longitude in degrees, north and east positive."""

J2000 = np.datetime64("2000-01-01T12:00:00")


def add_daylight(flights: pa.Table) -> pa.Table:
    """Append how high the sun stands at the origin at the scheduled departure.

    Shape:
        (n, k) -> (n, k + 1), same order. Null where the time is null or the airport is not one of New York's.
    Units:
        `sun_elevation_deg` in degrees above the horizon; negative is night. Good to about half a degree.
    Raises:
        KeyError: `origin`, `time_hour` or `minute` is not a column.
    Source:
        Low-precision solar position of the Astronomical Almanac, without refraction.
    Example:
        >>> import datetime as dt
        >>> noon = dt.datetime(2013, 6, 21, 17, tzinfo=dt.timezone.utc)
        >>> table = pa.table({"origin": ["JFK"], "time_hour": [noon], "minute": [0]})
        >>> round(add_daylight(table)["sun_elevation_deg"][0].as_py())
        73
    """
    hours = flights["time_hour"].cast(pa.timestamp("us", "UTC")).to_numpy()
    minutes = _numbers(flights["minute"])
    latitudes, longitudes = _places(flights["origin"])
    elevation = _sun_elevation_deg((hours - J2000) / np.timedelta64(1, "D") + minutes / 1440, latitudes, longitudes)
    return flights.append_column("sun_elevation_deg", pa.array(elevation, pa.float64(), from_pandas=True))


def _sun_elevation_deg(days: np.ndarray, latitudes: np.ndarray, longitudes: np.ndarray) -> np.ndarray:
    anomaly = np.radians(357.529 + 0.98560028 * days)
    longitude = np.radians(280.459 + 0.98564736 * days + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    obliquity = np.radians(23.439 - 0.00000036 * days)
    declination = np.arcsin(np.sin(obliquity) * np.sin(longitude))
    ascension = np.degrees(np.arctan2(np.cos(obliquity) * np.sin(longitude), np.cos(longitude)))
    hour_angle = np.radians(280.46062 + 360.98564737 * days + longitudes - ascension)
    north = np.radians(latitudes)
    height = np.sin(north) * np.sin(declination) + np.cos(north) * np.cos(declination) * np.cos(hour_angle)
    return np.degrees(np.arcsin(height))


def _places(origins: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    names = origins.cast(pa.string()).dictionary_encode().combine_chunks()
    unknown = (np.nan, np.nan)
    known = np.array([AIRPORTS.get(name, unknown) for name in names.dictionary.to_pylist()] + [unknown])
    # A null origin takes the last place, which is unknown.
    places = known[names.indices.fill_null(len(known) - 1).to_numpy(zero_copy_only=False)]
    return places[:, 0], places[:, 1]


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    return column.cast(pa.float64()).to_numpy()
