"""Infer: a file becomes the proposal of a flow, which runs on that very file and is then for people to correct."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from transforms.column_types import finite, typed
from transforms.draft import Limits, LocalUpload
from transforms.engine import open_engine
from transforms.errors import UnreadableUpload
from transforms.flow.names import FLOW_NAME, RESERVED
from transforms.flow.read_options import ReadOptions
from transforms.flow.source import Format
from transforms.formats.catalog import open_upload
from transforms.formats.opening import Opening
from transforms.inferred_types import Guess, Sourced, guess_type, null_words_of, without_words
from transforms.proposal import Facts, Proposal, written
from transforms.unpack import PACKINGS, Room

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.formats.reader import Reader

_LIMITS = Limits(memory_bytes=1 << 30, threads=4, scratch_bytes=64 << 30)
_ENDINGS = {"ndjson": "jsonl", "txt": "csv", "tab": "tsv", "pq": "parquet", "ipc": "arrow", "xlsx": "excel"}
"""Endings that are not the name of a format."""

_JSON = frozenset({"json", "jsonl"})
"""Formats that tell a text from what is nested."""

_EMPTY_IS_NULL = frozenset({"csv", "tsv", "excel"})
"""Formats in which an empty text means null, as long as no null words are declared."""

_MOST_ALLOWED = 20
_ROWS_A_VALUE = 10
_LONGEST_ALLOWED = 50
_FEWEST_UNIQUE = 10
_KEY_COLUMNS = 8
_SOURCES, _VALUES = "sources", "typed_values"


def infer(path: Path, name: str | None = None) -> str:
    """A flow is proposed, as commented YAML: columns, types, formats, null words, limits and what is unique.

    Shape:
        The whole file is read, and every type is tried with the SQL of the contract: the flow runs on this very
        file without a bad row, unless the file itself is damaged. Limits are loose; nothing is known of next month.
    Raises:
        UnreadableUpload: the file is not in the format that its name says, or that format is unknown.
        UploadTooLarge: it does not fit into memory and scratch.
    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "trips.csv"
        ...     _ = path.write_text("id,km\\n1,2.5\\n2,NA\\n")
        ...     print(*[line for line in infer(path).splitlines() if "null_values" in line or "km:" in line], sep="\\n")
          options: {null_values: ["", NA]}
            km: {type: float64, min: 0, max: 10}  # 1 value, from 2.5 to 2.5; 1 null
    """
    with tempfile.TemporaryDirectory(prefix="sluice-infer-") as folder, open_engine(Path(folder), _LIMITS) as engine:
        reader, options = _opened(engine, path, Path(folder))
        return written(_proposal(engine, path, name or _flow_name(path), reader, options))


def _opened(connection: DuckDBPyConnection, path: Path, folder: Path) -> tuple[Reader, dict[str, Any]]:
    """The reader of the file, and the read options that it needs."""
    upload, kind = LocalUpload(path.name, path.resolve()), _format(path)
    for order, options in enumerate(({}, {"odd_names": "number"})):
        room = Room(_LIMITS.scratch_bytes)
        opening = Opening(
            upload, folder / f"upload_{order}", kind, ReadOptions.model_validate(options), None, room, connection
        )
        try:
            return open_upload(opening), dict(options)
        except UnreadableUpload as error:
            if options or "odd_names" not in str(error):
                raise
    raise AssertionError("the last options either open the file or raise")


def _format(path: Path) -> Format:
    ending = _endings(path)[1].removeprefix(".").lower()
    kind = _ENDINGS.get(ending, ending)
    known: tuple[Format, ...] = get_args(Format)
    for format_name in known:
        if kind == format_name:
            return format_name
    raise UnreadableUpload(f"{path.name}: no format is called {ending!r}; name the file .{', .'.join(known)}")


def _endings(path: Path) -> tuple[str, str, str]:
    """The name taken apart: its stem, the ending of its format, and that of its packing."""
    packing = next((ending for ending in PACKINGS if path.name.lower().endswith(ending)), "")
    plain = Path(path.name[: len(path.name) - len(packing)])
    return plain.stem, plain.suffix, path.name[len(plain.name) :]


def _flow_name(path: Path) -> str:
    name = re.sub(r"[^a-z0-9_-]+", "_", _endings(path)[0].lower()).strip("_-")[:60]
    return name if FLOW_NAME.fullmatch(name) else f"flow_{name}"[:60]


def _proposal(
    connection: DuckDBPyConnection, path: Path, name: str, reader: Reader, options: dict[str, Any]
) -> Proposal:
    kinds = [kind if kind != "JSON" else "VARCHAR" for kind in reader.columns.values()]
    connection.execute(f"CREATE TABLE {_SOURCES} AS SELECT * FROM {reader.rows(kinds)}")
    places = _usable(reader)
    nested = _nested(connection, reader) if _format(path) in _JSON else set(places.values())
    plain = {
        column: Sourced(_SOURCES, f"c{place}", kinds[place], may_nest=place in nested)
        for column, place in places.items()
    }
    texts = [source for source in plain.values() if source.sql_type == "VARCHAR"]
    words = tuple(dict.fromkeys(word for source in texts for word in null_words_of(connection, source)))
    sources = {
        column: replace(source, value=without_words(source.value, words)) if source in texts else source
        for column, source in plain.items()
    }
    if words:
        options["null_values"] = [*([""] if _format(path) in _EMPTY_IS_NULL else []), *words]
    guesses = {column: guess_type(connection, source) for column, source in sources.items()}
    _type(connection, sources, guesses)
    facts = {column: _facts(connection, place, guesses[column]) for place, column in enumerate(guesses)}
    _, ending, packing = _endings(path)
    return Proposal(
        name=name,
        file=path.name,
        source_path=f"{name}/{{file}}{ending}{packing}",
        format=_format(path),
        options=options,
        rows=reader.records,
        columns={column: (guesses[column], facts[column]) for column in guesses},
        left_out=tuple(column for column in reader.columns if column not in places),
        key=_key(connection, guesses, facts),
    )


def _nested(connection: DuckDBPyConnection, reader: Reader) -> set[int]:
    """The places of the columns without a JSON string: as text, the string "[1]" looks like the list [1]."""
    strings = ", ".join(f"count(*) FILTER (json_type(c{place}) = 'VARCHAR')" for place, _ in enumerate(reader.columns))
    [counts] = connection.execute(f"SELECT {strings} FROM {reader.rows(['JSON'] * len(reader.columns))}").fetchall()
    return {place for place, count in enumerate(counts) if not count}


def _usable(reader: Reader) -> dict[str, int]:
    """The places of the columns that a contract can name: of two that differ in case alone the first one."""
    places: dict[str, int] = {}
    for place, name in enumerate(reader.columns):
        known = {usable.casefold() for usable in places}
        if name.strip() and not name.startswith(RESERVED) and name.casefold() not in known:
            places[name] = place
    return places


def _type(connection: DuckDBPyConnection, sources: Mapping[str, Sourced], guesses: Mapping[str, Guess]) -> None:
    """The table `typed_values` holds t0, t1, …: the columns with their types."""
    values = []
    for place, (name, source) in enumerate(sources.items()):
        column = guesses[name].column
        values.append(f"{finite(column, typed(column, source.value, source.sql_type))} AS t{place}")
    connection.execute(f"CREATE TABLE {_VALUES} AS SELECT {', '.join(values)} FROM {_SOURCES}")


def _facts(connection: DuckDBPyConnection, place: int, guess: Guess) -> Facts:
    value = f"t{place}"
    ordered = guess.column.spec.name not in ("json", "list", "struct", "binary")
    extremes = f"min({value})::VARCHAR, max({value})::VARCHAR" if ordered else "NULL, NULL"
    longest = f"max(len({value}))" if guess.options["type"] == "string" else "NULL"
    [(rows, count, distinct, low, high, letters)] = connection.execute(
        f"SELECT count(*), count({value}), count(DISTINCT {value}), {extremes}, {longest} FROM {_VALUES}"
    ).fetchall()
    few = 0 < distinct <= _MOST_ALLOWED and count >= _ROWS_A_VALUE * distinct and (letters or 0) <= _LONGEST_ALLOWED
    values = (
        connection.execute(f"SELECT DISTINCT {value} FROM {_VALUES} WHERE {value} IS NOT NULL ORDER BY 1").fetchall()
        if few and guess.options["type"] == "string"
        else []
    )
    return Facts(rows, count, distinct, low, high, tuple(row[0] for row in values))


def _key(connection: DuckDBPyConnection, guesses: Mapping[str, Guess], facts: Mapping[str, Facts]) -> tuple[str, ...]:
    """The first column, or else the first two, whose values tell every row from every other."""
    names = list(guesses)
    able = [name for name in names if guesses[name].column.spec.name not in ("float32", "float64", "json", "struct")]
    full = [name for name in able if facts[name].rows == facts[name].count >= _FEWEST_UNIQUE]
    for name in full:
        if facts[name].distinct == facts[name].rows:
            return (name,)
    for pair in combinations(full[:_KEY_COLUMNS], 2):
        values = ", ".join(f"t{names.index(name)}" for name in pair)
        pairs = f"SELECT count(*) FROM (SELECT DISTINCT {values} FROM {_VALUES})"
        [(distinct,)] = connection.execute(pairs).fetchall()
        if distinct == facts[pair[0]].rows:
            return pair
    return ()
