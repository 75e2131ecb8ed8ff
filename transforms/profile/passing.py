"""Passing: the profile of rows that pass by, group by group, and are gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from transforms.profile.measuring import SAMPLE_ROWS, profile_of
from transforms.profile.merging import merge_all
from transforms.relation import Relation

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

_GROUPS_AT_ONCE = 3
"""Measuring has a price of its own, and what is measured is held: 50 MB of 20 numbers each."""
_LEAST_SAMPLE = 16_384
"""Of rows that are measured at once; fewer would miss that a column has many values, which are then all counted."""
_PASSING = "passing"


class Passing:
    """Groups of rows that pass by, measured some at a time."""

    def __init__(self, connection: DuckDBPyConnection, columns: Mapping[str, str], rows: int) -> None:
        """Nothing has passed yet. `columns` (name -> DuckDB type) are measured, `rows` will come in all."""
        self._rows = rows
        self._connection, self._relation = connection, Relation(_PASSING, columns)
        self._held: list[pa.Table] = []
        self._profiles: list[dict[str, Any]] = []

    def add(self, group: pa.Table) -> None:
        """The group has passed; it has `__row` beside the columns."""
        self._held.append(group)
        if len(self._held) == _GROUPS_AT_ONCE:
            self._measure()

    def profile(self) -> dict[str, Any]:
        """The profile of all that has passed; at least one group has."""
        if self._held:
            self._measure()
        return merge_all(self._profiles) if len(self._profiles) > 1 else self._profiles[0]

    def _measure(self) -> None:
        import pyarrow as pa

        table = pa.concat_tables(self._held)
        sample = max(_LEAST_SAMPLE, SAMPLE_ROWS * table.num_rows // self._rows)
        self._connection.register(_PASSING, table)
        self._profiles.append(profile_of(self._connection, self._relation, table.num_rows, sample))
        self._connection.unregister(_PASSING)
        self._held.clear()
        del table
        pa.default_memory_pool().release_unused()  # it would keep what the writer and the next groups need


@contextmanager
def passing(connection: DuckDBPyConnection, columns: Mapping[str, str], rows: int) -> Iterator[Passing]:
    """So many rows can pass by, while the connection itself is at work on them.

    Example:
        >>> import duckdb, pyarrow as pa
        >>> with passing(duckdb.connect(), {"km": "DOUBLE"}, 2) as trips:
        ...     trips.add(pa.table({"__row": [0, 1], "km": [1.0, 3.0]}))
        ...     trips.profile()["columns"]["km"]["mean"]
        2.0
    """
    with closing(connection.cursor()) as beside:
        yield Passing(beside, columns, rows)
