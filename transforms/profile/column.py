"""One column of a profile: what people read, and the sketch that lets profiles be merged and compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from transforms.profile.hashes import Hashes
from transforms.profile.hashes import decoded as decoded_hashes
from transforms.profile.kinds import kind_of, shown_number
from transforms.profile.points import Points
from transforms.profile.points import decoded as decoded_points

SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
MOST_VALUES = 256
_TOP_VALUES = 10
_BINS = 20
_DIGITS = 12
"""Sums of floats depend on the number of threads in their last digits, which are not told."""


@dataclass(frozen=True)
class Lengths:
    """How long texts, binaries or lists are."""

    min: int | None
    max: int | None
    mean: float | None


@dataclass(frozen=True)
class ColumnProfile:
    """What is known of one column. Of values that are not finite there is nothing but their count."""

    type: str
    count: int
    nulls: int
    hashes: Hashes
    min: Any = None
    max: Any = None
    mean: float | None = None
    std: float | None = None
    points: Points | None = None
    """Numbers, and moments in seconds since 1970."""
    labels: Mapping[str, int] | None = None
    """Frequent texts and truths with their counts, the most frequent one first."""
    knows_all_labels: bool = True
    lengths: Lengths | None = field(default=None)

    def to_json(self) -> dict[str, Any]:
        """The column as `profile.json` has it."""
        document: dict[str, Any] = {"type": self.type, "count": self.count, "nulls": self.nulls}
        document["distinct"] = self.hashes.distinct
        sketch: dict[str, Any] = {"hash": self.hashes.function, "hashes": self.hashes.encoded()}
        if self.points is not None or self.labels is not None:
            document |= {"min": self.min, "max": self.max}
        if self.points is not None:
            if kind_of(self.type) == "number":
                document |= {"mean": rounded(self.mean), "std": rounded(self.std)}
            document |= {"quantiles": self._quantiles(self.points), "histogram": self._histogram(self.points)}
            sketch["points"] = self.points.encoded()
        if self.labels is not None:
            top = list(self.labels.items())[:_TOP_VALUES]
            document["top"] = [{"value": value, "count": count} for value, count in top]
            sketch |= {"labels": dict(self.labels), "knows_all_labels": self.knows_all_labels}
        if self.lengths is not None:
            document["lengths"] = vars(self.lengths) | {"mean": rounded(self.lengths.mean)}
        return document | {"sketch": sketch}

    def _quantiles(self, points: Points) -> dict[str, Any]:
        if not len(points.values):
            return dict.fromkeys(map(str, SHARES))
        quantiles = [shown_number(number, self.type) for number in points.quantiles(SHARES)]
        return dict(zip(map(str, SHARES), quantiles, strict=True))

    def _histogram(self, points: Points) -> dict[str, Any]:
        """Bins of equal width from the 1 % to the 99 % quantile; the outermost ones take what lies beyond."""
        import numpy as np

        if not len(points.values):
            return {"edges": [], "counts": []}
        low, high = points.quantiles([SHARES[0], SHARES[-1]])
        bins = _BINS if low < high else 1
        edges = np.linspace(low, high, bins + 1)
        reached = np.rint(points.shares_up_to(edges[1:-1]) * points.weight)
        counts = np.diff([0, *reached, round(points.weight)]).astype(int)
        whole = [float(edge) if kind_of(self.type) == "moment" else float(f"{edge:.{_DIGITS}g}") for edge in edges]
        return {"edges": [shown_number(edge, self.type) for edge in whole], "counts": counts.tolist()}


def column_of(document: Mapping[str, Any]) -> ColumnProfile:
    """The column that `to_json` wrote.

    Raises:
        ValueError: it has no sketch; the message says what to do.
    """
    sketch = document.get("sketch")
    if not isinstance(sketch, Mapping):
        raise ValueError("a profile without sketches cannot be merged or compared; take the one in profile.json")
    lengths = document.get("lengths")
    return ColumnProfile(
        type=document["type"],
        count=document["count"],
        nulls=document["nulls"],
        hashes=decoded_hashes(sketch["hash"], sketch["hashes"]),
        min=document.get("min"),
        max=document.get("max"),
        mean=document.get("mean"),
        std=document.get("std"),
        points=decoded_points(sketch["points"]) if "points" in sketch else None,
        labels=sketch.get("labels"),
        knows_all_labels=sketch.get("knows_all_labels", True),
        lengths=Lengths(**lengths) if lengths is not None else None,
    )


def without_sketches(profile: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a profile that people read."""
    columns = {
        name: {key: value for key, value in column.items() if key != "sketch"}
        for name, column in profile.get("columns", {}).items()
    }
    return {**profile, "columns": columns} if "columns" in profile else dict(profile)


def most_frequent(labels: Mapping[str, int]) -> dict[str, int]:
    """The labels in the order of their counts, no more than a profile keeps."""
    return dict(sorted(labels.items(), key=lambda item: (-item[1], item[0]))[:MOST_VALUES])


def rounded(number: float | None) -> float | None:
    """A number without the digits that depend on the order of a sum."""
    return None if number is None else float(f"{number:.{_DIGITS}g}")
