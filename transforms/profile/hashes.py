"""Hashes: the number of distinct values, from the smallest of their hashes.

Fewer than 512 hashes are all that there are, and are counted. Beyond that the 512th smallest says how dense they lie:
a standard error of 4.4 %. The smallest hashes of two tables together are those of their union, exactly and in any
order, which no count has: that is what makes the estimate mergeable.

Source:
    Bar-Yossef et al., "Counting distinct elements in a data stream" (2002): k minimum values.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    HashValues = NDArray[np.uint64]

MOST_HASHES = 512
_RANGE = 2.0**64


@dataclass(frozen=True)
class Hashes:
    """The smallest distinct hashes, ascending. `function` tells functions apart: only alike ones can be merged."""

    function: str
    smallest: HashValues

    @property
    def is_complete(self) -> bool:
        """True when these are the hashes of all values."""
        return len(self.smallest) < MOST_HASHES

    @property
    def distinct(self) -> int:
        """The number of distinct values, exact where `is_complete`."""
        if self.is_complete:
            return len(self.smallest)
        return round((MOST_HASHES - 1) / (float(self.smallest[-1]) / _RANGE))

    def encoded(self) -> str:
        """Text that `decoded` reads: little-endian unsigned integers in base64."""
        return base64.b64encode(self.smallest.astype("<u8").tobytes()).decode()


def hashes_of(function: str, values: Sequence[int] | HashValues) -> Hashes:
    """The smallest of the hashes of values.

    Example:
        >>> hashes_of("probe", [7, 3, 7]).distinct
        2
    """
    import numpy as np

    return Hashes(function, np.unique(np.asarray(values, np.uint64))[:MOST_HASHES])


def merged(hashes: Sequence[Hashes]) -> Hashes:
    """The smallest hashes of the union.

    Of unlike functions the union cannot be known: what is left is the larger one, a lower bound.
    """
    import numpy as np

    if len({known.function for known in hashes}) > 1:
        return max(hashes, key=lambda known: (known.distinct, known.function))
    return hashes_of(hashes[0].function, np.concatenate([known.smallest for known in hashes]))


def decoded(function: str, text: str) -> Hashes:
    """The hashes that `encoded` wrote."""
    import numpy as np

    return Hashes(function, np.frombuffer(base64.b64decode(text), "<u8").astype(np.uint64))
