"""Partitions: rows with the same values in some columns share a folder, `column=value/`, as Hive names it.

    data/{split/}carrier=AA/origin=EWR/part-00000-….parquet

The folder holds the values, the files do not: readers of such folders add the columns by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from transforms.errors import StepFailed
from transforms.relation import ROW, Relation, number, quoted, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_FOLDERS = 1000
"""Thousands of tiny files help nobody: each costs a request to write, and one for every reader."""

LONGEST_PATH_BYTES = 255
"""Of all folders of a file together: what file systems take of each, and far below what Azure takes of a name."""

NULL = "__HIVE_DEFAULT_PARTITION__"
_KINDS = re.compile(r"VARCHAR|BOOLEAN|DATE|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?")
_KEPT = re.compile(r"[^\x00-\x7f]|[\w.-]")
_FOLDERS, _ROWS, _NUMBER = "__folders", "__rows_in_folders", "__folder"


@dataclass(frozen=True)
class Folder:
    """Some of the dataset's rows: where their files are, and the SQL condition that tells them."""

    name: str
    condition: str
    split: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


def unfit_columns(relation: Relation, partition_by: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What each unfit name is, and what was expected."""
    for name in partition_by:
        if name not in relation.columns:
            yield f"{name}, which is no column", f"one of the columns {', '.join(relation.columns)}"
        elif not _KINDS.fullmatch(kind := relation.columns[name]):
            yield f"{name}, a column of {kind}", "texts, whole numbers, truths or dates: derive such a column"
    if not set(relation.columns) - set(partition_by):
        yield "every column", "at least one column that is left for the files"


def refuse_unfit(relation: Relation, partition_by: Sequence[str]) -> None:
    """Every column can name folders.

    Raises:
        StepFailed: one cannot.
    """
    for found, expected in unfit_columns(relation, partition_by):
        raise StepFailed(f"output.partition_by: found {found}; expected {expected}")


def without_empty_texts(
    connection: DuckDBPyConnection, relation: Relation, partition_by: Sequence[str]
) -> tuple[Relation, tuple[str, ...]]:
    """Empty texts in these columns are null, with a note for people: no folder can be named after nothing.

    Source:
        Hive and Spark do the same (`Empty2Null`), and Spark reads no dataset with a folder `column=`.
    """
    empty = {
        name: number(connection, f"SELECT count(*) FROM {relation.sql} WHERE {quoted(name)} = ''")
        for name in partition_by
        if relation.columns[name] == "VARCHAR"
    }
    found = {name: count for name, count in empty.items() if count}
    if not found:
        return relation, ()
    replaced = ", ".join(f"nullif({quoted(name)}, '') AS {quoted(name)}" for name in found)
    connection.execute(f"CREATE TEMP VIEW __no_empty_texts AS SELECT * REPLACE ({replaced}) FROM {relation.sql}")
    notes = tuple(f"Column {name}: {count:,} empty texts are null: they name folders." for name, count in found.items())
    return Relation("__no_empty_texts", relation.columns), notes


def folders_of(
    connection: DuckDBPyConnection,
    relation: Relation,
    partition_by: Sequence[str],
    split: str | None,
    reading: Callable[[], AbstractContextManager[None]],
) -> tuple[Relation, tuple[Folder, ...]]:
    """The rows, to be read by folder, and the folders in the order of their values.

    Raises:
        StepFailed: the columns have too many different values, or too long ones.
    """
    if partition_by:
        return _by_values(connection, relation, partition_by, split, reading)
    if split is None:
        return relation, (Folder("", "true"),)
    with reading():
        found = connection.execute(f"SELECT DISTINCT {quoted(split)} FROM {relation.sql} ORDER BY ALL").fetchall()
    return relation, tuple(Folder(f"{value}/", f"{quoted(split)} = {text(value)}", value) for (value,) in found)


def folder_name(column: str, value: str | None) -> str:
    """The folder of a value: what is not safe in a path, or means something to Hive, is escaped.

    Source:
        Hive's `escapePathName`. Azure wants no name that ends with a dot.
    Example:
        >>> folder_name("dest", "São/Paulo"), folder_name("dest", None), folder_name("dest", "..")
        ('dest=São%2FPaulo', 'dest=__HIVE_DEFAULT_PARTITION__', 'dest=.%2E')
    """
    if value is None:
        return f"{column}={NULL}"
    escaped = "".join(char if _KEPT.match(char) and char.isprintable() else quote(char, safe="") for char in value)
    if escaped == NULL:
        escaped = "%5F" + escaped[1:]
    return f"{column}={escaped[:-1]}%2E" if escaped.endswith(".") else f"{column}={escaped}"


def _by_values(
    connection: DuckDBPyConnection,
    relation: Relation,
    partition_by: Sequence[str],
    split: str | None,
    reading: Callable[[], AbstractContextManager[None]],
) -> tuple[Relation, tuple[Folder, ...]]:
    keys = [*([split] if split else []), *partition_by]
    listed = ", ".join(map(quoted, keys))
    met = " AND ".join(f"one.{quoted(key)} IS NOT DISTINCT FROM other.{quoted(key)}" for key in keys)
    with reading():
        connection.execute(
            f"CREATE TEMP TABLE {_FOLDERS} AS SELECT row_number() OVER (ORDER BY {listed}) AS {_NUMBER}, {listed} "
            f"FROM (SELECT DISTINCT {listed} FROM {relation.sql})"
        )
        _refuse_too_many(connection, partition_by)
        # In the order of the folders, so that reading one of them leaves the others alone.
        connection.execute(
            f"CREATE TEMP TABLE {_ROWS} AS SELECT one.*, other.{_NUMBER} FROM {relation.sql} AS one "
            f"JOIN {_FOLDERS} AS other ON {met} ORDER BY {_NUMBER}, {ROW}"
        )
    return Relation(_ROWS, relation.columns), tuple(_folders(connection, relation, partition_by, split))


def _refuse_too_many(connection: DuckDBPyConnection, partition_by: Sequence[str]) -> None:
    found = number(connection, f"SELECT count(*) FROM {_FOLDERS}")
    if found > MOST_FOLDERS:
        raise StepFailed(
            f"output.partition_by: found {found:,} folders for the values of {', '.join(partition_by)}; "
            f"expected at most {MOST_FOLDERS:,}: choose columns with fewer values"
        )


def _folders(
    connection: DuckDBPyConnection, relation: Relation, partition_by: Sequence[str], split: str | None
) -> Iterator[Folder]:
    texts = ", ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in partition_by)
    column = quoted(split) if split else "NULL"
    rows = connection.execute(f"SELECT {_NUMBER}, {column}, {texts} FROM {_FOLDERS} ORDER BY {_NUMBER}").fetchall()
    for place, of_split, *values in rows:
        named = dict(zip(partition_by, values, strict=True))
        path = "".join(f"{folder_name(name, value)}/" for name, value in named.items())
        if len(path.encode()) > LONGEST_PATH_BYTES:
            raise StepFailed(
                f"output.partition_by: found {path[:40]}…, folders of {len(path.encode()):,} bytes; "
                f"expected at most {LONGEST_PATH_BYTES}: derive shorter values"
            )
        told = {name: _told(relation.columns[name], value) for name, value in named.items()}
        yield Folder(f"{of_split}/{path}" if split else path, f"{_NUMBER} = {place}", of_split, told)


def _told(kind: str, value: str | None) -> str | int | bool | None:
    """The value as the manifest has it."""
    if value is None or kind in {"VARCHAR", "DATE"}:
        return value
    return value == "true" if kind == "BOOLEAN" else int(value)
