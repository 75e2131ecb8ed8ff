"""What every step shares: how it is declared, where it works, and what it leaves.

A step's module has the same rooms: a model of what the flow file says, and `apply`, which takes a
`Work` and the relation before it and leaves an `Applied`. Steps that look at one row at a time leave
views (fused and streamed by the engine); steps that need the whole table leave tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

from pydantic import Field

from transforms.flow.expressions import bound, bracketed
from transforms.relation import ROW, Relation, number, quoted, relation_of
from transforms.stages import OnStage, unwatched
from transforms.steps.refusal import Refused, UnknownColumn, refused

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

Expression = Annotated[str, Field(min_length=1, description="a SQL expression (DuckDB dialect); $name is a parameter")]

Total = Annotated[
    str, Field(min_length=1, description="a SQL expression of aggregates (DuckDB dialect); $name is a parameter")
]


_MOST_BITS = 1_000_000_000
"""What `bitstring_agg` takes."""


@dataclass(frozen=True)
class StepEnv:
    """What steps may use besides the relation: lookups, parameters' values, the folder of Python steps."""

    lookups: Mapping[str, Relation]
    parameters: Mapping[str, Any]
    folder: Path
    scratch: Path | None = None
    """Where a step may keep a file while it works; where the system does, if not told."""
    fitted: Mapping[str, Any] | None = None
    """What an earlier run learnt, by verb and column: applied again where it is given, and nothing is learnt."""
    on_stage: OnStage = unwatched


@dataclass(frozen=True)
class Applied:
    """What a step left: the new relation, rows removed and added, each counted by itself, and what it learnt.

    `notes` are sentences for people, about what the rows do not show.
    """

    relation: Relation
    removed: int = 0
    added: int = 0
    fitted: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Work:
    """One step at work: the connection, its place in the flow, and the names it may make."""

    connection: DuckDBPyConnection
    env: StepEnv
    path: str
    place: int
    learns_from: str | None = None
    """The split column, when what is learnt must come from its `train` rows alone."""

    @property
    def verb(self) -> str:
        """The verb of the step."""
        return self.path.rpartition(".")[2]

    @property
    def learning_from(self) -> str:
        """The rows to learn from, in words."""
        return "the train rows" if self.learns_from else "the rows"

    def fail(self, message: str, at: str = "") -> NoReturn:
        """The step ends here: the sentence names the place in the flow file."""
        raise Refused(f"{self.path}{at}", message)

    def need(self, relation: Relation, column: str, at: str = "") -> str:
        """The quoted name of a column that is there, whatever its case."""
        found = {name.casefold(): name for name in relation.columns}.get(column.casefold())
        if found is None:
            raise UnknownColumn(f"{self.path}{at}", column, relation.columns)
        return quoted(found)

    def refuse_taken(self, relation: Relation, columns: Mapping[str, str]) -> None:
        """No new column (name -> place in the step) hides one that is there."""
        taken = {name.casefold() for name in relation.columns}
        for name, at in columns.items():
            if name.casefold() in taken:
                self.fail(f"a column {name!r} is there already; give the new one another name", at)

    def type_of(self, relation: Relation, quoted_name: str) -> str:
        """The DuckDB type of a column."""
        return next(kind for column, kind in relation.columns.items() if quoted(column) == quoted_name)

    def bound_on(self, relation: Relation, expression: str, at: str = "", *, expected: str | None = None) -> str:
        """The expression, in brackets and with its parameters' values, known to fit the relation's columns."""
        sql = bracketed(bound(expression, self.env.parameters))
        kind = next(iter(self.columns_of(f"SELECT {sql} FROM {relation.sql}", relation, at).values()))
        if expected not in {None, kind, '"NULL"'}:
            self.fail(f"found an expression of type {kind}; expected {expected}", at)
        return sql

    def bound_order(self, relation: Relation, order: str, at: str) -> str:
        """The order, with its parameters' values, known to fit the relation's columns."""
        sql = bound(order, self.env.parameters, kind="order")
        self.columns_of(f"SELECT row_number() OVER (ORDER BY {sql}\n) FROM {relation.sql}", relation, at)
        return sql

    def learning_rows(self, relation: Relation) -> str:
        """The condition for rows to learn from: all of them, or the `train` rows of a split."""
        if self.learns_from is None:
            return "true"
        return f"{self.need(relation, self.learns_from)} = 'train'"

    def view(self, select: str) -> Relation:
        """A view that streams `select`, which keeps `__row` and its order."""
        self._make("VIEW", f"step_{self.place}", select)
        return relation_of(self.connection, f"step_{self.place}")

    def without(self, relation: Relation, removed: str) -> Relation:
        """A view of the relation without the rows whose `__row` the query gives.

        Each row is looked up in its bit: a join would give up the order, and to sort costs more than all else.
        """
        gone = f"step_{self.place}_removed"
        rows = self.count(f"SELECT max({ROW}) + 1 FROM {relation.sql}")
        if rows > _MOST_BITS:
            self.fail(f"{rows:,} rows went in; expected at most {_MOST_BITS:,}; split the upload")
        self.connection.execute(f"SET VARIABLE {gone} = (SELECT bitstring_agg({ROW}, 0, {rows}) FROM ({removed}))")
        is_gone = f"get_bit(getvariable('{gone}'), {ROW}::INTEGER) = 1"
        return self.view(f"SELECT * FROM {relation.sql} WHERE ({is_gone}) IS NOT TRUE")

    def sorted_table(self, select: str) -> Relation:
        """A table that holds `select`, sorted back into `__row` order: joins and groups disturb it."""
        self._make("TABLE", f"step_{self.place}", f"SELECT * FROM ({select}) ORDER BY {ROW}")
        return relation_of(self.connection, f"step_{self.place}")

    def numbered(self, select: str) -> Relation:
        """A table that holds `select`, its rows numbered in the order that they come."""
        self._make("TABLE", f"step_{self.place}", f"SELECT *, row_number() OVER () - 1 AS {ROW} FROM ({select})")
        return relation_of(self.connection, f"step_{self.place}")

    def table(self, select: str) -> Relation:
        """A table that holds `select`, which looks at one row at a time and so keeps the order."""
        self._make("TABLE", f"step_{self.place}", select)
        return relation_of(self.connection, f"step_{self.place}")

    def settled(self, relation: Relation) -> Relation:
        """A table that holds what the step's view gives, in its order."""
        self._make("TABLE", f"step_{self.place}_settled", f"SELECT * FROM {relation.sql}")
        return relation_of(self.connection, f"step_{self.place}_settled")

    def from_arrow(self, table: pa.Table, beside: Relation | None = None, kept: Sequence[str] = ()) -> Relation:
        """A table that holds an Arrow table, which has the hidden column, and the kept columns of a relation beside."""
        name = f"step_{self.place}_arrow"
        select = f"SELECT * FROM {quoted(name)}"
        if beside is not None and kept:
            select = f"SELECT {', '.join(kept)}, there.* FROM {beside.sql} JOIN {quoted(name)} AS there USING ({ROW})"
        self.connection.register(name, table)
        try:
            return self.sorted_table(select)
        finally:
            self.connection.unregister(name)

    def from_stream(self, reader: pa.RecordBatchReader, select: str) -> Relation:
        """A table that holds `select`, in whose place `{}` stands the stream; it has the hidden column."""
        name = f"step_{self.place}_stream"
        self.connection.register(name, reader)
        try:
            return self.sorted_table(select.format(quoted(name)))
        finally:
            self.connection.unregister(name)

    def aside(self, what: str, select: str) -> Relation:
        """A table of this step's own that holds `select`, in any order, until it is dropped."""
        self._make("TABLE", f"step_{self.place}_{what}", select)
        return relation_of(self.connection, f"step_{self.place}_{what}")

    def drop(self, table: Relation) -> None:
        """A table of this step's own is gone."""
        self.connection.execute(f"DROP TABLE {table.sql}")

    def count(self, query: str) -> int:
        """The one number that the query gives."""
        return number(self.connection, query)

    def columns_of(self, select: str, relation: Relation, at: str = "") -> dict[str, str]:
        """The columns that `select` would give, name -> DuckDB type; it is known to fit the relation."""
        import duckdb

        try:
            described = self.connection.execute(f"DESCRIBE {select}").fetchall()
        except duckdb.ProgrammingError as error:
            raise refused(error, f"{self.path}{at}", relation.columns) from None
        return {str(row[0]): str(row[1]) for row in described}

    def _make(self, kind: str, name: str, select: str) -> None:
        # TEMP: a table of the database file is compressed and checkpointed, which takes three times as long.
        self.connection.execute(f"CREATE OR REPLACE TEMP {kind} {quoted(name)} AS {select}")
