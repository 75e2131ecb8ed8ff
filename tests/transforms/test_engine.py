"""The engine reaches its own scratch folder and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from transforms.draft import Limits
from transforms.engine import open_engine
from transforms.errors import UploadTooLarge
from transforms.relation import text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LIMITS = Limits(memory_bytes=100 * 2**20, threads=2, scratch_bytes=2**20)


@pytest.fixture(params=[pytest.param(False, id="on disk"), pytest.param(True, id="small")])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DuckDBPyConnection]:
    (tmp_path / "scratch").mkdir()
    with open_engine(tmp_path / "scratch", LIMITS, is_small=request.param) as connection:
        yield connection


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("SELECT * FROM read_text({outside})", id="reading a file outside"),
        pytest.param("SELECT * FROM read_csv({outside})", id="reading a table outside"),
        pytest.param("SELECT * FROM glob('/*')", id="listing"),
        pytest.param("COPY (SELECT 1) TO {outside}", id="writing outside"),
        pytest.param("ATTACH {outside}", id="attaching"),
        pytest.param("SELECT * FROM read_csv('https://example.org/a.csv')", id="the network"),
        pytest.param("INSTALL httpfs", id="installing"),
        pytest.param("LOAD httpfs", id="loading"),
        pytest.param("SET enable_external_access = true", id="unlocking"),
        pytest.param("SET memory_limit = '10GB'", id="more memory"),
        pytest.param("SET allowed_directories = ['/']", id="more folders"),
        pytest.param("SELECT * FROM secrets", id="Python variables"),
    ],
)
def test_refuses(engine: DuckDBPyConnection, tmp_path: Path, statement: str) -> None:
    import duckdb

    secrets = {"a": [1]}
    outside = tmp_path / "outside.csv"
    outside.write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(duckdb.Error):
        engine.execute(statement.format(outside=text(outside.as_posix()))).fetchall()
    assert secrets
    assert outside.read_text(encoding="utf-8") == "a\n1\n"


def test_reads_and_writes_in_scratch(engine: DuckDBPyConnection, tmp_path: Path) -> None:
    path = text((tmp_path / "scratch" / "a.parquet").as_posix())
    engine.execute(f"COPY (SELECT 7 AS a) TO {path} (FORMAT parquet)")
    assert engine.execute(f"SELECT a FROM read_parquet({path})").fetchall() == [(7,)]


def test_work_that_does_not_fit_is_refused_with_the_limits(tmp_path: Path) -> None:
    limits = Limits(memory_bytes=50 * 2**20, threads=1, scratch_bytes=10 * 2**20)
    with (
        pytest.raises(UploadTooLarge, match="more than the 52,428,800 bytes of memory and 10,485,760 bytes"),
        open_engine(tmp_path, limits) as connection,
    ):
        connection.execute("SELECT count(*) FROM (SELECT DISTINCT md5(i::VARCHAR) FROM range(5_000_000) r(i))")


def test_leaves_nothing_behind(tmp_path: Path) -> None:
    with open_engine(tmp_path, LIMITS) as connection:
        connection.execute("CREATE TABLE a AS SELECT * FROM range(100_000)")
    assert not list(tmp_path.glob("engine*"))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every engine that was started, by its database."""
    import duckdb

    databases: list[str] = []
    connect = duckdb.connect

    def watched(database: str) -> DuckDBPyConnection:
        databases.append(database)
        return connect(database)

    monkeypatch.setattr(duckdb, "connect", watched)
    return databases


def test_the_engine_of_small_work_is_used_again_and_remembers_nothing(tmp_path: Path, started: list[str]) -> None:
    import duckdb

    for _ in range(3):
        with open_engine(tmp_path, LIMITS, is_small=True) as connection:
            assert connection.execute("SELECT current_setting('TimeZone')").fetchone() == ("UTC",)
            for gone in ("FROM plain", "FROM passing", "FROM seen", "SELECT twice(1)"):
                with pytest.raises(duckdb.CatalogException):
                    connection.execute(gone)
            connection.execute("CREATE TABLE plain AS SELECT 1 AS a")
            connection.execute("CREATE TEMP TABLE passing AS SELECT 1 AS a")
            connection.execute("CREATE VIEW seen AS SELECT * FROM plain")
            connection.execute("CREATE TEMP MACRO twice(a) AS 2 * a")
    assert len(started) == 1


@pytest.mark.parametrize(
    ("folders", "shares"), [pytest.param("ab", (1, 1), id="folder"), pytest.param("aa", (1, 2), id="limits")]
)
def test_an_engine_is_used_again_only_with_the_same(
    tmp_path: Path, started: list[str], folders: str, shares: tuple[int, int]
) -> None:
    for folder, share in zip(folders, shares, strict=True):
        limits = Limits(LIMITS.memory_bytes // share, LIMITS.threads, LIMITS.scratch_bytes)
        with open_engine(tmp_path / folder, limits, is_small=True):
            pass
    assert len(started) == 2


def test_an_engine_is_not_kept_when_something_went_wrong_in_it(tmp_path: Path, started: list[str]) -> None:
    with pytest.raises(ZeroDivisionError), open_engine(tmp_path, LIMITS, is_small=True):
        raise ZeroDivisionError
    with open_engine(tmp_path, LIMITS, is_small=True) as connection:
        assert connection.execute("SELECT 7").fetchone() == (7,)
    assert len(started) == 2


def test_an_engine_is_replaced_after_so_many_uses(
    tmp_path: Path, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transforms.engine._MOST_USES", 2)
    for _ in range(5):
        with open_engine(tmp_path, LIMITS, is_small=True) as connection:
            assert connection.execute("SELECT 7").fetchone() == (7,)
    assert len(started) == 3


def test_small_work_that_grows_is_spilled_and_its_engine_not_kept(tmp_path: Path, started: list[str]) -> None:
    limits = Limits(memory_bytes=60 * 2**20, threads=1, scratch_bytes=2**30)
    for _ in range(2):
        with open_engine(tmp_path, limits, is_small=True) as connection:
            connection.execute("CREATE TABLE a AS SELECT md5(i::VARCHAR) AS digest FROM range(2_000_000) r(i)")
            assert connection.execute("SELECT count(*) FROM a").fetchone() == (2_000_000,)
    assert len(started) == 2
