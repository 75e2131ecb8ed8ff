"""The parts of a run on real storage: what they leave is what one transform leaves, and nothing stays behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrators.messages import PartDone, PartRequest, Reduction, RunRequest, Transformed
from orchestrators.parts import reduce_parts, transform_part
from orchestrators.requests import request_run
from orchestrators.services import Services
from orchestrators.transforming import transform_uploads
from tests.orchestrators.carrying_out import landed

FLOW = """
flow: readings
source: {path: "readings/{day}.csv", format: csv}
contract:
  columns: {id: {type: int64, required: true}, site: string, kwh: {type: float64, min: 0}}
  unknown_columns: drop
  max_bad_rows: 30%
lookups:
  sites: {path: sites.csv, key: site}
  towns: {path: towns.csv, key: town}
parameters: {least: {type: float64, default: 1}}
steps:
  - filter: kwh >= $least
  - join: {lookup: sites, on: site}
  - dedupe: {keys: id}
  - join: {lookup: towns, on: town}
  - impute: {people: median}
"""


@pytest.fixture
def services(flows_folder: Path, open_services: Callable[[], Services]) -> Services:
    (flows_folder / "readings.yaml").write_text(FLOW, encoding="utf-8")
    made = open_services()
    made.lake.put("lookups", "sites.csv", b"site,town\ns0,Ulm\ns1,Bonn\n")
    made.lake.put("lookups", "towns.csv", b"town,people\nUlm,126000\nBonn,\n")
    return made


def requested(services: Services, days: int) -> RunRequest:
    """A run over so many uploads, each with bad rows and with rows of the upload before."""
    uploads = [
        landed(services, f"{day:02}", b"id,site,kwh\n" + b"".join(b"%d,s%d,%d\n" % (n, n % 3, n % 9 - 1) for n in rows))
        for day in range(days)
        for rows in [range(day * 10, day * 10 + 15)]
    ]
    return request_run(services, services.flows.good["readings"], uploads, {"least": 2})


def parted(services: Services, request: RunRequest, sizes: Sequence[int]) -> list[PartDone]:
    """What each part says."""
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    return [
        transform_part(services, PartRequest(request=with_uploads(request, start, start + size), number=number))
        for number, (start, size) in enumerate(zip(starts, sizes, strict=True))
    ]


def with_uploads(request: RunRequest, start: int, end: int) -> RunRequest:
    return request.model_copy(update={"uploads": request.uploads[start:end]})


def reduced(services: Services, request: RunRequest, parts: Sequence[PartDone]) -> Transformed:
    return reduce_parts(services, Reduction(request=request, parts=tuple(str(part.document) for part in parts)))


def document(services: Services, done: Transformed) -> dict[str, Any]:
    """The draft that a transform left, but for how long it took."""
    assert done.draft is not None, done.ended
    found = services.lake.read("staging", done.draft)
    assert found is not None
    told: dict[str, Any] = json.loads(found[0])
    assert set(told.pop("timings")) == {"started_at", "download_s", "transform_s", "store_s"}
    return told


def blobs(services: Services, container: str) -> set[tuple[str, int]]:
    return {(blob.name, blob.size_bytes) for blob in services.lake.versions_in(container)}


def test_the_reduce_leaves_what_one_transform_leaves(services: Services) -> None:
    request = requested(services, 5)
    at_once = transform_uploads(services, request)
    files = {container: blobs(services, container) for container in ("datasets", "quarantine")}
    for sizes in ([2, 3], [1, 1, 1, 1, 1]):
        for container in files:
            services.lake.delete_under(container, "")
        by_parts = reduced(services, request, parted(services, request, sizes))
        assert by_parts.rows == at_once.rows
        assert document(services, by_parts) == document(services, at_once)
        assert {container: blobs(services, container) for container in files} == files
    assert at_once.rows.quarantined > 0
    assert not list(services.settings.scratch_folder.iterdir())


def test_a_part_done_twice_changes_nothing(services: Services) -> None:
    request = requested(services, 2)
    once = reduced(services, request, parted(services, request, [1, 1]))
    assert document(services, reduced(services, request, parted(services, request, [1, 1]))) == document(services, once)


def test_a_replaced_upload_ends_its_part_as_it_ends_a_run(services: Services) -> None:
    request = requested(services, 2)
    landed(services, "01", b"id,site,kwh\n1,s0,5\n")
    first, second = parted(services, request, [1, 1])
    assert first.ended is None
    assert second.ended is not None
    assert (second.ended.status, second.ended.uploads) == ("cancelled", "superseded")


def test_bad_rows_of_the_whole_run_reject_it_and_are_kept(services: Services) -> None:
    request = requested(services, 2)
    bad = landed(services, "02", b"id,site,kwh\n" + b"x,s0,1\n" * 20)
    request = request.model_copy(update={"uploads": (*request.uploads, bad)})
    done = reduced(services, request, parted(services, request, [1, 2]))
    assert done.ended is not None
    assert (done.ended.status, done.ended.reason.code) == ("rejected", "contract_broken")
    assert done.rows.quarantined == 20 + 3
    assert blobs(services, "quarantine")
    assert not blobs(services, "datasets")


@pytest.mark.parametrize("ending", [".json", ".duckdb"])
def test_a_reduce_without_what_a_part_left_is_tried_again(services: Services, ending: str) -> None:
    request = requested(services, 2)
    parts = parted(services, request, [1, 1])
    gone = next(name for name, _ in blobs(services, "staging") if "part-00001" in name and name.endswith(ending))
    services.lake.delete_under("staging", gone)
    with pytest.raises(LookupError, match="part-00001"):
        reduced(services, request, parts)


def test_parts_of_another_content_are_not_taken(services: Services) -> None:
    request = requested(services, 2)
    parts = parted(services, request, [1, 1])
    names = sorted(name for name, _ in blobs(services, "staging") if name.endswith(".duckdb"))
    other = services.lake.read("staging", names[0])
    assert other is not None
    services.lake.put("staging", names[1], other[0])
    with pytest.raises(LookupError, match="part-00001"):
        reduced(services, request, parts)


def test_parts_that_do_not_fit_into_the_scratch_folder_are_refused_before_they_are_brought(services: Services) -> None:
    request = requested(services, 2)
    parts = parted(services, request, [1, 1])
    small = replace(services, settings=services.settings.model_copy(update={"scratch_limit_mb": 1}))
    done = reduced(small, request, parts)
    assert done.ended is not None
    assert done.ended.reason.code == "upload_too_large"
