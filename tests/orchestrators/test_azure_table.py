from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.data.tables import TableClient

from orchestrators.azure_table import AzureTableLedger
from orchestrators.errors import RequestRefused
from orchestrators.ledger import Query, pages_of
from orchestrators.messages import Reason, RunRecord, RunRequest, Upload, UploadRecord

AT = datetime(2013, 1, 31, 6, 0, tzinfo=UTC)


def upload(minute: int = 0, name: str = "a.csv") -> Upload:
    at = AT + timedelta(minutes=minute)
    return Upload(account="a", container="landing", name=name, etag="0x1", size_bytes=1, last_modified=at)


def run(minute: int = 0, flow: str = "flights", **more: object) -> RunRecord:
    version = upload(minute)
    run_id = f"{version.last_modified:%Y%m%dT%H%M%SZ}-0123456789ab"
    request = RunRequest(run_id=run_id, flow=flow, revision="r", uploads=(version,))
    return RunRecord.model_validate(
        {"request": request, "status": "running", "uploads": "running", "started_at": version.last_modified, **more}
    )


def test_the_first_to_open_a_run_wins(ledger: AzureTableLedger) -> None:
    first, second = run(), run(reason=Reason(code="second", message=""))
    assert ledger.open_run(first) == first
    assert ledger.open_run(second) == first
    assert ledger.run(first.request.run_id) == first


def test_a_closed_run_never_changes(ledger: AzureTableLedger) -> None:
    opened = ledger.open_run(run())
    closed = ledger.amend_run(opened.request.run_id, lambda r: r.model_copy(update={"finished_at": AT}))
    later = ledger.amend_run(opened.request.run_id, lambda r: r.model_copy(update={"status": "failed"}))
    assert later == closed
    assert later.status == "running"


def test_two_writers_never_lose_a_change(ledger: AzureTableLedger) -> None:
    opened = ledger.open_run(run())
    interfered = False

    def change(record: RunRecord) -> RunRecord:
        nonlocal interfered
        if not interfered:
            interfered = True
            ledger.amend_run(opened.request.run_id, lambda r: r.model_copy(update={"status": "published"}))
        return record.model_copy(update={"reason": Reason(code="mine", message="")})

    ledger.amend_run(opened.request.run_id, change)
    found = ledger.run(opened.request.run_id)
    assert found is not None
    assert (found.status, found.reason) == ("published", Reason(code="mine", message=""))


def test_runs_are_listed_newest_first_page_by_page(ledger: AzureTableLedger) -> None:
    for minute in (2, 0, 1, 3):
        ledger.open_run(run(minute))
    page = ledger.runs(Query(limit=3))
    assert [record.started_at.minute for record in page.items] == [3, 2, 1]
    assert page.next is not None
    rest = ledger.runs(Query(limit=3, next=page.next))
    assert [record.started_at.minute for record in rest.items] == [0]
    assert len(list(pages_of(ledger.runs, Query(limit=1)))) == 4


def test_a_page_goes_on_where_the_last_one_ended_whatever_came_meanwhile(ledger: AzureTableLedger) -> None:
    for minute in (1, 3, 5):
        ledger.open_run(run(minute))
    page = ledger.runs(Query(limit=2))
    for minute in (0, 4, 6):
        ledger.open_run(run(minute))
    rest = ledger.runs(Query(limit=2, next=page.next))
    assert [record.started_at.minute for record in (*page.items, *rest.items)] == [5, 3, 1, 0]
    assert rest.next is None


@pytest.mark.parametrize("token", ["", "x", "79869868T939999Z-0123456789ab' or RowKey gt '", "MA=="])
def test_a_place_that_nobody_gave_out_is_refused(ledger: AzureTableLedger, token: str) -> None:
    with pytest.raises(RequestRefused, match="next"):
        ledger.runs(Query(next=token))


def test_the_runs_over_an_upload_are_found_page_by_page(ledger: AzureTableLedger) -> None:
    names = ["a.csv", "b.csv", "a.csv", "ü/a b.csv", "a.csv"]
    for minute, name in enumerate(names):
        request = run(minute).request.model_copy(update={"uploads": (upload(minute, name), upload(minute, "all.csv"))})
        ledger.open_run(run(minute, request=request, status="published" if minute else "failed"))
    assert started(ledger, Query(upload="a.csv", limit=2)) == [4, 2, 0]
    assert started(ledger, Query(upload="a.csv", limit=1, status="published")) == [4, 2]
    assert started(ledger, Query(upload="ü/a b.csv")) == [3]
    assert started(ledger, Query(upload="all.csv", limit=2)) == [4, 3, 2, 1, 0]
    assert started(ledger, Query(upload="all.csv", until=AT + timedelta(minutes=2))) == [1, 0]
    assert started(ledger, Query(upload="A.csv")) == []


def started(ledger: AzureTableLedger, query: Query) -> list[int]:
    """The minutes in which the runs started that a query finds."""
    return [record.started_at.minute for record in pages_of(ledger.runs, query)]


def test_runs_of_a_time_are_found_without_a_look_at_newer_ones(
    ledger: AzureTableLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_after = AT + timedelta(days=1)
    for minute in range(3):
        ledger.open_run(run(minute))
        ledger.open_run(run(minute + 24 * 60))
    asked: list[str] = []
    monkeypatch.setattr(TableClient, "query_entities", noting(TableClient.query_entities, asked))
    assert started(ledger, Query(until=long_after - timedelta(hours=2), limit=2)) == [2, 1, 0]
    assert all("RowKey ge @first" in wanted for wanted in asked)


def noting(method: Any, asked: list[str]) -> Any:
    """The method, which notes what it is asked for."""

    def noted(self: TableClient, query_filter: str, **more: Any) -> Any:
        asked.append(query_filter)
        return method(self, query_filter, **more)

    return noted


@pytest.mark.parametrize(
    ("query", "minutes"),
    [
        pytest.param(Query(flow="taxi"), [1], id="flow"),
        pytest.param(Query(status="published"), [2], id="status"),
        pytest.param(Query(since=AT + timedelta(minutes=1)), [2, 1], id="since"),
        pytest.param(Query(until=AT + timedelta(minutes=1)), [0], id="until"),
        pytest.param(Query(is_open=True), [1, 0], id="open"),
        pytest.param(Query(flow="' or 1 eq 1"), [], id="a quote is text"),
    ],
)
def test_runs_are_found_by(ledger: AzureTableLedger, query: Query, minutes: list[int]) -> None:
    ledger.open_run(run(0))
    ledger.open_run(run(1, flow="taxi"))
    ledger.open_run(run(2, status="published", finished_at=AT))
    assert [record.started_at.minute for record in ledger.runs(query).items] == minutes


def test_a_record_may_be_longer_than_one_property(ledger: AzureTableLedger) -> None:
    long = run(reason=Reason(code="long", message="x" * 100_000))
    ledger.open_run(long)
    assert ledger.run(long.request.run_id) == long


def test_the_first_to_note_an_upload_wins(ledger: AzureTableLedger) -> None:
    first = UploadRecord(upload=upload(), status="running", at=AT, run_id="1")
    second = UploadRecord(upload=upload(), status="ignored", at=AT)
    assert ledger.note_upload(first) == first
    assert ledger.note_upload(second) == first
    changed = ledger.amend_upload(upload(), lambda record: record.model_copy(update={"status": "published"}))
    assert ledger.upload(upload()) == changed
    assert ledger.uploads(Query(status="published")).items == (changed,)
    assert ledger.upload(upload(name="b.csv")) is None


def test_versions_that_nobody_noted_are_told_apart(ledger: AzureTableLedger) -> None:
    noted, unknown, newer = upload(name="a.csv"), upload(name="b.csv"), upload(1, name="a.csv")
    ledger.note_upload(UploadRecord(upload=noted, status="held", at=AT))
    assert ledger.off_record([newer, noted, unknown]) == [newer, unknown]


def test_the_first_deployment_is_remembered(ledger: AzureTableLedger) -> None:
    assert ledger.first_deployed_at(AT) == AT
    assert ledger.first_deployed_at(AT + timedelta(days=1)) == AT
    assert ledger.uploads(Query()).items == ()
