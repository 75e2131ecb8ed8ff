"""The benchmarks' harness: data that is what it says, contenders that agree, ratios that are told. No times."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bench.cases import DUCKDB, LAKELOGIC, PANDAS, POLARS, SLUICE, Case, Contender, Entry, Target, cases, targets
from bench.data import DataFile, data_file
from bench.data_files import WRITERS
from bench.environments import BENCH
from bench.measuring import ContenderFailed, Measured, measure
from bench.report import document, page
from bench.rounds import Record, run_once
from bench.verdicts import disagreements, verdicts
from demo.installation import STAMP

HERE = Path(sys.executable)
SIZE_MB = 1


@pytest.mark.parametrize("kind", WRITERS)
def test_the_same_arguments_give_the_same_bytes(kind: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert WRITERS[kind](first, SIZE_MB, damaged=True) == WRITERS[kind](second, SIZE_MB, damaged=True)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("kind", WRITERS)
def test_one_row_in_two_hundred_is_damaged(kind: str, tmp_path: Path) -> None:
    rows, bad = WRITERS[kind](tmp_path / "trips", SIZE_MB, damaged=True)
    assert 0.003 < bad / rows < 0.007
    assert WRITERS[kind](tmp_path / "trips", SIZE_MB, damaged=False) == (rows, 0)


@pytest.mark.parametrize(
    ("contender", "data"),
    [
        pytest.param(SLUICE, "damaged.csv", id="sluice"),
        pytest.param(Contender("sluice", None, "profile_off"), "damaged.csv", id="sluice without a profile"),
        pytest.param(Contender("sluice", None, "constraints"), "damaged.csv", id="sluice without steps"),
        pytest.param(PANDAS, "damaged.csv", id="pandas"),
        pytest.param(POLARS, "damaged.csv", id="polars"),
        pytest.param(LAKELOGIC, "damaged.even.csv", id="lakelogic"),
        pytest.param(SLUICE, "damaged.parquet", id="sluice on parquet"),
        pytest.param(PANDAS, "damaged.parquet", id="pandas on parquet"),
    ],
)
def test_contenders_find_every_planted_row(contender: Contender, data: str, tmp_path: Path) -> None:
    file = data_file(data, SIZE_MB, tmp_path)
    counts = run_once(contender, _python_of(contender), str(file.path), {}).counts
    assert counts["quarantined"] == file.bad
    assert counts["read"] in {None, file.rows}


@pytest.mark.parametrize("contender", [pytest.param(PANDAS, id="pandas"), pytest.param(POLARS, id="polars")])
def test_contenders_that_do_the_same_work_publish_as_many_rows(contender: Contender, tmp_path: Path) -> None:
    source = str(data_file("damaged.csv", SIZE_MB, tmp_path).path)
    published = [run_once(one, _python_of(one), source, {}).counts["published"] for one in (SLUICE, contender)]
    assert published[0] == published[1]


def test_a_copy_by_hand_keeps_every_clean_row_that_moved(tmp_path: Path) -> None:
    file = data_file("clean.csv", SIZE_MB, tmp_path)
    published = run_once(DUCKDB, HERE, str(file.path), {}).counts["published"]
    assert published is not None
    assert 0.98 < published / file.rows < 1


def _python_of(contender: Contender) -> Path:
    """Here is what sluice, pandas and duckdb need; others only where the benchmarks have run."""
    if contender.environment in {None, "pandas", "duckdb"}:
        return HERE
    folder = BENCH / f"env-{contender.environment}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not (folder / STAMP).exists():
        pytest.skip(f"{contender.environment} is installed by: python3 dev.py bench engine")
    return python


def test_time_memory_and_counts_of_a_process_are_told(tmp_path: Path) -> None:
    code = "kept = bytearray(200 << 20); print('chatter'); print('{\"read\": 3}')"
    run = measure([sys.executable, "-c", code], tmp_path, {})
    assert run.counts == {"read": 3}
    assert run.seconds > 0
    assert run.peak_mb is None or 200 < run.peak_mb < 400


@pytest.mark.skipif(sys.platform != "linux", reason="address space is only limited on Linux")
def test_a_contender_that_wants_too_much_memory_fails_alone(tmp_path: Path) -> None:
    with pytest.raises(ContenderFailed, match="MemoryError"):
        measure([sys.executable, "-c", "bytearray(1 << 30)"], tmp_path, {}, memory_bytes=500 << 20)


def _records(seconds: dict[str, float]) -> dict[tuple[str, str], Record]:
    return {
        ("csv-100", name): Record([Measured(value, 100.0, {"read": 7, "quarantined": 1}, value * 1.5)])
        for name, value in seconds.items()
    }


@pytest.mark.parametrize(
    ("ours", "word"),
    [
        pytest.param(2.0, "reached", id="exactly reached"),
        pytest.param(2.1, "MISSED", id="missed"),
    ],
)
def test_a_missed_target_is_told_with_its_ratio(ours: float, word: str) -> None:
    target = Target("twice as fast", ("csv-100", "sluice", "seconds"), ("csv-100", "pandas", "seconds"), 0.5)
    [verdict] = verdicts([target], _records({"sluice": ours, "pandas": 4.0}))
    assert verdict.line.startswith(word)
    assert f"{ours / 4:.3g} (at most 0.5)" in verdict.line


def test_a_target_without_a_figure_is_told_as_not_run() -> None:
    target = Target("twice as fast", ("csv-100", "sluice", "seconds"), ("csv-100", "pandas", "seconds"), 0.5)
    assert [verdict.word for verdict in verdicts([target], _records({"sluice": 1.0}))] == ["NOT RUN"]


def test_figures_are_medians() -> None:
    assert Record([Measured(value, None, {}) for value in (9.0, 1.0, 2.0)]).figure("seconds") == 2.0
    assert Record([Measured(1.0, None, {})]).figure("peak_mb") is None


def test_counts_that_disagree_are_told() -> None:
    case = Case("csv-100", 100, (Entry("sluice", SLUICE, "damaged.csv"),))
    files = {("csv-100", "sluice"): DataFile(Path("x"), rows=7, bad=2)}
    assert disagreements([case], _records({"sluice": 1.0}), files) == [
        "csv-100: sluice quarantined 1 rows; 2 were planted"
    ]


def test_every_target_is_of_entries_that_are_run() -> None:
    sizes = (10, 100, 1000)
    known = {(case.name, entry.name) for case in cases(sizes) for entry in case.entries}
    wanted = {figure[:2] for target in targets(sizes) for figure in (target.of, target.to) if figure}
    assert wanted <= known


def test_the_page_and_the_document_have_every_entry_and_every_target() -> None:
    [case] = [case for case in cases([100]) if case.name == "csv-100"]
    records = {("csv-100", entry.name): Record(failure="ended with code 1: no memory") for entry in case.entries}
    records |= _records({"sluice": 1.5, "pandas": 6.0})
    found = verdicts(targets([100]), records)
    told = page([case], records, found, [], {"command": "bench"})
    assert all(verdict.line in told for verdict in found)
    assert "| pandas | 6.00 | 9.00 | 100 | 4.00 | 4.00 | 1.00 |" in told
    assert "dlt, clean has no figures: `ended with code 1: no memory`" in told
    plain = json.loads(json.dumps(document([case], records, found, [], {})))
    assert plain["cases"]["csv-100"]["sluice"]["seconds"] == 1.5
