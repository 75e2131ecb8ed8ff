"""The quarantine is one queryable place for each flow, and one listing for each run."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestrators import quarantined
from orchestrators.messages import RunRequest
from orchestrators.quarantined import quarantine_files, quarantine_page
from orchestrators.requests import request_run
from orchestrators.services import Services
from orchestrators.transforming import transform_uploads
from tests.orchestrators.carrying_out import landed
from tests.orchestrators.conftest import READINGS

ROWS = b"".join(b"%d,%d\n" % (number, number if number % 3 else -number) for number in range(1, 22))


@pytest.fixture
def flows_folder(flows_folder: Path) -> Path:
    """The flow `readings`, three rows a file."""
    flow = f"{READINGS}output: {{rows_per_file: 3}}\n"
    (flows_folder / "readings.yaml").write_text(flow, encoding="utf-8")
    return flows_folder


def quarantined_run(services: Services, *days: str, rows: bytes = ROWS) -> RunRequest:
    """A run over uploads in which every third row is below its minimum."""
    uploads = [landed(services, day, b"id,kwh\n" + rows) for day in days]
    request = request_run(services, services.flows.good["readings"], uploads, {})
    assert transform_uploads(services, request).rows.quarantined == len(days) * rows.count(b"-")
    return request


def test_a_quarantine_is_read_page_by_page_across_its_files(services: Services) -> None:
    files = quarantine_files(services, quarantined_run(services, "monday", "tuesday"))
    assert len(files) == 5
    found, after = [], 0
    while True:
        page = quarantine_page(services, files, after, 4)
        assert len(page.rows) <= 4
        found += [(row["upload"], row["record"], row["raw"]) for row in page.rows]
        if page.next is None:
            break
        after = page.next
    bad = [(number, f"{number},-{number}") for number in range(3, 22, 3)]
    assert found == [(f"readings/{day}.csv", *row) for day in ("monday", "tuesday") for row in bad]
    assert quarantine_page(services, files, 14, 4).rows == ()
    [reason] = quarantine_page(services, files, 0, 1).rows[0]["reasons"]
    assert reason == {"column": "kwh", "rule": "min", "value": "-3"}


def test_a_page_of_long_rows_is_short(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantined, "MOST_TEXT", 10)
    files = quarantine_files(services, quarantined_run(services, "monday"))
    page = quarantine_page(services, files, 0, 100)
    assert ([row["record"] for row in page.rows], page.next) == ([3, 6], 2)
    monkeypatch.setattr(quarantined, "MOST_TEXT", 1)
    assert quarantine_page(services, files, 2, 100).next == 3


def test_the_quarantine_of_a_flow_is_one_table_partitioned_by_run(services: Services, tmp_path: Path) -> None:
    runs = [quarantined_run(services, day).run_id for day in ("monday", "tuesday")]
    for request in services.lake.versions_in("quarantine", "readings/"):
        path = tmp_path / request.name
        path.parent.mkdir(parents=True, exist_ok=True)
        services.lake.download(request, path)
    counted = (
        duckdb.connect()
        .execute(f"""
        SELECT run_id, count(*), count(DISTINCT record), min(reasons[1].rule)
        FROM read_parquet('{(tmp_path / "readings").as_posix()}/*/*.parquet', hive_partitioning = true)
        GROUP BY run_id ORDER BY run_id""")
        .fetchall()
    )
    assert counted == [(run_id, 7, 7, "min") for run_id in sorted(runs)]
