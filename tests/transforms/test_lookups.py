"""Lookups are loaded whole, with types that fit every value."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from tests.transforms.drafting import parquet
from transforms.errors import UnreadableUpload
from transforms.flow.lookup import Lookup
from transforms.lookups import load_lookups
from transforms.relation import Relation
from transforms.unpack import Room


def loaded(folder: Path, data: bytes, path: str = "planes.csv") -> tuple[Relation, list[tuple[object, ...]]]:
    (folder / "lookup").write_bytes(data)
    lookups = {"planes": Lookup(path=path, key="id")}
    with duckdb.connect() as connection:
        relation = load_lookups(connection, lookups, {"planes": folder / "lookup"}, folder, Room(2**20))["planes"]
        return relation, connection.execute(f"SELECT * FROM {relation.sql} ORDER BY __row").fetchall()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        pytest.param(["1", "NA", "3"], "BIGINT", id="integers"),
        pytest.param(["1", "2.5"], "DOUBLE", id="numbers"),
        pytest.param(["1", "x"], "VARCHAR", id="texts"),
        pytest.param(["2024-01-31", "NA"], "DATE", id="dates"),
        pytest.param(["1"] * 30_000 + ["x"], "VARCHAR", id="told by the whole file, not by a sample"),
    ],
)
def test_columns_get_a_type_that_all_their_values_fit(tmp_path: Path, values: list[str], kind: str) -> None:
    rows = "".join(f"k{number},{value}\n" for number, value in enumerate(values))
    relation, found = loaded(tmp_path, f"id,v\n{rows}".encode())
    assert dict(relation.columns) == {"id": "VARCHAR", "v": kind}
    assert len(found) == len(values)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        pytest.param("2024-07-01T10:00:00Z", datetime(2024, 7, 1, 10), id="Z"),  # noqa: DTZ001 - DuckDB's UTC
        pytest.param("2024-07-01 10:00:00+02", datetime(2024, 7, 1, 8), id="offset"),  # noqa: DTZ001 - DuckDB's UTC
        pytest.param("2024-07-01 10:00:00", datetime(2024, 7, 1, 10), id="naive"),  # noqa: DTZ001 - DuckDB's UTC
    ],
)
def test_times_are_utc(tmp_path: Path, text: str, utc: datetime) -> None:
    relation, rows = loaded(tmp_path, f"id,at\n1,{text}\n".encode())
    assert relation.columns["at"] == "TIMESTAMP"
    assert rows == [(0, 1, utc)]


def test_rows_are_numbered_in_their_order(tmp_path: Path) -> None:
    _, rows = loaded(tmp_path, b'id,v\nb,"two\nlines"\na,NA\n')
    assert rows == [(0, "b", "two\nlines"), (1, "a", None)]


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    relation, rows = loaded(tmp_path, parquet({"id": [7], "seats": [1.5]}), path="planes.parquet")
    assert dict(relation.columns) == {"id": "BIGINT", "seats": "DOUBLE"}
    assert rows == [(0, 7, 1.5)]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'id,v\n1,"x\n', id="open quote"),
        pytest.param(b"id,v\n1,\xff\n", id="not UTF-8"),
        pytest.param(b"id,v\n1,2,3\n", id="too many fields"),
        pytest.param(b"id,v\n1,2\n3\n", id="too few fields"),
    ],
)
def test_a_damaged_lookup_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnreadableUpload, match="planes"):
        loaded(tmp_path, data)
