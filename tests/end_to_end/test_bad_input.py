"""Bad input ends as a record that says what was wrong; the host stays up and nothing is published."""

from __future__ import annotations

import gzip
import random

import pytest

from tests.end_to_end.conftest import READINGS, World

GZIP = READINGS.replace('"readings/{day}.csv"', '"readings/{day}.csv.gz"')
UTF_8 = READINGS.replace("format: csv}", "format: csv, options: {encoding: utf-8}}")
ROWS = b"".join(b"%d,%d.5\n" % (number, number) for number in range(5000))
CSV = b"id,kwh\n" + ROWS
GARBAGE = random.Random(7).randbytes(20_000)  # noqa: S311  # not a secret


@pytest.mark.parametrize(
    ("flow", "content", "code", "told"),
    [
        pytest.param(READINGS, GARBAGE, "unreadable_upload", "", id="garbage"),
        pytest.param(READINGS, b"", "unreadable_upload", "empty", id="empty"),
        pytest.param(READINGS, b"id,kwh\n", "empty_result", "no row", id="header only"),
        pytest.param(READINGS, b"id,watt\n1,2\n", "contract_broken", "kwh", id="missing column"),
        pytest.param(UTF_8, CSV.decode().encode("utf-16"), "unreadable_upload", "", id="wrong encoding"),
        pytest.param(READINGS, b"id,kwh\nx,1\ny,2\n3,3\n", "contract_broken", "2 of 3", id="too many bad rows"),
        pytest.param(GZIP, gzip.compress(CSV)[:-200], "unreadable_upload", "", id="truncated gzip"),
        pytest.param(GZIP, CSV, "unreadable_upload", "", id="not a gzip"),
    ],
)
def test_a_bad_upload_is_rejected_with_its_reason(
    world: World, flow: str, content: bytes, code: str, told: str
) -> None:
    name = "readings/monday.csv.gz" if flow is GZIP else "readings/monday.csv"
    world.declare(flow)
    world.start()
    world.drop(name, content)
    run = world.finished(name)
    assert (run["http_status"], run["status"]) == (422, "rejected")
    assert run["reason"]["code"] == code
    assert told in run["reason"]["message"]
    assert world.settled(name)["reason"] == run["reason"]
    assert world.manifests() == []
    assert run["output_url"] is None

    good = gzip.compress(CSV) if flow is GZIP else CSV
    world.drop(name.replace("monday", "tuesday"), good)
    assert world.finished(name.replace("monday", "tuesday"))["rows"]["published"] == 5000


def test_the_rows_of_a_rejected_run_are_in_quarantine(world: World) -> None:
    world.start()
    world.drop("readings/monday.csv", b"id,kwh\nx,1\ny,2\n3,3\n")
    run = world.finished("readings/monday.csv")
    assert run["rows"] == {"read": 3, "published": 0, "quarantined": 2, "dropped": 0}
    (name,) = world.blobs("quarantine")
    assert run["run_id"] in name


def test_an_upload_that_no_flow_matches_is_ignored_on_record(world: World) -> None:
    world.start()
    world.drop("notes/readme.txt", b"hello")
    record = world.settled("notes/readme.txt")
    assert (record["status"], record["run_id"]) == ("ignored", None)
    assert world.runs() == []
