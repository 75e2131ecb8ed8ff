"""Which step fails, when a row fails: views run late, and their errors surface in a later step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transforms.flow.steps import OneStep
from transforms.relation import Relation
from transforms.steps.catalog import VERBS
from transforms.steps.declarations import HasExpressions
from transforms.steps.refusal import refused
from transforms.steps.step import Work

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Station:
    """One step that was applied: what it says, where it stands, and the relations around it."""

    work: Work
    step: OneStep
    before: Relation
    after: Relation


class Stations:
    """The steps whose views have not run yet, since the last one that left a table."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        """No step was applied yet."""
        self._connection = connection
        self._pending: list[Station] = []
        self._last_table: Relation | None = None

    @contextmanager
    def blame(self, work: Work, step: OneStep, before: Relation) -> Iterator[None]:
        """Inside, what DuckDB refuses is told as the failure of the step whose expression it was."""
        import duckdb

        try:
            yield
        except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError) as error:
            for station in self._pending:
                self._raise_if_it_fails(station)
            self._raise_if_it_fails(Station(work, step, before, before))
            raise refused(error, work.path, before.columns) from None

    def passed(self, work: Work, step: OneStep, before: Relation, after: Relation) -> None:
        """The step is applied. Once it left a table, what stands before it has run and makes room."""
        if not VERBS[step.verb].leaves_table:
            self._pending.append(Station(work, step, before, after))
            return
        self._make_room(after)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Inside, what DuckDB refuses is told as the failure of the pending step whose expression it was."""
        if not self._pending:
            yield
            return
        last = self._pending[-1]
        with self.blame(last.work, last.step, last.before):
            yield

    def _make_room(self, table: Relation) -> None:
        """Everything that the steps made before this table is dropped."""
        for station in reversed(self._pending):
            self._connection.execute(f"DROP VIEW {station.after.sql}")
        self._pending.clear()
        if self._last_table:
            self._connection.execute(f"DROP TABLE {self._last_table.sql}")
        self._last_table = table

    def _raise_if_it_fails(self, station: Station) -> None:
        import duckdb

        if not isinstance(station.step.says, HasExpressions):
            return
        for at, expression in station.step.says.expressions().items():
            sql = station.work.bound_on(station.before, expression, at)
            try:
                self._connection.execute(f"SELECT bit_xor(hash({sql})) FROM {station.before.sql}")
            except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError) as error:
                raise refused(error, f"{station.work.path}{at}", station.before.columns) from None
