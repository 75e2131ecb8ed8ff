"""Merging: the profile of two tables together, from their profiles alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from transforms.profile import hashes, points
from transforms.profile.column import ColumnProfile, Lengths, column_of, most_frequent
from transforms.profile.kinds import comparable

Profile = Mapping[str, Any]


def merge(first: Profile, second: Profile) -> dict[str, Any]:
    """The profile of the rows of both.

    Shape:
        Counts, extremes and lengths are exact; moments to 12 digits; the rest as good as its sketches.
        The order does not matter, nor which of several profiles are merged first, within that.
    Raises:
        ValueError: the columns or their types differ, or a profile has no sketches.
    Example:
        >>> import duckdb
        >>> from transforms.profile.measuring import profile_of
        >>> from transforms.relation import relation_of
        >>> connection = duckdb.connect()
        >>> _ = connection.execute("CREATE TABLE trips AS SELECT i AS __row, i AS km FROM range(5) r(i)")
        >>> profile = profile_of(connection, relation_of(connection, "trips"), 5)
        >>> merge(profile, profile)["columns"]["km"]["count"]
        10
    """
    return merge_all([first, second])


def merge_all(profiles: Sequence[Profile]) -> dict[str, Any]:
    """The profile of the rows of all; its sketches are cut once, not once a profile.

    Raises:
        ValueError: see `merge`.
    """
    _refuse_unlike(profiles)
    return {
        "rows": sum(profile["rows"] for profile in profiles),
        "columns": {
            name: _merged([column_of(profile["columns"][name]) for profile in profiles]).to_json()
            for name in profiles[0]["columns"]
        },
    }


def _refuse_unlike(profiles: Sequence[Profile]) -> None:
    first = {name: column["type"] for name, column in profiles[0]["columns"].items()}
    for profile in profiles[1:]:
        other = {name: column["type"] for name, column in profile["columns"].items()}
        if unlike := sorted(set(first.items()) ^ set(other.items())):
            listed = ", ".join(f"{name} ({kind})" for name, kind in unlike)
            raise ValueError(f"profiles of unlike columns: {listed}; merge profiles of one flow revision")


def _merged(columns: Sequence[ColumnProfile]) -> ColumnProfile:
    first = columns[0]
    mean, std = _moments(columns)
    counted = [column.labels for column in columns if column.labels is not None]
    labels = sum((Counter(found) for found in counted), Counter[str]())
    return ColumnProfile(
        type=first.type,
        count=sum(column.count for column in columns),
        nulls=sum(column.nulls for column in columns),
        hashes=hashes.merged([column.hashes for column in columns]),
        min=_extreme(min, first.type, [column.min for column in columns]),
        max=_extreme(max, first.type, [column.max for column in columns]),
        mean=mean,
        std=std,
        points=points.merged([column.points for column in columns if column.points]) if first.points else None,
        labels=most_frequent(labels) if counted else None,
        knows_all_labels=all(column.knows_all_labels for column in columns) and labels == most_frequent(labels),
        lengths=_lengths(columns) if first.lengths else None,
    )


def _extreme(choose: Callable[..., Any], sql_type: str, found: Sequence[Any]) -> Any:
    known = [value for value in found if value is not None]
    return choose(known, key=lambda value: comparable(value, sql_type)) if known else None


def _moments(columns: Sequence[ColumnProfile]) -> tuple[float | None, float | None]:
    """Mean and standard deviation of a sample.

    Source:
        Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979).
    """
    known = [(column.points.weight, column.mean, column.std or 0.0) for column in columns
             if column.points and column.mean is not None]  # fmt: skip
    if not known:
        return None, None
    count = sum(number for number, _, _ in known)
    mean = math.fsum(number * part for number, part, _ in known) / count
    squares = math.fsum((number - 1) * std**2 + number * (part - mean) ** 2 for number, part, std in known)
    return mean, math.sqrt(squares / (count - 1)) if count > 1 else None


def _lengths(columns: Sequence[ColumnProfile]) -> Lengths:
    known = [(column.count, column.lengths) for column in columns if column.lengths and column.count]
    if not known:
        return Lengths(None, None, None)
    means = math.fsum(count * (lengths.mean or 0.0) for count, lengths in known)
    return Lengths(
        min=min(lengths.min for _, lengths in known if lengths.min is not None),
        max=max(lengths.max for _, lengths in known if lengths.max is not None),
        mean=means / sum(count for count, _ in known),
    )
