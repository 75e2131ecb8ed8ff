from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from orchestrators.intake import take_blob
from orchestrators.ledger import Query
from orchestrators.messages import RunRecord, RunRequest, UploadRecord
from orchestrators.services import Services, now
from tests.orchestrators.conftest import READINGS

NAME = "readings/monday.csv"


def drop(services: Services, name: str = NAME, content: bytes = b"id,kwh\n1,2.5\n") -> None:
    services.lake.put("landing", name, content)


def only_record(services: Services) -> UploadRecord:
    (record,) = services.ledger.uploads(Query()).items
    return record


def test_an_upload_becomes_a_request_of_its_flow(services: Services) -> None:
    drop(services)
    request = take_blob(services, NAME)
    assert isinstance(request, RunRequest)
    assert (request.flow, [upload.name for upload in request.uploads]) == ("readings", [NAME])
    record = only_record(services)
    assert (record.status, record.run_id) == ("running", request.run_id)


def test_the_same_event_is_the_same_request(services: Services) -> None:
    drop(services)
    first = take_blob(services, NAME)
    assert [take_blob(services, NAME) for _ in range(3)] == [first] * 3
    assert len(services.ledger.uploads(Query()).items) == 1


def test_an_upload_that_is_over_is_never_started_again(services: Services) -> None:
    drop(services)
    request = take_blob(services, NAME)
    assert isinstance(request, RunRequest)
    services.ledger.amend_upload(request.uploads[0], lambda r: r.model_copy(update={"status": "published"}))
    assert take_blob(services, NAME) is None


def test_the_same_bytes_again_are_another_run(services: Services) -> None:
    drop(services)
    first = take_blob(services, NAME)
    drop(services)
    second = take_blob(services, NAME)
    assert isinstance(first, RunRequest)
    assert isinstance(second, RunRequest)
    assert first.run_id != second.run_id


def test_an_upload_that_no_flow_matches_is_ignored_on_record(services: Services) -> None:
    drop(services, "notes/readme.txt")
    assert take_blob(services, "notes/readme.txt") is None
    record = only_record(services)
    assert record.status == "ignored"
    assert record.reason is not None
    assert "notes/readme.txt" in record.reason.message


def test_a_broken_flow_holds_its_uploads_until_it_is_mended(
    open_services: Callable[[], Services], flows_folder: Path
) -> None:
    (flows_folder / "readings.yaml").write_text(READINGS.replace("int64", "integer"), encoding="utf-8")
    broken = open_services()
    drop(broken)
    assert take_blob(broken, NAME) is None
    held = only_record(broken)
    assert (held.status, held.flow) == ("held", "readings")
    assert held.reason is not None
    assert "contract.columns.id" in held.reason.message

    (flows_folder / "readings.yaml").write_text(READINGS, encoding="utf-8")
    mended = open_services()
    request = take_blob(mended, NAME)
    assert isinstance(request, RunRequest)
    assert (only_record(mended).status, only_record(mended).run_id) == ("running", request.run_id)


def test_a_missing_lookup_holds_the_upload_until_it_is_there(
    open_services: Callable[[], Services], flows_folder: Path
) -> None:
    (flows_folder / "readings.yaml").write_text(
        READINGS + "lookups: {meters: {path: meters.csv, key: id}}\n", encoding="utf-8"
    )
    services = open_services()
    drop(services)
    assert take_blob(services, NAME) is None
    assert only_record(services).status == "held"
    services.lake.put("lookups", "meters.csv", b"id,place\n1,cellar\n")
    request = take_blob(services, NAME)
    assert isinstance(request, RunRequest)
    assert request.lookups["meters"].name == "meters.csv"


def test_an_upload_claimed_under_an_older_revision_stays_with_its_run(
    open_services: Callable[[], Services], flows_folder: Path
) -> None:
    services = open_services()
    drop(services)
    claimed = take_blob(services, NAME)
    assert isinstance(claimed, RunRequest)
    services.ledger.open_run(RunRecord(request=claimed, status="running", uploads="running", started_at=now()))
    (flows_folder / "readings.yaml").write_text(READINGS + "description: newer\n", encoding="utf-8")
    assert take_blob(open_services(), NAME) == claimed


def test_a_claim_whose_run_was_never_opened_passes_to_the_present_revision(
    open_services: Callable[[], Services], flows_folder: Path
) -> None:
    services = open_services()
    drop(services)
    claimed = take_blob(services, NAME)
    assert isinstance(claimed, RunRequest)
    (flows_folder / "readings.yaml").write_text(READINGS + "description: newer\n", encoding="utf-8")
    request = take_blob(open_services(), NAME)
    assert isinstance(request, RunRequest)
    assert request.run_id != claimed.run_id
    assert only_record(services).run_id == request.run_id


def test_an_upload_that_is_gone_before_it_was_seen_leaves_no_run(services: Services) -> None:
    assert take_blob(services, NAME) is None
    assert services.ledger.uploads(Query()).items == ()


def test_a_claim_whose_run_was_never_opened_ends_where_its_flow_is_gone(
    open_services: Callable[[], Services], flows_folder: Path
) -> None:
    services = open_services()
    drop(services)
    assert take_blob(services, NAME) is not None  # and here the host dies
    (flows_folder / "readings.yaml").unlink()
    assert take_blob(open_services(), NAME) is None
    record = only_record(services)
    assert record.reason is not None
    assert (record.status, record.reason.code) == ("ignored", "no_flow_matches")
