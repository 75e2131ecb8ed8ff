"""Drift: how far apart the values of two datasets are, column by column, from their profiles alone.

numbers, moments    PSI on the deciles of the first, KS on all values known of both
texts, truths       PSI on frequent values, and which values are new or have vanished
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transforms.profile.column import ColumnProfile, column_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from transforms.profile.points import Points

    Counts = NDArray[np.float64]

_DECILES = tuple(tenth / 10 for tenth in range(1, 10))
_DIGITS = 6
_MOST_LISTED = 20
_HALF_A_ROW = 0.5
"""Added to every bin, so that an empty one has no infinite weight."""


@dataclass(frozen=True)
class ColumnDrift:
    """How far apart two columns are: `ks` of numbers and moments alone, values of texts and truths alone."""

    psi: float
    ks: float | None = None
    new: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()


def drift_between(
    before: Mapping[str, Any], after: Mapping[str, Any], columns: Sequence[str] | None = None
) -> dict[str, ColumnDrift]:
    """The drift of each column that both profiles know in the same way; of `columns` alone where they are given.

    Shape:
        Columns that only one profile has, that are of another kind there, or that are neither numbers, moments,
        texts nor truths, are left out. New and vanished values are told only where all values are known.
    Units:
        PSI is 0 for equal shares and has no upper end; KS lies between 0 and 1. Nulls are a bin of their own
        for PSI, and are left out of KS.
    Raises:
        ValueError: a profile has no sketches.
    Source:
        PSI: Siddiqi, "Credit Risk Scorecards" (2006). KS: the statistic of Kolmogorov and Smirnov for two samples.
    Example:
        >>> import duckdb
        >>> from transforms.profile.measuring import profile_of
        >>> from transforms.relation import relation_of
        >>> connection = duckdb.connect()
        >>> _ = connection.execute("CREATE TABLE may AS SELECT i AS __row, i AS km FROM range(100) r(i)")
        >>> _ = connection.execute("CREATE TABLE june AS SELECT i AS __row, i + 50 AS km FROM range(100) r(i)")
        >>> may, june = (profile_of(connection, relation_of(connection, month), 100) for month in ("may", "june"))
        >>> drift_between(may, june)["km"].ks
        0.5
    """
    shared = [name for name in after["columns"] if name in before["columns"] and (columns is None or name in columns)]
    drifts = {}
    for name in shared:
        drift = _drift(column_of(before["columns"][name]), column_of(after["columns"][name]))
        if drift is not None:
            drifts[name] = drift
    return drifts


def _drift(before: ColumnProfile, after: ColumnProfile) -> ColumnDrift | None:
    if before.points is not None and after.points is not None:
        return _of_numbers(before, after, before.points, after.points)
    if before.labels is not None and after.labels is not None:
        return _of_labels(before, after, before.labels, after.labels)
    return None


def _of_numbers(before: ColumnProfile, after: ColumnProfile, old: Points, new: Points) -> ColumnDrift:
    import numpy as np

    if not len(old.values) or not len(new.values):
        return ColumnDrift(_psi(_with_rest([old.weight], before), _with_rest([new.weight], after)))
    # What lies below all that was known has a bin of its own, as has what lies above.
    below = np.nextafter(old.values[0], -np.inf)
    edges = np.unique([below, *old.quantiles(_DECILES), old.values[-1]])
    psi = _psi(_with_rest(_binned(old, edges), before), _with_rest(_binned(new, edges), after))
    known = np.union1d(old.values, new.values)
    ks = float(np.abs(old.shares_up_to(known) - new.shares_up_to(known)).max())
    return ColumnDrift(psi, round(ks, _DIGITS))


def _binned(points: Points, edges: Any) -> Counts:
    import numpy as np

    counts: Counts = np.diff(np.concatenate([[0.0], points.shares_up_to(edges), [1.0]])) * points.weight
    return counts


def _of_labels(
    before: ColumnProfile, after: ColumnProfile, old: Mapping[str, int], new: Mapping[str, int]
) -> ColumnDrift:
    # A value that one profile knows and the other may merely not have kept says nothing.
    told = [
        label
        for label in sorted({*old, *new})
        if (label in old or before.knows_all_labels) and (label in new or after.knows_all_labels)
    ]
    psi = _psi(
        _with_rest([old.get(label, 0) for label in told], before),
        _with_rest([new.get(label, 0) for label in told], after),
    )
    return ColumnDrift(
        psi,
        new=_listed(new, old) if before.knows_all_labels else (),
        vanished=_listed(old, new) if after.knows_all_labels else (),
    )


def _listed(there: Mapping[str, int], missing: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(label for label in there if label not in missing)[:_MOST_LISTED]


def _with_rest(counts: Any, column: ColumnProfile) -> Counts:
    """The counts, then that of all other values, then that of nulls."""
    import numpy as np

    told: Counts = np.asarray(counts, np.float64)
    return np.concatenate([told, [max(0.0, column.count - told.sum()), column.nulls]])


def _psi(before: Counts, after: Counts) -> float:
    import numpy as np

    used = (before > 0) | (after > 0)
    old, new = before[used] + _HALF_A_ROW, after[used] + _HALF_A_ROW
    old, new = old / old.sum(), new / new.sum()
    return round(float(((new - old) * np.log(new / old)).sum()), _DIGITS)
