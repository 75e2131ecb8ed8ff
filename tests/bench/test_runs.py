"""The benchmark of runs: what it says of a load is what became of it. No times."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.results import put_section
from bench.runs.app import App
from bench.runs.counted_host import rss_mb
from bench.runs.load import Load, content_of
from bench.runs.measuring import Way
from bench.runs.report import HEADING, document, page, verdicts
from tests.azurite import StorageAccount
from tests.devhost.conftest import APP, settings_with
from tests.devhost.processes import host_process
from tests.devhost.storage import upload
from tests.waiting import wait_for

GOOD = Way(
    uploads=1000, published=1000, lost=0, twice=0, runs_per_s=12.0, transactions_per_run=17.0, stream_per_s=6.0,
    p50_s=0.5, p95_s=1.0, p99_s=1.5, soak_runs=1000, soak_lost=0, rss_mb=[200.0, 201.0], growth_mb_per_1000=0.2,
)  # fmt: skip


def changed(**figures: float | None) -> Way:
    return Way(**{**GOOD.to_dict(), **figures})


def test_a_load_knows_what_was_lost_and_what_came_twice() -> None:
    load = Load({"a": 1.0, "b": 2.0, "c": 3.0}, {"a": [2.0], "b": [4.0, 5.0]})
    assert (load.lost, load.twice) == (1, 1)
    assert load.latencies == [1.0, 2.0]
    assert load.runs_per_s == 2 / 4


def test_no_two_files_of_a_load_are_alike_and_all_are_of_its_size() -> None:
    contents = {content_of(number) for number in range(50)}
    assert len(contents) == 50
    assert {len(content) // 1000 for content in contents} <= {8, 9, 10, 11}


def test_a_good_way_reaches_every_target() -> None:
    assert all(reached for _, reached in verdicts({"durable": GOOD}))


@pytest.mark.parametrize(
    ("way", "told"),
    [
        pytest.param(changed(published=999, lost=1), "1 lost", id="a lost upload"),
        pytest.param(changed(twice=1), "1 twice", id="a dataset too many"),
        pytest.param(changed(runs_per_s=9.9), "9.9 runs/s", id="too slow"),
        pytest.param(changed(p95_s=2.1), "p95 2.10 s", id="too late"),
        pytest.param(changed(transactions_per_run=20.4), "20.4 transactions", id="too many transactions"),
        pytest.param(changed(growth_mb_per_1000=3.0), "+3.0 MB", id="a leak"),
        pytest.param(changed(growth_mb_per_1000=None), "memory not told", id="a soak too short to tell"),
        pytest.param(changed(soak_lost=2), "2 lost", id="lost in the soak"),
    ],
)
def test_a_missed_target_is_told(way: Way, told: str) -> None:
    [missed] = [text for text, reached in verdicts({"durable": way}) if not reached]
    assert told in missed


def test_page_and_document_tell_the_same_of_every_way() -> None:
    ways = {"durable": GOOD, "direct": changed(runs_per_s=30.0)}
    told = page(ways, 15.0, {"command": "bench runs", "worker processes": 3})
    assert "in 3\nworker processes" in told
    assert "| direct | 30.0 | 2.00 | 0.50 | 1.00 | 1.50 | 17.0 | 200 201 |" in told
    plain = json.loads(json.dumps(document(ways, 15.0, {})))
    assert all(target["says"] in told for target in plain["targets"])


def test_what_worker_processes_do_and_hold_counts_as_the_hosts(storage_account: StorageAccount, tmp_path: Path) -> None:
    watch, blobs = tmp_path / "watch.jsonl", [f"{number}.csv" for number in range(6)]
    for name in blobs:
        upload(storage_account, "landing", name, b"one download")
    module = ("bench.runs.counted_host", str(watch))
    arguments = ["--app", str(APP), "--port", "0", "--state", str(tmp_path / "state")]
    settings = settings_with(storage_account) | {"FUNCTIONS_WORKER_PROCESS_COUNT": "2"}
    with host_process(arguments, settings, module) as host:
        app = App(host.visitor.url, host.visitor.key, storage_account.connection_string, watch, "on_upload")
        wait_for(lambda: app.runs_over() == len(blobs), "every blob's function")
        look, alone = app.looks()[-1], rss_mb(str(host.process.pid))
    assert look.transactions == len(blobs)
    by_process = sorted(len(count.read_bytes()) for count in tmp_path.glob("watch.jsonl.*"))
    assert (len(by_process), by_process[0], by_process.count(0)) == (3, 0, 1)
    if alone:  # elsewhere the system does not tell
        assert look.rss_mb
        assert look.rss_mb > 2 * alone


def test_a_section_takes_the_place_of_the_one_before_it(tmp_path: Path) -> None:
    results = tmp_path / "RESULTS.md"
    for text in ("# The engine\n\nfast\n", f"{HEADING}\n\nmuch\n", f"{HEADING}\n\n## In parts\n\nless\n"):
        put_section(text.partition("\n")[0], text, results)
    assert results.read_text(encoding="utf-8") == f"# The engine\n\nfast\n\n{HEADING}\n\n## In parts\n\nless\n"
