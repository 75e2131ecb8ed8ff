"""Key shapes: the engine tells for a whole file which lines are records, as it would line by line."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from transforms.key_shapes import KeyShapes, is_record, json_lines_of, shapes_of, structs_of

SEEDS = [
    b'{"id": 1, "note": "a \\"b\\" {c}", "more": {"x": [1, null]}}',
    b'{"note": "caf\xc3\xa9", "id": 2}',
    b'{"id": 3, "id": 3}',
    b'{"a\\u0062": 1.50, "": true}',
    b"{}",
    b"[{}]",
    b"null",
    b'"text"',
    b"17",
]
PIECES = [b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b" ", b"\t", b"0", b"-", b"1e9", b"\x01", b"tru", b"null"]


def shapes(folder: Path, lines: Sequence[bytes]) -> tuple[KeyShapes, list[int], duckdb.DuckDBPyConnection, Path]:
    connection = duckdb.connect(config={"threads": 2})
    path = folder / "lines.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    found = shapes_of(connection, path, "a.jsonl", "rejects")
    table = found.rejects or "(SELECT 0 AS ordinal WHERE false)"
    rejects = connection.execute(f"SELECT ordinal FROM {table} ORDER BY ordinal").fetchall()
    return found, [ordinal for (ordinal,) in rejects], connection, path


def spoilt(luck: random.Random) -> bytes:
    """A line with some bytes replaced; it stays text, and more than spaces."""
    line = luck.choice(SEEDS)
    for _ in range(luck.choice([0, 0, 0, 1, 2])):
        at = luck.randrange(len(line))
        line = line[:at] + luck.choice(PIECES) + line[at + luck.randrange(3) :]
    return b"{}" + line if len(line.strip()) < 2 else line.decode(errors="replace").encode()


def test_a_file_is_judged_as_its_lines_are_one_by_one(tmp_path: Path) -> None:
    luck = random.Random(7)  # noqa: S311 - damage, no secret
    lines = [spoilt(luck) for _ in range(20_000)]
    found, rejects, connection, path = shapes(tmp_path, lines)
    one_by_one = connection.execute(
        f"SELECT CASE WHEN json_valid(line) THEN {is_record('line')} ELSE false END FROM (SELECT unnest(?) AS line)",
        [[line.decode() for line in lines]],
    ).fetchall()
    assert rejects == [place for place, (fits,) in enumerate(one_by_one, 1) if not fits]
    assert found.rejected == len(rejects)
    for rows in (json_lines_of(path), structs_of(path, "STRUCT(id VARCHAR)")):
        assert connection.execute(f"SELECT count(*) FROM {rows}").fetchone() == (len(lines),)


@pytest.mark.parametrize(
    ("line", "misfits"),
    [
        pytest.param(b'{"id": 2', False, id="no JSON"),
        pytest.param(b"[2]", True, id="a list"),
        pytest.param(b"null", True, id="null"),
        pytest.param(b'{"id": 2, "id": 2}', True, id="a key twice"),
    ],
)
def test_what_is_json_and_no_record_is_told_from_what_is_no_json(tmp_path: Path, line: bytes, misfits: bool) -> None:
    found, rejects, *_ = shapes(tmp_path, [b'{"id": 1}', line, b"{}", b'{"id": 3}'])
    assert rejects == [2]
    assert found.misfits is misfits


def test_the_keys_are_those_of_records_in_the_order_in_which_they_were_met(tmp_path: Path) -> None:
    usual = [b'{"b": 1, "a": 2}'] * 10_000
    found, *_ = shapes(tmp_path, [*usual, b'{"no": 1, "no": 2}', b'{"a": 1, "c": {"d": 2}}', *usual, b'{"e": null}'])
    assert found.keys == ("b", "a", "c", "e")
