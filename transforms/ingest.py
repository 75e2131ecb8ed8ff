"""Ingest: staged uploads become one table of rows that keep the contract; the others are known by ordinal.

rows that parse ----> parsed_0, parsed_1, …     one table an upload; `__bad` marks breaches
rows that do not ---> the reader's `rejected`
damaged text -------> the reader's `damage`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from transforms.breaches import Rule, any_broken, constraints_of, rules_of, wrong_type
from transforms.column_types import drops_nonfinite, finite, sql_type, typed
from transforms.constraints import confirm_constraints
from transforms.errors import UnreadableUpload
from transforms.full_disk import is_full_disk
from transforms.layout import Layout, layout_of
from transforms.relation import ROW, Relation, number, quoted
from transforms.row_rules import RowRule, row_rules_of
from transforms.stretches import Stretch, in_one
from transforms.uniqueness import mark_repeated

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.flow.contract import Column, Contract
    from transforms.formats.reader import Reader

GOOD = "good"
BAD = "__bad"
_BYTES_A_VALUE = 8


@dataclass(frozen=True)
class ParsedUpload:
    """One upload, parsed: `table` holds its rows in record order, with `__bad` beside the columns."""

    reader: Reader
    layout: Layout
    order: int
    row_rules: tuple[RowRule, ...] = ()

    @property
    def table(self) -> str:
        return f"parsed_{self.order}"

    @property
    def kept_unknown(self) -> dict[str, str]:
        """The columns that are not in the contract and are kept, with their types."""
        return {name: self.reader.columns[name] for name in self.layout.unknown}

    @property
    def source_columns(self) -> Mapping[str, tuple[int, str]]:
        """Place and source type of each column."""
        return {name: (place, kind) for place, (name, kind) in enumerate(self.reader.columns.items())}


def parse_uploads(
    connection: DuckDBPyConnection,
    readers: Sequence[Reader],
    contract: Contract,
    parameters: Mapping[str, Any],
    memory_bytes: int,
) -> list[ParsedUpload]:
    """Every row that parses is in a table of its upload, marked where it breaks the contract.

    Raises:
        FlowBroken: a constraint does not fit the type of its column.
        UnreadableUpload: a page of a binary format is damaged.
        ContractBroken: the columns do not fit the contract.
    """
    confirm_constraints(connection, contract, parameters)
    row_rules = row_rules_of(contract, parameters)
    uploads = [
        ParsedUpload(reader, layout_of(reader.columns, contract, reader.name), order, row_rules)
        for order, reader in enumerate(readers)
    ]
    kind = _kind_of_table(readers, memory_bytes)
    for upload in uploads:
        _parse(connection, upload, kind)
        _mark_broken(connection, upload)
    mark_repeated(connection, [upload.table for upload in uploads], contract, BAD)
    return uploads


def good_rows(
    connection: DuckDBPyConnection, uploads: Sequence[ParsedUpload], contract: Contract, name: str = GOOD
) -> Relation:
    """The rows that keep the contract are one relation, in (upload, record) order.

    Shape:
        Columns in the order of the contract, then unknown ones that are kept; a column that an upload lacks
        is null there. Values that are not finite are null, unless their column allows them.
    """
    good = in_one(connection, name, [_good_stretch(connection, upload, contract) for upload in uploads])
    return replace(good, may_join=False)


def _good_stretch(connection: DuckDBPyConnection, upload: ParsedUpload, contract: Contract) -> Stretch:
    values = [_good_value(name, column, upload.layout) for name, column in contract.columns.items()]
    values += [quoted(name) for name in upload.layout.unknown]
    table = quoted(upload.table)
    return Stretch(
        f"SELECT rowid AS {ROW}, {', '.join(values)} FROM {table} WHERE NOT {BAD}",
        (*contract.columns, *upload.layout.unknown),
        number(connection, f"SELECT count(*) FROM {table}"),
    )


def nonfinite_counts(
    connection: DuckDBPyConnection, uploads: Sequence[ParsedUpload], contract: Contract
) -> dict[str, int]:
    """How many good values of each column were NaN or infinity and are null now; columns without any are left out."""
    counts: dict[str, int] = {}
    for upload in uploads:
        names = [name for name, column in upload.layout.declared.items() if drops_nonfinite(column)]
        if names:
            counted = ", ".join(f"count(*) FILTER (NOT isfinite({quoted(name)}))" for name in names)
            found = connection.execute(f"SELECT {counted} FROM {quoted(upload.table)} WHERE NOT {BAD}").fetchall()
            for name, times in zip(names, found[0], strict=True):
                counts[name] = counts.get(name, 0) + times
    return {name: counts[name] for name in contract.columns if counts.get(name)}


def rules_of_sources(upload: ParsedUpload) -> dict[str, list[Rule]]:
    """Every rule of the declared columns, over source columns named c0, c1, …"""
    return {
        name: rules_of(column, f"c{place}", kind)
        for name, column in upload.layout.declared.items()
        for place, kind in [upload.source_columns[name]]
    } | {name: rules_of(column, "NULL", "VARCHAR") for name, column in upload.layout.missing.items() if column.required}


def typed_sources(upload: ParsedUpload) -> dict[str, str]:
    """SQL for the value of each column of the contract, over source columns named c0, c1, …"""
    return {
        name: finite(column, typed(column, f"c{place}", kind))
        for name, column in upload.layout.declared.items()
        for place, kind in [upload.source_columns[name]]
    } | {name: f"NULL::{sql_type(column.type)}" for name, column in upload.layout.missing.items()}


def _kind_of_table(readers: Sequence[Reader], memory_bytes: int) -> str:
    """A table of the database file is compressed, a temporary one is not.

    Source:
        Measured: on 100 MB of CSV compressing costs a third of the parsing; on 1 GB, of which little would fit
        into the memory, it saves more than that when the table is read.
    """
    expected_bytes = sum(reader.records * len(reader.columns) * _BYTES_A_VALUE for reader in readers)
    return "TEMP TABLE" if expected_bytes < memory_bytes // 2 else "TABLE"


def _parse(connection: DuckDBPyConnection, upload: ParsedUpload, kind: str) -> None:
    """Source values are c0, c1, … and typed values t0, t1, …, so that no column name can clash with another.

    Only types are looked at here: the optimizer may turn a constraint (a long `allowed`) into a join, and a
    join gives up the order of the rows, which is all that tells their record numbers.
    """
    import duckdb

    layout, reader, places = upload.layout, upload.reader, upload.source_columns
    types = {name: reader.parsed_type(name, layout.declared[name]) if name in layout.declared else kind
             for name, kind in reader.columns.items()}  # fmt: skip
    inner, outer, wrong = [], [], list[Rule]()
    for place, (name, column) in enumerate(layout.declared.items()):
        source, value = f"c{places[name][0]}", f"t{place}"
        as_typed = typed(column, source, types[name])
        inner += [source, f"{as_typed} AS {value}"]
        outer.append(f"{value} AS {quoted(name)}")
        if as_typed != source:
            wrong.append(wrong_type(source, value))
    for name in layout.unknown:
        inner.append(f"c{places[name][0]}")
        outer.append(f"c{places[name][0]} AS {quoted(name)}")
    select = f"""SELECT {", ".join(outer)}, {any_broken(wrong)} AS {BAD}
        FROM (SELECT {", ".join(inner)} FROM {reader.rows(list(types.values()))})"""
    try:
        connection.execute(f"CREATE {kind} {quoted(upload.table)} AS {select}")
    except (duckdb.OutOfMemoryException, duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException):
        raise  # not the upload's fault
    except duckdb.Error as error:
        if is_full_disk(error):
            raise
        said = str(error).partition("\n")[0]
        raise UnreadableUpload(f"{reader.name}: it cannot be read to its end ({said}); write it again") from error


def _mark_broken(connection: DuckDBPyConnection, upload: ParsedUpload) -> None:
    """Rows that keep their types but break another rule are bad as well."""
    layout = upload.layout
    rules = [rule for name, column in layout.declared.items() for rule in constraints_of(column, quoted(name))]
    if any(column.required for column in layout.missing.values()):
        rules.append(Rule("required", "true"))
    if rules:
        connection.execute(f"UPDATE {quoted(upload.table)} SET {BAD} = true WHERE NOT {BAD} AND {any_broken(rules)}")
    if upload.row_rules:
        values = [
            _good_value(name, column, layout) for name, column in [*layout.declared.items(), *layout.missing.items()]
        ]
        broken = " OR ".join(rule.broken for rule in upload.row_rules)
        rows = f"SELECT rowid AS {ROW}, {', '.join(values)} FROM {quoted(upload.table)}"
        connection.execute(f"""UPDATE {quoted(upload.table)} SET {BAD} = true
            WHERE NOT {BAD} AND rowid IN (SELECT {ROW} FROM ({rows}) WHERE {broken})""")


def _good_value(name: str, column: Column, layout: Layout) -> str:
    if name in layout.missing:
        return f"NULL::{sql_type(column.type)} AS {quoted(name)}"
    return f"{finite(column, quoted(name))} AS {quoted(name)}"
