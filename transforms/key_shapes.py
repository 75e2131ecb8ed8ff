"""Key shapes: which lines of a staged file are one JSON object with each of its keys once, told by the engine.

Lines with the same keys in the same order have the same shape. There are few shapes, so one line of each is looked
at, and all others are judged with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.errors import UnreadableUpload
from transforms.line_texts import raw_batch, texts_of_lines
from transforms.record_ends import LONGEST_RECORD
from transforms.relation import number, quoted, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_KEYS = 2_000
"""Different keys in one upload; data that needs more has its values in its keys."""

_OPTIONS = f"ignore_errors = true, maximum_object_size = {LONGEST_RECORD + 16}"


@dataclass(frozen=True)
class KeyShapes:
    """What is known of the lines of one file."""

    keys: tuple[str, ...]
    """Of all records, in the order in which they were met."""
    rejects: str | None
    """The table of the `ordinal` of each line that is no record, where there is one."""
    rejected: int
    misfits: bool
    """Some rejected lines are JSON: no object, or one that has a key twice."""


def json_lines_of(path: Path) -> str:
    """SQL after FROM: the lines of a file, as `line`.

    Shape:
        In order, null where there is no JSON. The file has no blank lines: they would be no rows.
    """
    return f"read_ndjson_objects({text(path.as_posix())}, {_OPTIONS}) AS lines(line)"


def structs_of(path: Path, struct: str) -> str:
    """SQL after FROM: the lines of a file as structs, named `record`.

    Shape:
        In order, null where there is no JSON. Of a key that is there twice the first value counts; what is JSON
        and no object is null, or a struct of nulls.
    """
    return f"""read_json({text(path.as_posix())}, {_OPTIONS}, format = 'newline_delimited', records = 'false',
        auto_detect = false, columns = {{record: {text(struct)}}})"""


def is_record(line: str) -> str:
    """SQL that is true for JSON that is an object with each of its keys once."""
    keys = f"json_keys({line})"
    return f"json_type({line}) = 'OBJECT' AND len({keys}) = len(list_distinct({keys}))"


def shapes_of(connection: DuckDBPyConnection, path: Path, upload: str, rejects: str) -> KeyShapes:
    """The keys of all records are known, and which lines are no record.

    Shape:
        Where there is such a line, the table `rejects` holds its `ordinal`, the number of the line from 1.
    Raises:
        UnreadableUpload: there are too many different keys.
    Example:
        >>> import duckdb, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "a.jsonl"
        ...     _ = path.write_bytes(b'{"id": 1}\\n{"id": \\n{"id": 2, "note": "x"}\\n')
        ...     shapes_of(duckdb.connect(), path, "a.jsonl", "rejects")
        KeyShapes(keys=('id', 'note'), rejects='rejects', rejected=1, misfits=False)
    """
    shapes = quoted(f"{rejects}_shapes")
    # The type tells {} from []: neither has a key. It is looked up for such lines alone.
    connection.execute(f"""
        CREATE TEMP TABLE {shapes} AS
        SELECT CASE WHEN keys IS NOT NULL THEN hash(keys, CASE WHEN len(keys) = 0 THEN json_type(line) END) END AS shape
        FROM (SELECT line, json_keys(line) AS keys FROM {json_lines_of(path)})""")
    keys, misfits = _judged(connection, path, upload, shapes)
    rejected = _keep_rejects(connection, shapes, misfits, rejects)
    connection.execute(f"DROP TABLE {shapes}")
    return KeyShapes(keys, rejects if rejected else None, rejected, bool(misfits))


def _keep_rejects(connection: DuckDBPyConnection, shapes: str, misfits: list[int], rejects: str) -> int:
    """The number of lines that are no record; where there is one, `rejects` has them."""
    if not misfits and not number(connection, f"SELECT count(*) - count(shape) FROM {shapes}"):
        return 0
    connection.execute(
        f"""CREATE TEMP TABLE {quoted(rejects)} AS SELECT rowid + 1 AS ordinal FROM {shapes}
        WHERE shape IS NULL OR shape IN (SELECT shape FROM {shapes} WHERE rowid + 1 IN (SELECT unnest(?)))""",
        [misfits],
    )
    return number(connection, f"SELECT count(*) FROM {quoted(rejects)}")


def _judged(connection: DuckDBPyConnection, path: Path, upload: str, shapes: str) -> tuple[tuple[str, ...], list[int]]:
    """The keys of all records, and one line of each shape that is no record."""
    import pyarrow as pa

    keys: dict[str, None] = {}
    misfits: list[int] = []
    examples = f"(SELECT min(rowid) + 1 AS ordinal FROM {shapes} WHERE shape IS NOT NULL GROUP BY shape)"
    for ordinals, texts in texts_of_lines(connection, path, examples):
        connection.register("lines", pa.Table.from_batches([raw_batch(ordinals, texts)]))
        found = connection.execute(
            f"""SELECT * FROM (SELECT ordinal, json_keys(raw) AS keys, {is_record("raw")} AS fits FROM lines)
            WHERE NOT (fits AND list_has_all(?, keys)) ORDER BY ordinal""",
            [list(keys)],
        ).fetchall()
        connection.unregister("lines")
        keys.update(dict.fromkeys(name for _, names, fits in found if fits for name in names))
        misfits += [ordinal for ordinal, _, fits in found if not fits]
        if len(keys) > MOST_KEYS:
            raise UnreadableUpload(
                f"{upload}: more than {MOST_KEYS:,} different keys; expected records with the same ones"
            )
    return tuple(keys), misfits
