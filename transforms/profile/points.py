"""Points: a distribution of numbers in a few weighted values.

Up to 512 distinct values are kept as they are. Beyond that the distribution is cut into 256 slices of equal weight,
each known by the value in its middle: a rank is off by at most half a slice, 0.2 %, for each time it is cut.

The same numbers always give the same points. That is why this is no KLL sketch: Apache DataSketches draws without
a seed, so that two runs over one upload would disagree, and could differ in whether a drift rejects them.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

MOST_POINTS = 512
_SLICES = 256


@dataclass(frozen=True)
class Points:
    """Distinct values, ascending, and how many numbers each of them stands for."""

    values: Numbers
    weights: Numbers

    @property
    def weight(self) -> float:
        """How many numbers there are."""
        return float(self.weights.sum())

    def quantiles(self, shares: Sequence[float]) -> list[float]:
        """For each share the smallest value that at least this share of the numbers does not exceed."""
        import numpy as np

        reached = np.cumsum(self.weights)
        # A whole number of rows must not be missed by a rounding error.
        wanted = np.asarray(shares) * reached[-1] * (1 - 1e-12)
        return [float(value) for value in self.values[np.minimum(reached.searchsorted(wanted), len(reached) - 1)]]

    def shares_up_to(self, edges: Numbers) -> Numbers:
        """The share of the numbers that are not above each edge."""
        import numpy as np

        reached = np.concatenate([[0.0], np.cumsum(self.weights)])
        shares: Numbers = reached[self.values.searchsorted(edges, side="right")] / reached[-1]
        return shares

    def encoded(self) -> str:
        """Text that `decoded` reads: values, then weights, as little-endian doubles in base64."""
        import numpy as np

        return base64.b64encode(np.concatenate([self.values, self.weights]).astype("<f8").tobytes()).decode()


def points_of(values: Any, weights: Any = None) -> Points:
    """The points of finite numbers in any order, each of them counted once or `weights` times.

    Example:
        >>> points = points_of([3, 1, 1, 2])
        >>> points.values.tolist(), points.weights.tolist()
        ([1.0, 2.0, 3.0], [2.0, 1.0, 1.0])
        >>> points.quantiles([0.5])
        [1.0]
    """
    import numpy as np

    numbers = np.asarray(values, np.float64)
    counts = np.ones(len(numbers)) if weights is None else np.asarray(weights, np.float64)
    # Sorted by weight as well, so that sums do not depend on the order of what is merged.
    order = np.argsort(numbers) if weights is None else np.lexsort((counts, numbers))
    numbers, counts = numbers[order], counts[order]
    if not len(numbers):
        return Points(numbers, counts)
    starts = np.flatnonzero(np.concatenate([[True], numbers[1:] != numbers[:-1]]))
    return _cut(Points(numbers[starts], np.add.reduceat(counts, starts)))


def merged(points: Sequence[Points]) -> Points:
    """The points of all the numbers together."""
    import numpy as np

    return points_of(
        np.concatenate([known.values for known in points]), np.concatenate([known.weights for known in points])
    )


def scaled(points: Points, weight: float) -> Points:
    """The same distribution, of so many numbers: that of a sample, for all that it was drawn from."""
    return Points(points.values, points.weights * (weight / points.weight)) if len(points.values) else points


def decoded(text: str) -> Points:
    """The points that `encoded` wrote."""
    import numpy as np

    values, weights = np.frombuffer(base64.b64decode(text), "<f8").astype(np.float64).reshape(2, -1)
    return Points(values, weights)


def _cut(points: Points) -> Points:
    import numpy as np

    if len(points.values) <= MOST_POINTS:
        return points
    reached = np.cumsum(points.weights)
    middles = (np.arange(_SLICES) + 0.5) / _SLICES * reached[-1]
    values = points.values[np.minimum(reached.searchsorted(middles), len(reached) - 1)]
    distinct, slices = np.unique(values, return_counts=True)
    return Points(distinct, slices * (reached[-1] / _SLICES))
