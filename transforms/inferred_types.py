"""Inferred types: the narrowest contract type that every value of a column has, tried with the contract's own SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from transforms.column_types import typed
from transforms.flow.contract import Column
from transforms.flow.types import parse_type
from transforms.relation import number, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NULL_WORDS = (
    "NA",
    "N/A",
    "n/a",
    "#N/A",
    "null",
    "NULL",
    "Null",
    "None",
    "none",
    "nan",
    "NaN",
    "NAN",
    "-",
    "--",
    "\\N",
    "?",
)
"""Words that feeds write where there is no value."""

_HEAD_ROWS = 5_000
_DATES = (
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d-%m-%Y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
)
_TIMES = ("%H:%M:%S", "%H:%M", "%I:%M %p", "%I:%M:%S %p", "%H:%M:%S.%f")
_NUMBERS = ("int8", "int16", "int32", "int64", "uint64", "decimal(38,0)", "float64")
_NOTATIONS: tuple[dict[str, Any], ...] = (
    {"type": "int64", "thousands": ","},
    {"type": "float64", "thousands": ","},
    {"type": "float64", "decimal": ","},
    {"type": "float64", "decimal": ",", "thousands": "."},
)
_JSON_TYPES = {"BOOLEAN": "bool", "UBIGINT": "int64", "BIGINT": "int64", "DOUBLE": "float64", "VARCHAR": "string"}


@dataclass(frozen=True)
class Sourced:
    """One column of a table of what was read: SQL for its value, null where a null word stands, and its type.

    Text may be what is nested, written as JSON, unless `may_nest` is false.
    """

    table: str
    value: str
    sql_type: str
    may_nest: bool = True


@dataclass(frozen=True)
class Guess:
    """The type of a column, what else fits as well, and whether there was any value to tell from."""

    options: Mapping[str, Any]
    also: tuple[str, ...] = field(default=())
    has_values: bool = True

    @property
    def column(self) -> Column:
        """The guess as a contract would declare it."""
        return Column.model_validate(self.options)


def guess_type(connection: DuckDBPyConnection, source: Sourced) -> Guess:
    """The first type, from the narrowest to text, that no value of the column breaks.

    Example:
        >>> import duckdb
        >>> connection = duckdb.connect()
        >>> _ = connection.execute("CREATE TABLE t AS SELECT * FROM (VALUES ('31.1.2013'), (NULL)) t(v)")
        >>> guess_type(connection, Sourced("t", "v", "VARCHAR")).options
        {'type': 'date', 'format': '%d.%m.%Y'}
    """
    if source.sql_type != "VARCHAR":
        return _of_typed(connection, source)
    if not number(connection, f"SELECT count({source.value}) FROM {source.table}"):
        return Guess({"type": "string"}, has_values=False)
    fits = (options for options in _candidates(connection, source) if _is_broken_by_none(connection, source, options))
    found = next(fits, {"type": "string"})
    if "format" in found:
        also = [f"the format {options['format']}" for options in fits if options["type"] == found["type"]]
    else:
        also = ["a decimal comma" for options in fits if "thousands" in found and options == _NOTATIONS[2]]
    return Guess(found, also=tuple(also))


def null_words_of(connection: DuckDBPyConnection, source: Sourced) -> tuple[str, ...]:
    """The null words that stand in a column, if it is text with them and something narrower without."""
    listed = " OR ".join(f"{source.value} = {text(word)}" for word in NULL_WORDS)
    found = connection.execute(f"SELECT DISTINCT {source.value} FROM {source.table} WHERE {listed}").fetchall()
    words = tuple(word for word in NULL_WORDS if (word,) in found)
    if not words or guess_type(connection, source).options["type"] != "string":
        return ()
    guess = guess_type(connection, replace(source, value=without_words(source.value, words)))
    return words if guess.has_values and guess.options["type"] != "string" else ()


def without_words(value: str, words: tuple[str, ...]) -> str:
    """SQL for a value that is null where one of the words stands."""
    for word in words:
        value = f"nullif({value}, {text(word)})"
    return value


def _candidates(connection: DuckDBPyConnection, source: Sourced) -> Iterator[dict[str, Any]]:
    if _holds(connection, source, "lower({v}) = 'true' OR lower({v}) = 'false'"):
        yield {"type": "bool"}
    # A number with a zero before it is a code: 00501 is a place, and 501 is none.
    if _holds(connection, source, r"NOT regexp_matches({v}, '^\s*[+-]?0\d')"):
        yield from ({"type": name} for name in _NUMBERS)
        yield from _NOTATIONS
    yield from ({"type": name} for name in ("date", "timestamp", "time"))
    yield from ({"type": "date", "format": written} for written in _DATES)
    for day in _DATES:
        yield from ({"type": "timestamp", "format": f"{day} {time}"} for time in _TIMES)
    yield from ({"type": "time", "format": written} for written in _TIMES)
    if source.may_nest and _holds(connection, source, r"regexp_matches({v}, '^\s*[\[{{]')"):
        yield from _nested(connection, source)
        yield {"type": "json"}


def _nested(connection: DuckDBPyConnection, source: Sourced) -> Iterator[dict[str, Any]]:
    import duckdb

    values = f"SELECT CAST({source.value} AS JSON) AS v FROM {source.table}"
    try:
        [(structure,)] = connection.execute(f"SELECT json_group_structure(v) FROM ({values})").fetchall()
        written = _written(json.loads(structure))
        parse_type(written)
    except (duckdb.Error, ValueError):
        return
    yield {"type": written}


def _written(structure: Any) -> str:
    """A structure as DuckDB tells it, as a contract type."""
    if isinstance(structure, list):
        return f"list<{_written(structure[0])}>"
    if isinstance(structure, dict):
        if not structure:
            return "json"
        quoted_names = ((name.replace('"', '""'), part) for name, part in structure.items())
        return f"struct<{', '.join(f'{chr(34)}{name}{chr(34)}: {_written(part)}' for name, part in quoted_names)}>"
    return _JSON_TYPES.get(structure, "json")


def _of_typed(connection: DuckDBPyConnection, source: Sourced) -> Guess:
    """The contract's name for a type that the source knows itself; text where there is none."""
    written = written_type(connection.execute(f"SELECT {source.value} FROM {source.table} LIMIT 0").description[0][1])
    for name in (written, "decimal(38,0)" if source.sql_type in ("HUGEINT", "UHUGEINT") else "json", "string"):
        if name is not None and _is_broken_by_none(connection, source, {"type": name}):
            return Guess({"type": name})
    return Guess({"type": "string"})


def written_type(kind: Any) -> str | None:
    """A type of DuckDB as a contract writes it, or None where a contract has none.

    Example:
        >>> import duckdb
        >>> written_type(duckdb.sqltype("STRUCT(a INTEGER[], b DECIMAL(9,2))"))
        'struct<"a": list<int32>, "b": decimal(9,2)>'
    """
    from transforms.column_types import contract_type

    if kind.id in ("list", "array"):
        inside = written_type(kind.children[0][1])
        return inside and f"list<{inside}>"
    if kind.id == "struct":
        parts = {name: written_type(part) for name, part in kind.children}
        if None in parts.values():
            return None
        return f"struct<{', '.join(f'{chr(34)}{name}{chr(34)}: {part}' for name, part in parts.items())}>"
    try:
        parse_type(contract_type(str(kind)))
    except ValueError:
        return None
    return contract_type(str(kind))


def _is_broken_by_none(connection: DuckDBPyConnection, source: Sourced, options: Mapping[str, Any]) -> bool:
    """True when every value fits; the first rows are asked first, because most guesses end there."""
    value = typed(Column.model_validate(options), "v", source.sql_type)
    return all(
        not number(
            connection,
            f"SELECT count(*) FROM (SELECT {source.value} AS v FROM {source.table}{few}) "
            f"WHERE v IS NOT NULL AND {value} IS NULL",
        )
        for few in (f" LIMIT {_HEAD_ROWS}", "")
    )


def _holds(connection: DuckDBPyConnection, source: Sourced, condition: str) -> bool:
    broken = (
        f"SELECT count(*) FROM (SELECT {source.value} AS v FROM {source.table}) WHERE NOT ({condition.format(v='v')})"
    )
    return not number(connection, broken)
